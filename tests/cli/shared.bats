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
    gatekeeper=
}

teardown() {
    # Whoever stands still, or waits at a gate that nobody opens any more.
    kill -KILL "${workers[@]}" 2> /dev/null || true
    [ -z "$gatekeeper" ] || : <> gate
    drop_databases
    stop_own_server
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

# A gate in the database: once it is shut, and some photos are in, no more of them come in. So runs can be met at work, however
# quick they are: each that has a photo to write waits there, before it takes the photo's job off the queue. (The one DELETE
# that names the worker; after it, the job would be locked, and whoever comes later held up by that.)
# A run writes up to 64 photos at once, and has up to 4 more at work. So that there is something left for each of N workers, and
# then for whoever comes, there are 64 photos, which are in at once, and 68 for each: see photos_for.
make_gate() {
    sql "$database_url" "
        CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
            IF current_query() LIKE ''%worker%'' AND EXISTS (SELECT 1 FROM photos WHERE xmin <> pg_current_xact_id()::xid) THEN
                PERFORM pg_advisory_xact_lock_shared(7391);
            END IF;
            RETURN NULL;
        END';
        CREATE TRIGGER gate BEFORE DELETE ON index_jobs FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()"
}

# photos_for N: so many that N workers, and one more, have something to do at the gate.
photos_for() { echo $((64 + ($1 + 1) * 68)); }

shut_gate() {
    mkfifo gate
    { echo "SELECT pg_advisory_lock(7391);" && echo '\! touch gate_is_shut' && cat gate; } |
        psql -q -X "$database_url" > /dev/null 2> gate.err 3>&- &
    gatekeeper=$!
    before_end_of "$gatekeeper" test -e gate_is_shut
}

open_gate() {
    echo > gate
    wait "$gatekeeper" || true
    gatekeeper=
}

# at_gate N: N sessions or more wait there.
at_gate() {
    [ "$(sql "$database_url" "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7391 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")" -ge "$1" ]
}

# All of this database's sessions end, but the gatekeeper's.
end_sessions() {
    sql "$database_url" "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name <> 'psql'" > ended
    cat ended
    [ "$(grep -c '|t$' ended)" -ge 4 ]
}

# leases_of N: how many photos the worker has.
leases_of() {
    sql "$database_url" "SELECT count(*) FROM index_jobs WHERE worker LIKE '%:${workers[$1]}:%'"
}

# meet_at_gate N...: starts these workers, each when the one before waits there. N is how many are there then.
meet_at_gate() {
    local n
    for n in "$@"; do
        start_worker "$n"
        before_end_of "${workers[$n]}" at_gate "$n"
    done
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
# others are through with them. LEASES_END is called when nobody renews the leases of the two any more.
four_workers() {
    local n leases_end=$1
    small_photos photos "$photos"
    party_of
    undisturbed
    make_gate
    shut_gate
    meet_at_gate 1 2 3 4
    [ "$(leases_of 1)" -gt 0 ]
    [ "$(leases_of 2)" -gt 0 ]
    kill -STOP "${workers[2]}"
    kill -KILL "${workers[1]}"
    local begin=$SECONDS
    # What the server still does for the two ends as well, as when it notices that they are gone.
    end_sessions
    open_gate
    "$leases_end"
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

# The minute of their leases is over.
leases_of_two_end() {
    sql "$database_url" "UPDATE index_jobs SET due_at = clock_timestamp() - interval '1 second'
        WHERE worker LIKE '%:${workers[1]}:%' OR worker LIKE '%:${workers[2]}:%'"
}

@test "shared: of four workers one is killed and one is stopped past its lease, and every photo is done once" {
    photos=$(photos_for 4)
    four_workers leases_of_two_end
}

@test "slow: shared: with the lease as it comes, what a killed worker had is done within 90 s" {
    slow_proof
    photos=$(photos_for 4)
    four_workers true
    [ "$recovery" -le 90 ]
}

@test "shared: a worker that is told to stop gives back at once what it has, and none of it counts as tried" {
    photos=$(photos_for 1)
    small_photos photos "$photos"
    party_of
    undisturbed
    make_gate
    shut_gate
    meet_at_gate 1
    [ "$(leases_of 1)" -gt 0 ]
    kill -TERM "${workers[1]}"
    before_end_of "${workers[1]}" grep -q "stopping after the photos at work" err.1
    open_gate
    end_of 1
    [ "$status" -eq 143 ]
    has "$(cat err.1)" "goes on where it stopped"
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE state = 'leased'")" -eq 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE state = 'ready' AND attempt = 0
        AND due_at <= clock_timestamp()")" -gt 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM index_jobs WHERE attempt > 0")" -eq 0 ]
    # The lease of a minute is nothing that the next one waits for.
    start_worker 2
    end_of 2
    [ "$status" -eq 0 ]
    every_photo_once
}

# four_at_gate: four workers, each with a photo that it cannot write.
four_at_gate() {
    local n
    make_gate
    shut_gate
    meet_at_gate 1 2 3 4
}

four_end_well() {
    local n
    for n in 1 2 3 4; do
        end_of "$n"
        echo "worker $n: $status, $(cat "err.$n")"
        [ "$status" -eq 0 ]
    done
    every_photo_once
    [ "$(said_indexed out.?)" -eq "$photos" ]
}

@test "shared: a server that crashes under four workers costs nothing" {
    local n
    photos=$(photos_for 4)
    small_photos photos "$photos"
    own_server fsync=on full_page_writes=on recovery_init_sync_method=syncfs
    use_database "$(new_database work)"
    party_of
    undisturbed
    sql "$FINDME_TEST_POSTGRESQL_URL" CHECKPOINT
    four_at_gate
    server_crashes
    # Each meets a server that is away, and then stands still until it is back.
    for n in 1 2 3 4; do
        before_end_of "${workers[$n]}" grep -q database_retry "err.$n"
        kill -STOP "${workers[$n]}"
    done
    server_returns "${workers[@]}"
    four_end_well
}

@test "shared: sessions that are terminated under four workers cost nothing" {
    local n
    photos=$(photos_for 4)
    small_photos photos "$photos"
    party_of
    undisturbed
    four_at_gate
    # Each one's tries are five.
    for n in 1 2 3; do
        before_end_of "${workers[4]}" at_gate 4
        end_sessions
    done
    open_gate
    four_end_well
}

@test "shared: runs that share an event run together, and a plain run does not run beside them" {
    photos=$(photos_for 2)
    small_photos photos "$photos"
    party_of
    make_gate
    shut_gate
    meet_at_gate 1
    expect_exit 6 findme index photos
    has "$stderr" "another findme is indexing this event"
    expect_exit 0 findme index --dry-run photos
    meet_at_gate 2
    [ "$(leases_of 2)" -gt 0 ]
    open_gate
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
    expect_exit 0 findme index --shared "--wait=$(patience 60)" photos
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
