#!/usr/bin/env bats
# findme index: what it takes, what it says, what it leaves.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_samples
    need_command jq
    findme -q event create Party --code PARTY > /dev/null
}

@test "a folder is walked, and what is not a picture is ignored" {
    mkdir -p photos/day1 photos/.hidden
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos/day1
    cp "$FINDME_TEST_SAMPLES/sample2.jpg" photos/.hidden
    echo notes > photos/notes.txt
    expect_exit 0 findme index photos
    [ "$output" = "indexed 1 photo with 3 faces; 0 known already, 0 failed, 1 ignored" ]
    [ -z "$stderr" ]
}

@test "a second run does nothing, and the database says the same" {
    findme -q index "$FINDME_TEST_SAMPLES"/sample?.jpg > /dev/null
    local before
    before=$(index_dump | digest)
    expect_exit 0 findme index "$FINDME_TEST_SAMPLES"/sample?.jpg
    has "$output" "indexed 0 photos with 0 faces; 6 known already"
    [ "$(index_dump | digest)" = "$before" ]
}

@test "--reindex works again and finds the same" {
    findme -q index "$FINDME_TEST_SAMPLES"/sample[12].jpg > /dev/null
    local before
    before=$(index_dump | digest)
    expect_exit 0 findme index --reindex "$FINDME_TEST_SAMPLES"/sample[12].jpg
    has "$output" "indexed 2 photos"
    [ "$(index_dump | digest)" = "$before" ]
}

@test "one job and four jobs leave the same" {
    many_photos photos 2
    findme -q index --jobs 1 photos > /dev/null
    local four
    four=$(new_database four)
    findme -q --database "$four" event create Party --code PARTY > /dev/null
    findme -q --database "$four" index --jobs 4 photos > /dev/null
    diff <(index_dump) <(index_dump "$four")
}

@test "the same bytes under two names are one photo with two paths" {
    mkdir photos
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos/a.jpg
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos/b.jpg
    findme -o jsonl index photos > items
    [ "$(jq -r 'select(.type == "index_item").outcome' items | sort | tr '\n' ' ')" = "duplicate indexed " ]
    [ "$(findme -o json photo show photos/b.jpg | jq '.paths | length')" -eq 2 ]
}

@test "--dry-run says what would be done and writes nothing" {
    findme -q index "$FINDME_TEST_SAMPLES/sample1.jpg" > /dev/null
    local before
    before=$(dump | digest)
    expect_exit 0 findme index --dry-run "$FINDME_TEST_SAMPLES"/sample?.jpg
    [ "$output" = "would index 5 photos; 1 known already, 0 failed, 0 ignored" ]
    [ "$(dump | digest)" = "$before" ]
}

@test "--dry-run needs no model" {
    mkdir none
    FINDME_MODELS_DIR=$PWD/none expect_exit 0 findme index --dry-run "$FINDME_TEST_SAMPLES"/sample1.jpg
}

@test "a picture that changed is read again" {
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photo.jpg
    findme -q index photo.jpg > /dev/null
    cp "$FINDME_TEST_SAMPLES/sample2.jpg" photo.jpg
    expect_exit 0 findme index photo.jpg
    has "$output" "indexed 1 photo with 4 faces"
    [ "$(findme -o json photo show photo.jpg | jq .face_count)" -eq 4 ]
}

@test "--files-from -: one path a line, with and without carriage returns" {
    printf '%s\n%s\r\n\n' "$FINDME_TEST_SAMPLES/sample1.jpg" "$FINDME_TEST_SAMPLES/sample2.jpg" > list
    expect_exit 0 findme index --files-from - < list
    has "$output" "indexed 2 photos with 7 faces"
    expect_exit 0 findme index --files-from list
    has "$output" "2 known already"
}

@test "--files-from - -0: a path with a line end in it" {
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" $'two\nlines.jpg'
    printf '%s\0' $'two\nlines.jpg' > list
    expect_exit 0 findme index -0 --files-from - < list
    has "$output" "indexed 1 photo"
}

@test "--files-from: a path that does not exist is a failed file, and the others are indexed" {
    printf '%s\n' gone.jpg "$FINDME_TEST_SAMPLES/sample1.jpg" > list
    expect_exit 3 findme index --files-from list
    has "$output" "indexed 1 photo"
    has "$stderr" gone.jpg
}

@test "--files-from: a list that does not exist or is a folder is refused" {
    expect_exit 4 findme index --files-from no/such/list
    has "$stderr" no/such/list
    expect_exit 4 findme index --files-from .
}

@test "names that begin with a dash come after --" {
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" -- --help.jpg
    expect_exit 0 findme index -- --help.jpg
    has "$output" "indexed 1 photo"
}

