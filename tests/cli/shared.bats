#!/usr/bin/env bats
# Several index runs that share the work on one event over a PostgreSQL server, as on several machines.
# database: postgresql
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
    workers=()
}

party_of() { findme -q event create Party --code PARTY > /dev/null; }

# What an undisturbed run over the photos leaves goes into the file wanted.
undisturbed() {
    local alone
    alone=$(new_database alone)
    findme -q --database "$alone" event create Party --code PARTY > /dev/null
    findme -q --database "$alone" index photos > /dev/null
    index_dump "$alone" > wanted
}

# start_worker N: a run in the background, as line-wise JSON in out.N.
start_worker() {
    "$FINDME_BIN" -o jsonl index --shared --jobs 1 photos > "out.$1" 2> "err.$1" 3>&- &
    workers[$1]=$!
}

wait_for_line() {
    until [ -s "out.$1" ]; do kill -0 "${workers[$1]}"; done
}

# leases_of N: how many photos the worker has.
leases_of() {
    sql "$database_url" "SELECT count(*) FROM index_jobs WHERE worker LIKE '%:${workers[$1]}:%'"
}

# The exit code of a worker is $status.
end_of() {
    status=0
    wait "${workers[$1]}" || status=$?
}

every_photo_once() {
    [ "$(sql "$database_url" "SELECT count(*) || ' ' || count(DISTINCT content_hash) FROM photos")" = "$photos $photos" ]
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs")" -eq 0 ]
    index_dump > got
    diff wanted got
}

# How many photos the workers say they have indexed.
said_indexed() { cat "$@" | jq -s 'map(select(.type == "index_item" and .outcome == "indexed")) | length'; }

# Four workers. The first is killed with photos in hand; the second is stopped with photos in hand, and goes on when the
# others are through with them. The first argument is the lease.
four_workers() {
    local n
    export FINDME_INDEX_LEASE_S=$1
    small_photos photos "$photos"
    party_of
    undisturbed
    for n in 1 2 3 4; do start_worker "$n"; done
    wait_for_line 1
    wait_for_line 2
    # Stopped at a moment at which it has photos.
    until kill -STOP "${workers[2]}" && [ "$(leases_of 2)" -gt 0 ]; do kill -CONT "${workers[2]}"; done
    until kill -STOP "${workers[1]}" && [ "$(leases_of 1)" -gt 0 ]; do kill -CONT "${workers[1]}"; done
    kill -KILL "${workers[1]}"
    local begin=$SECONDS
    end_of 3
    [ "$status" -eq 0 ]
    end_of 4
    [ "$status" -eq 0 ]
    recovery=$((SECONDS - begin))
    # Everything is done, also what the two had.
    every_photo_once
    kill -CONT "${workers[2]}"
    end_of 2
    [ "$status" -eq 0 ]
    end_of 1
    [ "$status" -eq 137 ]
    every_photo_once
    # Nobody counted what another one did. (The first may have been killed before it could say all.)
    [ -z "$(cat out.? | jq -r 'select(.outcome == "indexed") | .path.text' | sort | uniq -d)" ]
    [ "$(said_indexed out.?)" -ge $((photos - 64)) ]
    echo "the last photos were done $recovery s after the kill"
    expect_exit 0 findme index --shared photos
    has "$output" "indexed 0 photos with 0 faces; $photos known already"
}

@test "shared: of four workers one is killed and one is stopped past its lease, and every photo is done once" {
    photos=240
    four_workers 3
}

@test "slow: shared: with the lease as it comes, what a killed worker had is done within 90 s" {
    slow_proof
    photos=240
    four_workers 60
    [ "$recovery" -le 90 ]
}

@test "shared: a worker that is told to stop gives back at once what it has, and none of it counts as tried" {
    local begin end
    photos=240
    small_photos photos "$photos"
    party_of
    undisturbed
    start_worker 1
    wait_for_line 1
    begin=$(date +%s%N)
    kill -TERM "${workers[1]}"
    until [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE state = 'leased'")" -eq 0 ]; do :; done
    end=$(date +%s%N)
    echo "given back after $(((end - begin) / 1000000)) ms"
    end_of 1
    [ "$status" -eq 143 ]
    has "$(cat err.1)" "goes on where it stopped"
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE state = 'ready' AND attempt = 0
        AND due_at <= clock_timestamp()")" -gt 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE attempt > 0")" -eq 0 ]
    # The lease of a minute is nothing that the next one waits for.
    start_worker 2
    end_of 2
    [ "$status" -eq 0 ]
    every_photo_once
}

@test "shared: a server that crashes under four workers costs nothing" {
    local n
    photos=240
    small_photos photos "$photos"
    own_server fsync=on full_page_writes=on recovery_init_sync_method=syncfs
    use_database "$(new_database work)"
    party_of
    undisturbed
    sql "$FINDME_TEST_POSTGRESQL_URL" CHECKPOINT
    for n in 1 2 3 4; do start_worker "$n"; done
    for n in 1 2 3; do
        wait_for_line "$n"
        findme_postgresql_crash "$server" < /dev/null
    done
    for n in 1 2 3 4; do
        end_of "$n"
        echo "worker $n: $status, $(cat "err.$n")"
        [ "$status" -eq 0 ]
    done
    every_photo_once
    [ "$(said_indexed out.?)" -eq "$photos" ]
}

