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

# while_indexing TIMES BEGIN END: an index run of the photos, whose exit code is $status afterwards. They come in TIMES + 2
# parts. TIMES times, when the run has told of a part and is at the next one, the function BEGIN is called, then one more
# part comes, which needs the database too, and then END is called.
while_indexing() {
    local times=$1 n part indexing
    part=$((photos / (times + 2)))
    printf '%s\n' "$PWD"/photos/* > paths
    mkfifo list items
    # The run may end while it is written to.
    trap '' PIPE
    "$FINDME_BIN" -o jsonl index --files-from list > items 2> err 3>&- &
    indexing=$!
    exec 8< items 7> list
    come 1 "$part"
    for ((n = 1; n <= times; n++)); do
        read -r -u 8
        [ "$n" -gt 1 ] || come "$((part + 1))" "$((2 * part))"
        "$2" "$indexing"
        come "$(((n + 1) * part + 1))" "$(((n + 2) * part))"
        "$3" "$indexing"
    done
    come "$(((times + 2) * part + 1))" "$photos"
    exec 7>&-
    cat <&8 > rest
    exec 8<&-
    status=0
    wait "$indexing" || status=$?
    echo "exit code $status; $(cat err)"
}

# come FIRST LAST: these photos are there now.
come() { sed -n "$1,$2p" paths >&7; }

every_photo_once() {
    [ "$(sql "$database_url" "SELECT count(*) || ' ' || count(DISTINCT content_hash) FROM photos")" = "$photos $photos" ]
    index_dump > got
    diff wanted got
}

crash() {
    retries=$(grep -c database_retry err || true)
    server_crashes
}
# The run has met a server that is away before that comes back.
come_back() {
    before_end_of "$1" has_retried
    server_returns "$1"
}
has_retried() { [ "$(grep -c database_retry err)" -gt "$retries" ]; }

terminate_sessions() {
    sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()" >> terminated
}

halt() { findme_postgresql_halt "$server"; }

@test "restart: a server that crashes five times under an index run costs nothing" {
    photos=120
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 5 crash come_back
    [ "$status" -eq 0 ]
    every_photo_once
    expect_exit 0 findme index photos
    has "$output" "indexed 0 photos with 0 faces; $photos known already"
}

@test "restart: sessions that are terminated ten times under an index run cost nothing" {
    photos=120
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 10 terminate_sessions true
    [ "$status" -eq 0 ]
    [ "$(grep -c t terminated)" -ge 10 ]
    every_photo_once
}

@test "restart: a server that stays away ends the run with 6, and the same command finishes the work" {
    photos=120
    small_photos photos "$photos"
    server_with_event
    undisturbed
    while_indexing 1 halt true
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

held_or_refused() { [ -s "held$1" ] || [ -s "refused$1" ]; }
has_room() { sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT 1" > /dev/null 2>&1; }

@test "restart: a server without a free connection is 6, and works when one is free" {
    server_with_event max_connections=6 superuser_reserved_connections=0 max_wal_senders=0 \
        client_connection_check_interval=100
    local n holders=() refused=no
    for ((n = 0; n < 12; n++)); do
        psql --no-psqlrc -c "SELECT 'held'" -c "SELECT pg_sleep(600)" "$FINDME_TEST_POSTGRESQL_URL" \
            > "held$n" 2> "refused$n" 3>&- &
        holders+=($!)
        within 60 held_or_refused "$n"
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
    within 60 has_room
    expect_exit 0 findme event list
}
