#!/usr/bin/env bats
# Faults of a server, and of what stands between it and its clients, planted for doctor to name.
# database: postgresql
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/cli_doctor.bash
load ../support/cli_doctor

setup() { healthy_home; }

@test "doctor: a password that others can read or see, and a password file that the client ignores" {
    local file=$HOME/.config/findme/findme.yaml url=$database_url
    mkdir -p "$(dirname "$file")"
    printf 'database: %s\n' "${url/postgres@/postgres:geheim@}" > "$file"
    chmod 644 "$file"
    unset FINDME_DATABASE_URL
    mends 2 configuration.password_readable
    hasnt "$output" geheim
    [ "$(stat -c %a "$file")" = 600 ]
    rm "$file"
    export FINDME_DATABASE_URL=$url
    expect_exit 3 findme -o json --database "${url/postgres@/postgres:geheim@}" doctor
    finding configuration.password_in_argument true
    hasnt "$output" geheim
    printf '*:*:*:*:geheim\n' > pass
    chmod 644 pass
    PGPASSFILE=$PWD/pass mends 3 configuration.password_file_ignored
    cp pass "$HOME/.pgpass"
    chmod 640 "$HOME/.pgpass"
    mends 3 configuration.password_file_ignored
    [ "$(stat -c %a "$HOME/.pgpass")" = 600 ]
}

@test "doctor: a pool that the server has no room for is named" {
    FINDME_DATABASE_POOL_SIZE=150 FINDME_DATABASE_POOL_OVERFLOW=100 finds 3 pool.too_large
    FINDME_DATABASE_POOL_SIZE=97 FINDME_DATABASE_POOL_OVERFLOW=100 clean
    # The sum of all processes counts, not what one of them may open.
    FINDME_DATABASE_POOL_PROCESSES=13 clean
    FINDME_DATABASE_POOL_PROCESSES=14 finds 3 pool.too_large
    has "$output" "14 processes with up to 15 connections each may open 210"
    query "ALTER DATABASE \"$(query 'SELECT current_database()')\" CONNECTION LIMIT 3"
    finds 3 pool.too_large
    has "$output" "CONNECTION LIMIT"
    query "ALTER DATABASE \"$(query 'SELECT current_database()')\" CONNECTION LIMIT -1"
    sleep_with_connections 5 > /dev/null &
    within 30 sessions_are 5 crowd
    FINDME_DATABASE_POOL_SIZE=97 FINDME_DATABASE_POOL_OVERFLOW=100 finds 3 pool.crowded
    query "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'crowd'" > /dev/null
    wait
}

@test "doctor: more sessions of findme than its processes account for are named" {
    sleep_with_connections 3 findme > /dev/null &
    within 30 sessions_are 3 findme
    export FINDME_DATABASE_POOL_SIZE=1 FINDME_DATABASE_POOL_OVERFLOW=0
    finds 3 pool.more_processes
    FINDME_DATABASE_POOL_PROCESSES=3 clean
    query "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'findme'" > /dev/null
    wait
}

# sessions_are COUNT NAME
sessions_are() { [ "$(query "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$2'")" = "$1" ]; }

# sleep_with_connections COUNT [NAME]
sleep_with_connections() {
    local i
    for ((i = 0; i < $1; i++)); do
        PGAPPNAME=${2:-crowd} psql -X -q "$database_url" -c "SELECT pg_sleep(600)" 2> /dev/null &
    done
    wait
}

# server_setting NAME VALUE: in force when it returns.
server_setting() {
    query "ALTER SYSTEM SET $1 = $2"
    query "SELECT pg_reload_conf()" > /dev/null
    within 30 shows "$1" "$2"
}
shows() { [ "$(query "SHOW $1")" = "$2" ]; }

@test "doctor: a server that risks its data, and tables that nobody vacuums, are named" {
    local name
    for name in fsync full_page_writes autovacuum; do
        server_setting "$name" off
        finds 3 "server.${name}_off"
        server_setting "$name" on
        clean
    done
    fault 3 server.table_autovacuum_off "ALTER TABLE faces SET (autovacuum_enabled = off)" \
        "ALTER TABLE faces RESET (autovacuum_enabled)"
    left_alone 3
}

@test "doctor: a sequence behind its table is moved on, and an INVALID index is made again" {
    people
    query "SELECT setval(pg_get_serial_sequence('users', 'id'), 1, false)" > /dev/null
    mends 6 sequences.behind
    query "INSERT INTO users (username, email, hashed_password) VALUES ('bo', 'bo@private.example', 'x')"
    query "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_email_event_unique'::regclass"
    mends 7 schema.index_invalid
    query "CREATE INDEX theirs ON users (id);
           UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'theirs'::regclass"
    finds 3 schema.index_invalid
    query "DROP INDEX theirs"
    clean
}

@test "doctor: missing privileges are named one by one, and a role without CREATE is no fault" {
    local name
    name=$(query "SELECT current_database()")
    query "CREATE ROLE guard LOGIN; GRANT USAGE ON SCHEMA public TO guard;
           GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guard;
           GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO guard; REVOKE CREATE ON DATABASE \"$name\" FROM PUBLIC"
    use_database "${database_url/postgres@/guard@}"
    examine 0
    has "$(jq -r '.checks[] | select(.name == "schema") | .summary' <<< "$output")" "not compared"
    sql "${database_url/guard@/postgres@}" "INSERT INTO events (id, name, event_code, retention_days) VALUES (2, 'Two', 'TWO2', 365)"
    finds 6 sequences.behind
    # Moving it on needs UPDATE.
    examine 6 --fix
    has "$output" "mending it failed"
    sql "${database_url/guard@/postgres@}" "GRANT UPDATE ON SEQUENCE events_id_seq TO guard"
    mends 6 sequences.behind
    sql "${database_url/guard@/postgres@}" "REVOKE DELETE ON faces FROM guard; REVOKE USAGE ON SEQUENCE users_id_seq FROM guard"
    finds 5 database.privileges
    has "$output" "DELETE on faces, USAGE on users_id_seq"
}

@test "doctor: a server that is away, a database that is not there, is read-only or of another encoding" {
    local name
    name=$(query "SELECT current_database()")
    expect_exit 6 findme -o json --database "postgresql:///x?host=$PWD" doctor --fix
    finding database.unreachable true
    jq -e '[.checks[] | select(.name == "models") | .status] == ["ok"]' <<< "$output"
    expect_exit 4 findme -o json --database "$(server_database nowhere)" doctor
    finding database.not_found true
    query "ALTER DATABASE \"$name\" SET default_transaction_read_only = on"
    finds 1 database.read_only
    query "SET default_transaction_read_only = off; ALTER DATABASE \"$name\" RESET default_transaction_read_only"
    query "CREATE DATABASE ascii TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'"
    use_database "$(server_database ascii)"
    finds 7 database.encoding
    finding schema.absent true
}
