#!/usr/bin/env bats
# The schema from the command line: plan, up, status, verify, down, repair, one runner at a time, kill -9.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    empty_database
    newest=$(ls "$findme_root/migrations/$(database_kind)" | sed -nE 's/^0*([0-9]+)_.*\.up\.sql$/\1/p' | sort -n | tail -n 1)
}

# The built-in steps as files.
copy_steps() {
    mkdir steps
    cp "$findme_root/migrations/$(database_kind)"/*.sql steps
}

query() { sql "$database_url" "$1"; }

# Another runner, as far as locks go, until released.
hold_migration_lock() {
    case $(database_kind) in
        sqlite)
            need_command flock
            flock "$database-migrate.lock" sh -c 'touch held; read -r _ < release' &
            ;;
        postgresql)
            need_command perl psql
            local key
            key=$(printf 'findme:migrate' | sha256sum | perl -ne 'print unpack("q<", pack("H16", $_))')
            { echo "SELECT pg_advisory_lock($key);" && echo '\! touch held' && cat release; } | psql -q -X "$database_url" > /dev/null &
            ;;
    esac
    before_end_of $! test -e held
}

@test "migrate: status says 7 while steps are pending and 0 afterwards" {
    expect_exit 0 findme migrate plan
    # An embedded database begins with its first step; a server's is there beforehand.
    if [ "$(database_kind)" = sqlite ]; then
        expect_exit 4 findme migrate status
    else
        expect_exit 7 findme migrate status
        has "$output" pending
    fi
    expect_exit 0 findme migrate
    has "$output" "applied 0001 base"
    has "$output" "the schema is at step $newest"
    expect_exit 0 findme migrate status
    hasnt "$output" pending
    expect_exit 0 findme migrate up
    has "$output" "nothing to do"
    expect_exit 0 findme migrate verify
}

@test "migrate: commands that need the schema say 7 and the remedy until it is there" {
    need_command jq
    findme -q migrate > /dev/null
    findme -q migrate down --to 3 > /dev/null
    expect_exit 7 findme event list
    has "$stderr" "findme migrate"
    expect_exit 7 findme event create Party
    findme -q migrate > /dev/null
    expect_exit 0 findme event list
}

@test "migrate: the plan, run by the database's own client, makes what up makes" {
    findme -q migrate plan > plan.sql
    query "$(cat plan.sql)" > /dev/null
    expect_exit 0 findme migrate status
    expect_exit 0 findme migrate verify
}

@test "migrate: up --plan runs the plan that was looked at and no other" {
    need_command jq
    local id
    id=$(findme -o json migrate plan | jq -r .plan_id)
    expect_exit 6 findme migrate up --plan 0000000000000000
    has "$stderr" "$id"
    expect_exit 7 findme -o json migrate status
    [ "$(jq .current <<< "$output")" = 0 ]
    expect_exit 0 findme migrate up --plan "$id"
    expect_exit 6 findme migrate up --plan "$id"
}

@test "migrate: an option that means nothing to a verb is refused, and nothing is done" {
    expect_exit 2 findme migrate status --yes
    expect_exit 2 findme migrate verify --dry-run
    expect_exit 2 findme migrate adopt --plan 0123456789abcdef
    expect_exit 2 findme migrate repair --plan 0123456789abcdef
    expect_exit 6 findme migrate up --dry-run --plan 0123456789abcdef
    findme -q migrate > /dev/null
    expect_exit 2 findme migrate down --to 4 --plan 0123456789abcdef
    has "$stderr" --plan
    expect_exit 0 findme migrate status
}

@test "migrate: a hole in the history is named, by status, up and verify" {
    findme -q migrate > /dev/null
    query "DELETE FROM findme_schema_history WHERE version = 2"
    expect_exit 7 findme migrate status
    expect_exit 7 findme migrate up
    has "$stderr" 0002_reset_token_cascade
    expect_exit 7 findme migrate verify
}

# database: sqlite
@test "migrate: commands that make a new database's schema and migrations that do do not get into each other's way" {
    local round i ups lists status
    for round in 1 2 3 4; do
        empty_database
        ups=() lists=()
        for i in 1 2 3; do
            findme migrate up > "up$i" 2>&1 &
            ups+=($!)
            findme event create "Party $i" > "list$i" 2>&1 &
            lists+=($!)
        done
        for i in "${ups[@]}"; do wait "$i" || { cat up?; return 1; }; done
        # Before the first step there is no database, and between two of them the schema is not there yet.
        for i in "${lists[@]}"; do
            status=0
            wait "$i" || status=$?
            [ "$status" -eq 0 ] || [ "$status" -eq 7 ] || { cat list?; return 1; }
        done
        expect_exit 0 findme event list
        expect_exit 0 findme migrate verify
    done
}

@test "migrate: every verb speaks JSON, one document each" {
    need_command jq
    findme -o json migrate plan | jq -e '.type == "migration_plan" and (.steps | length > 0) and .steps[0].statements[0].sql' > /dev/null
    findme -o json migrate status | jq -e '.type == "migration_status" and .up_to_date == false' > /dev/null || true
    findme -o json migrate up 2> /dev/null | jq -e '.type == "migration_run" and .to == '"$newest" > /dev/null
    findme -o json migrate status | jq -e '.up_to_date and (.steps[0].checksum | length == 64)' > /dev/null
    findme -o json migrate verify | jq -e '.good and .differences == []' > /dev/null
    findme -o json migrate repair | jq -es '.[0].type == "migration_run"' > /dev/null
    findme -o json migrate down --to 0 --dry-run | jq -e '.type == "migration_plan" and .to == 0' > /dev/null
    run --separate-stderr findme -o json migrate up --plan x
    [ "$status" -eq 6 ]
    jq -e '.code == "plan_changed" and .exit_code == 6' <<< "$stderr" > /dev/null
}

@test "migrate: eight at once run each step once and all succeed" {
    need_command jq
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do
        findme -o json --quiet migrate up --lock-timeout 60 > "run$i" 2> "err$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || { cat err*; return 1; }; done
    [ "$(jq -s '[.[].steps[].version] | sort | tostring' run?)" = "\"[$(seq -s, 1 "$newest")]\"" ]
    expect_exit 0 findme migrate verify
}

@test "migrate: killed at any moment, the same command completes" {
    need_command perl
    local round line bound=6
    [ -z "${FINDME_SLOW:-}" ] || bound=100
    seed_random
    for ((round = 0; round < bound; round++)); do
        empty_database
        # It tells of each step twice: when it begins and when it is done.
        line=$((RANDOM % (2 * newest - 6)))
        killed_at "$line" "$FINDME_BIN" migrate up
        echo "round $round: killed after line $line"
        findme -q migrate up --lock-timeout 60 > /dev/null
        findme -q migrate verify > verified || { cat verified; return 1; }
    done
}

@test "migrate: an applied file that was edited is refused by name, its CRLF copy is not" {
    copy_steps
    findme -q migrate --dir steps > /dev/null
    sed -i 's/$/\r/; 1s/^/\xef\xbb\xbf/' steps/0002_*.up.sql
    expect_exit 0 findme migrate --dir steps status
    expect_exit 0 findme migrate --dir steps up
    echo 'SELECT 1;' >> steps/0002_reset_token_cascade.up.sql
    expect_exit 7 findme migrate --dir steps up
    has "$stderr" 0002_reset_token_cascade.up.sql
    expect_exit 7 findme migrate --dir steps status
    expect_exit 7 findme migrate --dir steps verify
    expect_exit 0 findme migrate --dir steps repair --accept-checksums
    expect_exit 0 findme migrate --dir steps status
}

@test "migrate: a schema newer than the tool is not written to" {
    copy_steps
    echo 'CREATE TABLE future (id INTEGER PRIMARY KEY);' > steps/0099_future.up.sql
    echo 'DROP TABLE future;' > steps/0099_future.down.sql
    expect_exit 2 findme migrate --dir steps up
    has "$stderr" "is missing before step 99"
    local next
    next=$(printf '%04d' $((newest + 1)))
    mv steps/0099_future.up.sql "steps/${next}_future.up.sql"
    mv steps/0099_future.down.sql "steps/${next}_future.down.sql"
    findme -q migrate --dir steps > /dev/null
    expect_exit 7 findme migrate up
    expect_exit 7 findme event create Party
    expect_exit 7 findme event list
    [ "$(query 'SELECT count(*) FROM events')" = 0 ]
}

@test "migrate: down says what it destroys, asks for --yes, and up brings the schema back" {
    findme -q migrate > /dev/null
    expect_exit 0 findme migrate down --to 4
    expect_exit 0 findme migrate up
    expect_exit 0 findme migrate verify
    findme -q event create Party --code PARTY > /dev/null
    query "INSERT INTO password_reset_tokens (user_id, token, expires_at) SELECT 1, 't', '2026-01-01T00:00:00.000Z' WHERE false" > /dev/null
    expect_exit 0 findme migrate down --to 0 --dry-run
    has "$stderr" "destroys table events: 1 row"
    expect_exit 2 findme migrate down --to 0
    has "$stderr" --yes
    expect_exit 0 findme event show PARTY
    expect_exit 0 findme migrate down --to 0 --yes
    expect_exit 7 findme migrate status
}

@test "migrate: verify notices a dropped index and an added column; repair makes the index again" {
    findme -q migrate > /dev/null
    query 'DROP INDEX users_email_event_unique' > /dev/null
    query 'ALTER TABLE photos ADD COLUMN nickname TEXT' > /dev/null
    expect_exit 7 findme migrate verify
    has "$output" "missing: index users_email_event_unique"
    has "$output" "extra: column photos.nickname"
    expect_exit 7 findme migrate repair
    hasnt "$output" users_email_event_unique
    query 'ALTER TABLE photos DROP COLUMN nickname' > /dev/null
    expect_exit 0 findme migrate verify
}

@test "migrate: whoever cannot get the lock says so and exits 6" {
    findme -q migrate > /dev/null
    mkfifo release
    hold_migration_lock
    expect_exit 6 findme migrate up --lock-timeout 0.3
    has "$stderr" --lock-timeout
    echo > release
    wait
    expect_exit 0 findme migrate up
}

# database: postgresql
@test "migrate: a server that is not there is exit 6, at once or after --wait" {
    mkdir socket
    expect_exit 6 findme --database "postgresql:///x?host=$PWD/socket" migrate status
    expect_exit 6 findme --database "postgresql:///x?host=$PWD/socket" migrate up --wait 0.5
    has "$stderr" "does not answer yet"
}