@test "shared: sessions that are terminated under four workers cost nothing" {
    local n
    photos=240
    small_photos photos "$photos"
    party_of
    undisturbed
    for n in 1 2 3 4; do start_worker "$n"; done
    wait_for_line 1
    for n in 1 2 3 4 5; do
        sql "$database_url" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
            AND pid <> pg_backend_pid()" > terminated
    done
    for n in 1 2 3 4; do
        end_of "$n"
        echo "worker $n: $status, $(cat "err.$n")"
        [ "$status" -eq 0 ]
    done
    every_photo_once
    [ "$(said_indexed out.?)" -eq "$photos" ]
}

@test "shared: runs that share an event run together, and a plain run does not run beside them" {
    photos=40
    small_photos photos "$photos"
    party_of
    start_worker 1
    wait_for_line 1
    kill -STOP "${workers[1]}"
    expect_exit 6 findme index photos
    has "$stderr" "another findme is indexing this event"
    expect_exit 0 findme index --dry-run photos
    # It waits for the photos that the first one is at.
    start_worker 2
    wait_for_line 2
    kill -CONT "${workers[1]}"
    end_of 1
    [ "$status" -eq 0 ]
    end_of 2
    [ "$status" -eq 0 ]
    [ "$(said_indexed out.1 out.2)" -eq "$photos" ]
    # And the other way round.
    mkfifo list items
    "$FINDME_BIN" -o jsonl index --files-from list > items 2> err 3>&- &
    local plain=$!
    exec 8< items 7> list
    echo "$PWD/photos/p1.tif" >&7
    read -r -u 8
    expect_exit 6 findme index --shared photos
    exec 7>&-
    cat <&8 > rest
    exec 8<&-
    wait "$plain"
    expect_exit 0 findme index --shared --wait=5 photos
}

@test "shared: a bad picture is named by the run that met it and by later ones, and queue retry has it tried again" {
    small_photos photos 3
    echo "no picture" > photos/bad.jpg
    party_of
    expect_exit 3 findme index --shared photos
    has "$output" "indexed 3 photos with 0 faces; 0 known already, 1 failed"
    has "$stderr" "cannot index"
    expect_exit 3 findme -o json index --shared photos
    jq -e '.unchanged == 3 and .failures[0].error.code == "given_up"' <<< "$output"
    expect_exit 0 findme queue status
    [ "$(sed -n 's/^dead: *//p' <<< "$output")" = 1 ]
    has "$output" "$PWD/photos/bad.jpg"
    expect_exit 0 findme -o json queue status --event PARTY
    [ "$(jq -c 'keys_unsorted' <<< "$output")" = \
        '["type","v","event","ready","leased","expired","dead","oldest_s","given_up"]' ]
    jq -e '[.type, .event, .ready, .leased, .expired, .dead, .oldest_s] ==
        ["queue_status", "PARTY", 0, 0, 0, 1, null]' <<< "$output"
    jq -e --arg path "$PWD/photos/bad.jpg" '.given_up[0].path.text == $path and .given_up[0].attempts == 1' <<< "$output"
    expect_exit 0 findme queue retry
    [ "$output" = "queued again: 1 file" ]
    expect_exit 0 findme -o jsonl queue status
    [ "$(wc -l <<< "$output")" -eq 1 ]
    jq -e '.ready == 1 and .oldest_s >= 0' <<< "$output"
    expect_exit 0 findme -o json queue cancel
    [ "$(jq -c . <<< "$output")" = '{"type":"queue_cancel","v":1,"event":"PARTY","files":1}' ]
    expect_exit 0 findme -q queue cancel
    [ -z "$output" ]
    expect_exit 4 findme queue status --event NONE
}

@test "shared: an event that is deleted or purged takes its queue along" {
    small_photos photos 3
    echo "no picture" > photos/bad.jpg
    party_of
    findme -q event create Old --code OLD1 > /dev/null
    expect_exit 3 findme index --shared --event PARTY photos
    expect_exit 3 findme index --shared --event OLD1 photos
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs")" -eq 2 ]
    expect_exit 0 findme event delete PARTY --confirm PARTY
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs")" -eq 1 ]
    findme -q event update OLD1 --date 2020-01-01 --retention-days 1 > /dev/null
    expect_exit 0 findme event purge --expired
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs")" -eq 0 ]
    expect_exit 5 findme index --shared --event OLD1 photos
}

@test "shared: it takes folders alone, and nothing that does not go with it" {
    small_photos photos 1
    party_of
    local option
    for option in --dry-run --reindex --watch --files-from=list; do
        expect_exit 2 findme index --shared "$option" photos
    done
    expect_exit 2 findme index --shared photos/p1.tif
    has "$stderr" "only folders can be shared"
    expect_exit 4 findme index --shared no/such/folder
}

# database: sqlite
@test "shared: an embedded database is refused, with a sentence" {
    mkdir photos
    party_of
    expect_exit 2 findme index --shared photos
    has "$stderr" "needs a PostgreSQL database"
    expect_exit 0 findme queue status
}
