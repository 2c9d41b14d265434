#!/usr/bin/env bats
# A PostgreSQL server that goes away and comes back under a run, and one that has no connection left. Each test has a server
# of its own, which writes to the disk as a real one does.
# database: postgresql
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

# A server with a current database and the event PARTY; the arguments are settings. After a crash it is back soon: it
# looks at its file system as a whole, not at every file of every database in it.
server_with_event() {
    own_server fsync=on full_page_writes=on recovery_init_sync_method=syncfs "$@"
    use_database "$(new_database work)"
    findme -q event create Party --code PARTY > /dev/null
}

# What an undisturbed run over the photos leaves goes into the file wanted.
undisturbed() {
    local alone
    alone=$(new_database alone)
    findme -q --database "$alone" event create Party --code PARTY > /dev/null
    findme -q --database "$alone" index photos > /dev/null
    index_dump "$alone" > wanted
    # What was done so far need not be done again after a crash.
    sql "$FINDME_TEST_POSTGRESQL_URL" CHECKPOINT
}

# while_indexing TIMES COMMAND...: runs the command TIMES times, spread evenly over an index run of $photos photos, whose
# exit code is $status afterwards. The run had photos to go each time.
while_indexing() {
    local times=$1 n=0 seen=0 pid
    shift
    status=0
    mkfifo items
    "$FINDME_BIN" -o jsonl index photos > items 2> err &
    pid=$!
    while read -r; do
        seen=$((seen + 1))
        if ((n < times && seen * (times + 1) >= photos * (n + 1))); then
            "$@" < /dev/null
            n=$((n + 1))
        fi
    done < items
    wait "$pid" || status=$?
    echo "exit code $status after $n times and $seen lines; $(cat err)"
    [ "$n" -eq "$times" ]
}

every_photo_once() {
    [ "$(sql "$database_url" "SELECT count(*) || ' ' || count(DISTINCT content_hash) FROM photos")" = "$photos $photos" ]
    index_dump > got
    diff wanted got
}

crash_server() { findme_postgresql_crash "$server"; }

terminate_sessions() {
    sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()" >> terminated
}

@test "restart: a server that crashes five times under an index run costs nothing" {
    photos=240
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 5 crash_server
    [ "$status" -eq 0 ]
    every_photo_once
    expect_exit 0 findme index photos
    has "$output" "indexed 0 photos with 0 faces; $photos known already"
}

@test "restart: sessions that are terminated ten times under an index run cost nothing" {
    photos=240
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 10 terminate_sessions
    [ "$status" -eq 0 ]
    [ "$(grep -c t terminated)" -ge 5 ]
    every_photo_once
}

@test "restart: a server that stays away ends the run with 6, and the same command finishes the work" {
    photos=240
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 1 findme_postgresql_halt "$server"
    [ "$status" -eq 6 ]
    has "$(cat err)" "database"
    findme_postgresql_resume "$server"
    expect_exit 0 findme -q index photos
    every_photo_once
}

@test "restart: without a server a command says so with 6, and works once it is back" {
    server_with_event
    findme_postgresql_halt "$server"
    expect_exit 6 findme event list
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    has "$stderr" "database"
    expect_exit 6 findme -o json event list
    jq -e '.type == "error" and .retry == true and .exit_code == 6' <<< "$stderr"
    findme_postgresql_resume "$server"
    expect_exit 0 findme event list
    has "$output" PARTY
}

@test "restart: one connection is enough to index, and leaves the same" {
    photos=60
    small_photos photos "$photos"
    server_with_event
    undisturbed
    FINDME_DATABASE_POOL_SIZE=1 FINDME_DATABASE_POOL_OVERFLOW=0 expect_exit 0 findme index --jobs 4 photos
    every_photo_once
}

@test "restart: a server without a free connection is 6, and works when one is free" {
    server_with_event max_connections=6 superuser_reserved_connections=0 max_wal_senders=0 \
        client_connection_check_interval=100
    local n holders=() refused=no
    for ((n = 0; n < 12; n++)); do
        psql --no-psqlrc -c "SELECT 'held'" -c "SELECT pg_sleep(600)" "$FINDME_TEST_POSTGRESQL_URL" \
            > "held$n" 2> "refused$n" 3>&- &
        holders+=($!)
        while [ ! -s "held$n" ] && [ ! -s "refused$n" ]; do :; done
        if [ -s "refused$n" ]; then refused=yes; break; fi
    done
    has "$(cat "refused$n")" "too many clients"
    run --separate-stderr findme -o json event list
    kill "${holders[@]}" 2> /dev/null || true
    wait "${holders[@]}" || true
    [ "$refused" = yes ]
    [ "$status" -eq 6 ]
    jq -e '.type == "error" and .retry == true' <<< "$stderr"
    # The server notices within moments that nobody is there any more.
    until sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT 1" > /dev/null 2>&1; do :; done
    expect_exit 0 findme event list
}
