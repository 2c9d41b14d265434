#!/usr/bin/env bats
# A folder that is followed: what comes into it is with its guests before anybody has asked.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

setup() {
    fresh_home
    need_command jq
    pid=
}

teardown() {
    stop_serving
    drop_databases
    stop_own_server
}

# follow FOLDER: `index --watch` in the background; comes back once it waits for more.
follow() {
    "$FINDME_BIN" -v index --watch "$1" > out 2> err 3>&- &
    pid=$!
    within 60 waits_for_more
}

waits_for_more() { grep -q "waiting for more" err || ! kill -0 "$pid"; }
sql_says() { [ "$(sql "$database_url" "$1")" = "$2" ]; }
matches_are() { sql_says "SELECT count(*) FROM face_matches" "$1"; }
photos_are() { sql_says "SELECT count(*) FROM photos WHERE processing_status = 'DONE'" "$1"; }

# An event with a guest who is on sample1.jpg and sample3.jpg.
event_with_guest() {
    [ "$FINDME_TEST_BACKEND" = sqlite ] || use_database "$(new_database work)"
    guest_selfie
    printf 'Orbit-Lampe-Wolke-42\n' > password
    chmod 600 password
    findme -q event create Party --code PARTY > /dev/null
    findme -q user add nina --email nina@example.org --event PARTY --selfie selfie.jpg --consent v1 --password-file password > /dev/null
    mkdir photos
}

@test "watch: what is there is indexed, then what comes, also in a new folder, and each is matched to its guest" {
    event_with_guest
    cp "$FINDME_TEST_SAMPLES/sample2.jpg" photos
    follow photos
    photos_are 1
    cp "$FINDME_TEST_SAMPLES/sample3.jpg" photos
    within 60 matches_are 1
    mkdir photos/later
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos/later/.incoming
    mv photos/later/.incoming photos/later/sample1.jpg
    within 60 matches_are 2
    echo "no photo" > photos/notes.txt
    cp "$FINDME_TEST_SAMPLES/sample4.jpg" photos
    within 60 photos_are 4
    kill -TERM "$pid"
    ended
    [ "$status" -eq 143 ]
    has "$(cat err)" "stopping after the photos at work"
    has "$(cat out)" "indexed 4 photos"
    expect_exit 0 findme index photos
    has "$output" "indexed 0 photos with 0 faces; 4 known already, 0 failed, 1 ignored"
}

@test "watch: a photo that is written in two parts is indexed when it is whole" {
    event_with_guest
    follow photos
    head -c 100000 "$FINDME_TEST_SAMPLES/sample3.jpg" > photos/a.jpg
    within 60 grep -q "photo_failed" err
    tail -c +100001 "$FINDME_TEST_SAMPLES/sample3.jpg" >> photos/a.jpg
    within 60 matches_are 1
    [ "$(sql "$database_url" "SELECT count(*) FROM photo_paths")" -ge 1 ]
}

@test "watch: a service manager hears that it is ready once all that was there is indexed" {
    event_with_guest
    need_command perl
    cp "$FINDME_TEST_SAMPLES/sample2.jpg" photos
    perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
        open(my $ready, ">", "bound"); close($ready); recv($s, my $m, 4096, 0); print $m' "$PWD/notify" > told 3>&- &
    within 60 test -e bound
    NOTIFY_SOCKET=$PWD/notify follow photos
    within 60 grep -q "^READY=1$" told
    photos_are 1
}

@test "watch: only folders, and only for what is new" {
    event_with_guest
    expect_exit 4 findme index --watch photos/absent
    echo x > file
    expect_exit 4 findme index --watch file
    has "$stderr" "no folder"
    expect_exit 2 findme index --watch --dry-run photos
    expect_exit 2 findme index --watch --reindex photos
    expect_exit 2 findme index --watch --files-from - photos
}

@test "watch: a folder that goes away ends it with a sentence" {
    event_with_guest
    follow photos
    rmdir photos
    ended
    [ "$status" -eq 4 ]
    has "$(cat err)" "is gone"
}

# database: postgresql
@test "watch: a database that is away for a while is waited for, and nothing that came meanwhile is lost" {
    own_server
    use_database "$(new_database work)"
    findme -q event create Party --code PARTY > /dev/null
    mkdir photos
    echo "no picture" > photos/broken.jpg
    follow photos
    findme_postgresql_halt "$server"
    cp "$FINDME_TEST_SAMPLES/sample2.jpg" photos
    within 60 grep -q "index_delayed" err
    cp "$FINDME_TEST_SAMPLES/sample3.jpg" photos
    findme_postgresql_resume "$server"
    within 60 photos_are 2
    # Everything was walked again; what was told of once is not told of a second time.
    kill -TERM "$pid"
    ended
    [ "$(grep -c photo_failed err)" -eq 1 ]
    [ "$(grep -c 'cannot decode\|broken.jpg' err)" -ge 1 ]
    has "$(cat out)" "indexed 2 photos"
    has "$(cat out)" "1 failed"
}

@test "slow: watch: from a file closed to the match in less than a second, ten times over" {
    event_with_guest
    follow photos
    # The first one compiles the network for its size.
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos
    within 60 matches_are 1
    local n begin took slowest=0
    for n in {2..11}; do
        { cat "$FINDME_TEST_SAMPLES/sample3.jpg" && echo "$n"; } > "photos/p$n.jpg"
        begin=$EPOCHREALTIME
        within 60 matches_are "$n"
        took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
        echo "# $took s" >&3
        slowest=$(printf '%s\n%s\n' "$took" "$slowest" | sort -g | tail -n 1)
    done
    awk -v took="$slowest" 'BEGIN { exit !(took < 1) }'
}