@test "control characters in a name are escaped in text and exact in JSON" {
    local name=$'\x1b]0;x\x07\n.jpg'
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" "$name"
    findme -v index . > out 2>&1
    findme photo list >> out
    findme photo show "$name" >> out
    lacks $'\x1b' out
    lacks $'\x07' out
    has "$(cat out)" '\x1b]0;x\x07\n.jpg"'
    [ "$(findme -o json photo show "$name" | jq -j '.paths[0].text')" = "$PWD/$name" ]
}

@test "a name that is not UTF-8 is base64 in JSON, and its bytes round-trip" {
    local name=$'photos/caf\xff.jpg'
    mkdir photos
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" "$name"
    expect_exit 0 findme -v index photos
    has "$stderr" 'caf\xff.jpg'
    findme -o jsonl index --reindex photos > items
    cmp <(jq -r 'select(.type == "index_item").path.bytes' items | base64 -d) <(printf '%s' "$PWD/$name")
    cmp <(findme -o json photo show "$name" | jq -r '.paths[0].bytes' | base64 -d) <(printf '%s' "$PWD/$name")
}

@test "long names and deep folders" {
    local deep=photos n long
    for ((n = 0; n < 30; n++)); do deep+=/a-folder-of-some-length; done
    mkdir -p "$deep"
    long=$(printf 'n%.0s' {1..251}).jpg
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" "$deep/$long"
    expect_exit 0 findme index photos
    has "$output" "indexed 1 photo"
    expect_exit 0 findme photo show "$deep/$long"
}

@test "a link that leaves the folder is ignored" {
    mkdir photos
    ln -s "$FINDME_TEST_SAMPLES/sample1.jpg" photos/out.jpg
    ln -s ../nowhere photos/dangling.jpg
    expect_exit 0 findme -v index photos
    has "$output" "2 ignored"
    has "$stderr" "leaves the folder"
    has "$stderr" "leads nowhere"
}

@test "a folder inside a folder that may not be read is a failed item" {
    [ "$(id -u)" -ne 0 ] || unfit "root may read everything"
    mkdir -p photos/closed
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos
    chmod 000 photos/closed
    expect_exit 3 findme index photos
    chmod 700 photos/closed
    has "$stderr" closed
}

@test "an empty folder is no error" {
    mkdir empty
    expect_exit 0 findme index empty
    has "$output" "indexed 0 photos"
}

@test "a photo is refused before its pixels when it is over a limit" {
    FINDME_IMAGE_MAX_SIDE_PX=500 expect_exit 3 findme index "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$stderr" "image.max_side_px"
}

# A run's lock is lost when the server ends its session, or somebody removes the file: then another run gets in.
lose_lock() {
    case $(database_kind) in
        sqlite) rm "$database"-index-*.lock ;;
        *)
            [ "$(sql "$database_url" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'findme run lock' AND datname = current_database()")" = t ]
            ;;
    esac
}

