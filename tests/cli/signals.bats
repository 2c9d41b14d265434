#!/usr/bin/env bats
# Interrupted and killed runs: what is committed stays, and the same command finishes the work.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_samples
    need_command jq perl
    findme -q event create Party --code PARTY > /dev/null
}

# Feeds paths without end into the list, so that a run stops only when it is told to.
endless_list() {
    mkfifo list
    while printf '%s\n' "$FINDME_TEST_SAMPLES"/sample?.jpg; do :; done 2> /dev/null > list &
    feeder=$!
}

@test "130: SIGINT stops the index cleanly, says so, and the process dies by the signal" {
    endless_list
    how_it_ended "$FINDME_BIN" -o jsonl index --reindex --files-from - < list > out 2> err &
    local watcher=$!
    before_end_of "$feeder" test -s out
    kill -INT "$(cat pid)"
    wait "$watcher"
    wait "$feeder" || true
    [ "$(tail -n 1 out)" = "signal 2" ]
    has "$(cat err)" "stopping after the photos at work"
    has "$(cat err)" "goes on where it stopped"
    # Whole lines only, the summary last, and everything that was said is in the database.
    sed '$d' out | jq -e . > /dev/null
    [ "$(sed '$d' out | tail -n 1 | jq .cancelled)" = true ]
    [ "$(sql "$database_url" "SELECT count(*) FROM photos WHERE processing_status = 'DONE'")" -ge 1 ]
    integrity_check
}

@test "130: bash sees 130" {
    endless_list
    env --default-signal=INT "$FINDME_BIN" -o jsonl index --reindex --files-from - < list > out 2> err &
    local run=$! status=0
    before_end_of "$feeder" test -s out
    kill -INT "$run"
    wait "$run" || status=$?
    wait "$feeder" || true
    [ "$status" -eq 130 ]
}

@test "143: SIGTERM stops as cleanly" {
    endless_list
    how_it_ended "$FINDME_BIN" -o jsonl index --reindex --files-from - < list > out 2> err &
    local watcher=$!
    before_end_of "$feeder" test -s out
    kill -TERM "$(cat pid)"
    wait "$watcher"
    wait "$feeder" || true
    [ "$(tail -n 1 out)" = "signal 15" ]
}

# What was written into the pipe of descriptor 7 has been read. (FIONREAD.)
all_is_read() { perl -e 'my $unread = pack "i", 1; ioctl(STDIN, 0x541B, $unread); exit(unpack("i", $unread) != 0)' <&7; }

@test "a second SIGINT ends a run that is waiting for input" {
    mkfifo list
    how_it_ended "$FINDME_BIN" index --files-from - < list > out 2> err &
    local watcher=$!
    exec 7> list
    # It has read the half of a path, and waits for the other half.
    printf 'half a ' >&7
    before_end_of "$watcher" all_is_read
    kill -INT "$(cat pid)"
    # The run says that it heard the first one; it cannot end while it waits for a path.
    before_end_of "$watcher" grep -q "once more to stop at once" err
    kill -INT "$(cat pid)"
    wait "$watcher"
    exec 7>&-
    [ "$(tail -n 1 out)" = "signal 2" ]
}

# killed_run FIRST N [END]: a run that gets its photos one by one is killed when it has told of N of them, from FIRST on, and is
# at one or two more; with END, when it has heard that there are no more. It cannot end before, unless by that.
killed_run() {
    local first=$1 count=$2 end=${3:-} more=$((1 + RANDOM % 2)) ticks run n status=0
    rm -f list
    mkfifo list
    "$FINDME_BIN" -o jsonl index --files-from list > items 2> err 3>&- &
    run=$!
    exec 7> list
    for ((n = 1; n <= count; n++)); do
        echo "${paths[first + n - 1]}" >&7
        before_end_of "$run" has_lines "$n" items
    done
    # Anywhere in the work that these are, which takes some hundredths of a second of a processor.
    ticks=$(($(spent_ticks "$run") + RANDOM % 8))
    printf '%s\n' "${paths[@]:first+count:more}" >&7
    [ -z "$end" ] || exec 7>&-
    within 60 is_past "$run" "$ticks" "$((count + more))"
    kill -KILL "$run" || [ -n "$end" ]
    exec 7>&-
    wait "$run" || status=$?
    [ "$status" -eq 137 ] || [ -n "$end" ]
}

# The processor time of a process, in the kernel's hundredths of a second.
spent_ticks() {
    local fields
    read -r -a fields 2> /dev/null < "/proc/$1/stat" || return 1
    echo $((fields[13] + fields[14]))
}

# is_past PID TICKS LINES: the run has spent so much, or has told of all that it was given, or has ended.
is_past() {
    local spent
    spent=$(spent_ticks "$1") || return 0
    ((spent >= $2)) || has_lines "$3" items
}

# Kills runs at photos that $RANDOM says, goes on, and compares with a run that nobody disturbed. FINDME_SLOW=1 does it 50 times
# instead of once.
@test "kill -9 at any moment loses nothing and doubles nothing" {
    local rounds=1 round kills n
    [ -z "${FINDME_SLOW:-}" ] || rounds=50
    seed_random
    guest_selfie
    mkdir photos
    # A face on each: a photo without one has less to lose.
    for ((n = 10; n < 40; n++)); do { cat selfie.jpg && echo "$n"; } > "photos/p$n.jpg"; done
    paths=("$PWD"/photos/*)
    local alone
    alone=$(new_database alone)
    findme -q --database "$alone" event create Party --code PARTY > /dev/null
    findme -q --database "$alone" index photos > /dev/null
    index_dump "$alone" > wanted
    for ((round = 0; round < rounds; round++)); do
        use_database "$(new_database "round$round")"
        findme -q event create Party --code PARTY > /dev/null
        # The first before it has told of any, and then four more.
        killed_run 0 0
        for ((kills = 0; kills < 4; kills++)); do killed_run "$((kills * 6))" "$((1 + RANDOM % 3))"; done
        killed_run 24 1 end
        findme -q index photos > /dev/null
        integrity_check
        index_dump > got
        diff wanted got || { echo "round $round"; return 1; }
    done
}

@test "a killed run leaves whole lines of JSON only" {
    seed_random
    many_photos photos 3
    mkfifo lines
    "$FINDME_BIN" -o jsonl index photos > lines 2> /dev/null 3>&- &
    local run=$! line
    exec 8< lines
    for ((line = 1 + RANDOM % 18; line > 0; line--)); do
        read -r -u 8
        echo "$REPLY" >> items
    done
    kill -KILL "$run" 2> /dev/null || true
    cat <&8 >> items
    exec 8<&-
    wait "$run" || true
    jq -e . items > /dev/null
    # What was said to be indexed is in the database.
    local hash
    while read -r hash; do
        [ "$(sql "$database_url" "SELECT count(*) FROM photos WHERE hex(content_hash) = upper('$hash')" < /dev/null)" -eq 1 ]
    done < <(jq -r 'select(.outcome == "indexed").sha256' items)
}
