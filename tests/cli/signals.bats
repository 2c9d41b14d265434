#!/usr/bin/env bats
# Interrupted and killed runs: what is committed stays, and the same command finishes the work.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_samples
    need_command jq perl timeout
    findme -q event create Party --code PARTY > /dev/null
}

# Feeds paths without end into the list, so that a run stops only when it is told to.
endless_list() {
    mkfifo list
    while printf '%s\n' "$FINDME_TEST_SAMPLES"/sample?.jpg; do :; done 2> /dev/null > list &
    feeder=$!
}

# Waits for the first line of a file; the file is a regular one, so it is looked at again and again.
wait_for_line() {
    while [ ! -s "$1" ]; do kill -0 "$feeder" || return 1; done
}

@test "130: SIGINT stops the index cleanly, says so, and the process dies by the signal" {
    endless_list
    how_it_ended "$FINDME_BIN" -o jsonl index --reindex --files-from - < list > out 2> err &
    local watcher=$!
    wait_for_line out
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
    wait_for_line out
    kill -INT "$run"
    wait "$run" || status=$?
    wait "$feeder" || true
    [ "$status" -eq 130 ]
}

@test "143: SIGTERM stops as cleanly" {
    endless_list
    how_it_ended "$FINDME_BIN" -o jsonl index --reindex --files-from - < list > out 2> err &
    local watcher=$!
    wait_for_line out
    kill -TERM "$(cat pid)"
    wait "$watcher"
    wait "$feeder" || true
    [ "$(tail -n 1 out)" = "signal 15" ]
}

@test "a second SIGINT ends a run that is waiting for input" {
    mkfifo list
    how_it_ended "$FINDME_BIN" index --files-from - < list > out 2> err &
    local watcher=$!
    exec 7> list
    feeder=$$
    while [ ! -s pid ]; do :; done
    # The run says that it heard the first one; it cannot end while it waits for a path.
    while ! grep -q "once more to stop at once" err; do kill -INT "$(cat pid)" 2> /dev/null || break; done
    kill -INT "$(cat pid)" 2> /dev/null || true
    wait "$watcher"
    exec 7>&-
    [ "$(tail -n 1 out)" = "signal 2" ]
}

# Kills a run after a random time, resumes it, and compares with a run that nobody disturbed. FINDME_SLOW=1 does it 50
# times; a failure names the seed, to be given back as FINDME_SEED.
@test "kill -9 at any moment loses nothing and doubles nothing" {
    local times=3 round killed=0
    [ -z "${FINDME_SLOW:-}" ] || times=50
    RANDOM=${FINDME_SEED:-$$}
    echo "seed ${FINDME_SEED:-$$}"
    many_photos photos 3
    local alone
    alone=$(new_database alone)
    findme -q --database "$alone" event create Party --code PARTY > /dev/null
    local begin=$EPOCHREALTIME
    findme -q --database "$alone" index photos > /dev/null
    local end=$EPOCHREALTIME
    # Milliseconds an undisturbed run takes: kills fall anywhere within.
    local whole=$(((${end/./} - ${begin/./}) / 1000))
    index_dump "$alone" > wanted
    for ((round = 0; round < times; round++)); do
        use_database "$(new_database "round$round")"
        findme -q event create Party --code PARTY > /dev/null
        # A run may be killed several times before it is through.
        local kills=$((1 + RANDOM % 3)) n ms
        for ((n = 0; n < kills; n++)); do
            ms=$((20 + RANDOM % whole))
            timeout --signal=KILL "$((ms / 1000)).$(printf %03d $((ms % 1000)))" \
                "$FINDME_BIN" -q index photos > /dev/null 2>&1 || killed=$((killed + 1))
        done
        findme -q index photos > /dev/null
        integrity_check
        index_dump > got
        diff wanted got || { echo "round $round"; return 1; }
    done
    echo "# $killed runs killed in $times rounds" >&3
    [ "$killed" -ge 1 ]
}

@test "a killed run leaves whole lines of JSON only" {
    many_photos photos 3
    timeout --signal=KILL 0.6 "$FINDME_BIN" -o jsonl index photos > items 2> /dev/null || true
    jq -e . items > /dev/null
    # What was said to be indexed is in the database.
    local hash
    while read -r hash; do
        [ "$(sql "$database_url" "SELECT count(*) FROM photos WHERE hex(content_hash) = upper('$hash')" < /dev/null)" -eq 1 ]
    done < <(jq -r 'select(.outcome == "indexed").sha256' items)
}