@test "two runs at once on one event, because the lock was lost, end with the photos of one" {
    many_photos photos 2
    mkfifo list first second
    "$FINDME_BIN" -o jsonl index --files-from list > first 2> first.err 3>&- &
    local runs=($!) photos=("$PWD"/photos/*)
    exec 8< first 7> list
    echo "${photos[0]}" >&7
    read -r -u 8
    lose_lock
    # The second one is at its photos, and the first one gets the others of the same ones.
    "$FINDME_BIN" -o jsonl index photos > second 2> second.err 3>&- 7>&- 8<&- &
    runs+=($!)
    exec 9< second
    printf '%s\n' "${photos[@]:1}" >&7
    exec 7>&-
    cat <&8 > items
    cat <&9 > items
    exec 8<&- 9<&-
    wait "${runs[0]}"
    wait "${runs[1]}"
    local alone
    alone=$(new_database alone)
    findme -q --database "$alone" event create Party --code PARTY > /dev/null
    findme -q --database "$alone" index photos > /dev/null
    diff <(index_dump) <(index_dump "$alone")
}

# database: sqlite
@test "the database is its owner's alone" {
    [ "$(stat -c %a "$database")" = 600 ]
    [ "$(stat -c %a "$(dirname "$database")")" = 700 ]
}

# database: sqlite
@test "photos of 39 and 104 megapixels, at once and progressive ones, have the faces of the small one; half a file is refused" {
    need_command djpeg cjpeg jpegtran
    mkdir photos
    djpeg -scale 2/1 "$FINDME_TEST_SAMPLES/sample1.jpg" | cjpeg -quality 90 > double.jpg
    djpeg -scale 2/1 double.jpg | cjpeg -quality 90 > photos/39.jpg
    djpeg -scale 13/8 photos/39.jpg | cjpeg -quality 90 > photos/104.jpg
    jpegtran -progressive photos/39.jpg > photos/39-progressive.jpg
    head -c $(($(wc -c < photos/39.jpg) / 2)) photos/39.jpg > photos/half.jpg
    expect_exit 3 findme -o jsonl index photos
    local name
    for name in 39 104 39-progressive; do
        [ "$(jq -r --arg name "/$name.jpg" 'select(.path.text // "" | endswith($name)) | "\(.outcome) \(.faces)"' <<< "$output")" = "indexed 3" ]
    done
    jq -r 'select(.path.text // "" | endswith("/half.jpg")) | .error.message' <<< "$output" > why
    grep -q 'half.jpg.*ends before its end-of-image marker' why
    # Too large a photo is told by its header, before a pixel has its place.
    expect_exit 3 findme -o jsonl --set image.max_pixels=100000000 index --reindex photos/104.jpg
    [ "$(jq -r 'select(.error) | .error.code' <<< "$output")" = image_too_large ]
}

# many COUNT FOLDER: photos of 960 px, six pictures and no two files alike; what follows the end of a JPEG is nobody's.
many() {
    local n
    mkdir -p "$2"
    for ((n = 1; n <= $1; n++)); do { cat "small$((n % 6 + 1)).jpg"; printf '%s %s' "$2" "$n"; } > "$2/$n.jpg"; done
}

# watched FOLDER: indexes it on a terminal into `screen`, and leaves its exit code in `status`, the most memory that it had in
# `peak_kib`, and its process id in `pid` as long as it runs.
watched() {
    local code=0
    rm -f pid status
    TERM=xterm script -qec "echo \$\$ > pid; exec '$FINDME_BIN' index --jobs 2 $1" screen < /dev/null > /dev/null || code=$?
    echo "$code" > status
    rm -f pid
}

peak_of_watched() {
    local pid seen=0 now
    within 60 test -s pid
    pid=$(cat pid)
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2> /dev/null) && [ -n "$now" ]; do
        seen=$now
        sleep 0.2
    done
    echo "$seen"
}

shown() { tr '\r' '\n' < screen | grep -aoE "[0-9]+ of $1 files" | cut -d' ' -f1; }

# database: sqlite
@test "slow: 10,000 photos: linear, in flat memory, with honest progress, stopped and resumed" {
    slow_proof
    need_command djpeg cjpeg script
    local n begin few_s many_s few_kib many_kib run
    for n in 1 2 3 4 5 6; do djpeg -scale 1/2 "$FINDME_TEST_SAMPLES/sample$n.jpg" | cjpeg -quality 85 > "small$n.jpg"; done
    many 1000 few
    many 10000 all
    findme -q event create Few --code FEWS > /dev/null
    findme -q index --event FEWS small1.jpg > /dev/null # The models are prepared.

    begin=$EPOCHREALTIME
    watched "--event FEWS few" &
    few_kib=$(peak_of_watched)
    wait $!
    few_s=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    [ "$(cat status)" -eq 0 ]

    begin=$EPOCHREALTIME
    watched "--event PARTY all" &
    run=$!
    { while [ ! -s pid ] || [ "$(shown 10000 | tail -n 1)0" -lt 35000 ]; do sleep 0.2; done; kill -TERM "$(cat pid)"; } 2> /dev/null
    wait "$run"
    [ "$(cat status)" -ne 0 ]
    local told kept
    told=$(shown 10000 | tail -n 1)
    kept=$(sql "$database_url" "SELECT count(*) FROM photos p JOIN events e ON e.id = p.event_id WHERE e.event_code = 'PARTY'")
    echo "# stopped at $told, $kept are kept" >&3
    # What progress had told is kept, and what was in work then is finished.
    [ "$kept" -ge "$told" ] && [ "$kept" -le $((told + 200)) ]

    watched "--event PARTY all" &
    many_kib=$(peak_of_watched)
    wait $!
    many_s=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    [ "$(cat status)" -eq 0 ]
    # It never goes back, and ends where it said.
    shown 10000 > numbers
    sort -n -c numbers
    [ "$(tail -n 1 numbers)" -le 10000 ]
    tr '\r' '\n' < screen | grep -aq "indexed $((10000 - kept)) photos"
    [ "$(sql "$database_url" "SELECT count(*) FROM photos p JOIN events e ON e.id = p.event_id WHERE e.event_code = 'PARTY'")" -eq 10000 ]
    echo "# 1,000 photos: $few_s s, $few_kib KiB; 10,000: $many_s s, $many_kib KiB" >&3
    awk -v few="$few_s" -v many="$many_s" 'BEGIN { exit !(many < few * 12) }'
    [ "$many_kib" -lt $((few_kib + few_kib / 4)) ]
    [ "$many_kib" -lt 600000 ]
}
