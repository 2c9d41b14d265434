#!/usr/bin/env bats
# findme takes over the database of the event-photo service, which goes on working with it.
# database: postgresql
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_postgresql
    empty_database
}

query() { sql "$database_url" "$1"; }

load_release() { psql -q -X -v ON_ERROR_STOP=1 -f "$findme_root/tests/support/findme_$1.sql" "$database_url" > /dev/null; }

# Every row of the service's tables, in the columns that they have now; one line a table.
# What adoption changes on purpose is left out: when a reset token was used, and a guest's event.
remember_columns() {
    query "SELECT table_name, string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
        WHERE table_schema = 'public' AND (table_name, column_name) NOT IN (('password_reset_tokens', 'used_at'), ('users', 'event_id'))
        GROUP BY 1 ORDER BY 1" > columns
}
rows() {
    local table columns
    while IFS='|' read -r table columns; do
        echo "$table $(query "SELECT count(*), md5(string_agg(r::text, E'\n' ORDER BY r::text)) FROM (SELECT $columns FROM $table) r" < /dev/null)"
    done < columns
}

# The schema, whatever the order of columns.
schema() { pg_dump --schema-only "$database_url" | grep -v -e '^--' -e '^\\' -e '^$' | sed 's/,$//' | sort; }

refused_by() {
    local rule=$1
    shift
    run query "$*"
    [ "$status" -ne 0 ] || { echo "taken: $*"; return 1; }
    has "$output" "\"$rule\""
}

@test "adoption: v87 and v88 reach the newest step with every row, and reset tokens void" {
    need_command jq
    local release
    for release in v87 v88; do
        empty_database
        load_release "$release"
        remember_columns
        [ "$(wc -l < columns)" -ge 12 ]
        rows > before
        lacks ' 0|' before
        [ "$(query 'SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL')" -gt 0 ]
        expect_exit 7 findme event list
        expect_exit 7 findme migrate up
        has "$stderr" "findme migrate adopt"
        dump > dump-before
        expect_exit 0 findme migrate adopt --dry-run
        has "$output" "release $release"
        dump | diff dump-before -
        expect_exit 0 findme migrate adopt
        rows > after
        diff before after
        [ "$(query 'SELECT count(*) FROM password_reset_tokens WHERE used_at IS NULL')" = 0 ]
        expect_exit 0 findme migrate status
        expect_exit 0 findme migrate verify
        expect_exit 0 findme event list
        findme -o json migrate adopt | jq -e '.plan.steps == []' > /dev/null
    done
}

@test "adoption: guests of v87 belong to the event they joined first, staff to none" {
    load_release v87
    findme -q migrate adopt > /dev/null
    [ "$(query "SELECT count(*) FROM users WHERE user_type = 'user' AND event_id IS NOT NULL")" -gt 0 ]
    [ "$(query "SELECT count(*) FROM users u WHERE user_type = 'user' AND event_id IS DISTINCT FROM
        (SELECT event_id FROM user_events j WHERE j.user_id = u.id ORDER BY joined_at, id LIMIT 1)")" = 0 ]
    [ "$(query "SELECT count(*) FROM users WHERE user_type <> 'user' AND event_id IS NOT NULL")" = 0 ]
}

@test "adoption: the service's own statements do what they did" {
    local release add event
    for release in v87 v88; do
        empty_database
        load_release "$release"
        findme -q migrate adopt > /dev/null
        add="INSERT INTO users (username, email, hashed_password, user_type, is_active, created_at, event_id) VALUES"
        event=$(query "SELECT string_agg(id::text, ' ') FROM (SELECT id FROM events ORDER BY id LIMIT 2) e")
        # Two events, one e-mail; twice in one event; a photographer with a guest's e-mail.
        query "$add ('zoe', 'zoe@example.org', 'x', 'user', true, now(), ${event% *})"
        query "$add ('zoe', 'zoe@example.org', 'x', 'user', true, now(), ${event#* })"
        refused_by users_email_event_unique "$add ('zoe2', 'zoe@example.org', 'x', 'user', true, now(), ${event% *})"
        refused_by users_username_event_unique "$add ('zoe', 'zoe2@example.org', 'x', 'user', true, now(), ${event% *})"
        query "$add ('zoe', 'zoe@example.org', 'x', 'photographer', true, now(), NULL)"
        refused_by users_email_event_unique "$add ('zoe3', 'zoe@example.org', 'x', 'admin', true, now(), NULL)"
        # The login's lookup, by name and by e-mail in any case.
        [ "$(query "SELECT count(*) FROM users WHERE username = 'zoe' OR lower(email) = lower('ZOE@example.org')")" = 3 ]
        # Deleted with an outstanding token, and there again.
        query "INSERT INTO password_reset_tokens (user_id, token, expires_at, created_at)
            SELECT id, 'token', now() + interval '1 hour', now() FROM users WHERE username = 'zoe' AND event_id = ${event% *}"
        query "DELETE FROM users WHERE username = 'zoe' AND event_id = ${event% *}"
        query "$add ('zoe', 'zoe@example.org', 'x', 'user', true, now(), ${event% *})"
        # An event and a photo as the service makes them: findme's columns come by themselves.
        query "INSERT INTO events (name, event_code, date, photographer_id) SELECT 'New', 'NEW00001', now(), photographer_id FROM events LIMIT 1"
        expect_exit 0 findme event show NEW00001
    done
}

@test "adoption: down to the baseline and up again gives the same schema" {
    local release baseline
    for release in v87:1 v88:3; do
        empty_database
        load_release "${release%:*}"
        baseline=${release#*:}
        findme -q migrate adopt > /dev/null
        schema > before
        expect_exit 2 findme migrate down --to $((baseline - 1)) --yes
        has "$stderr" "adopted at $baseline"
        expect_exit 0 findme migrate down --to "$baseline" --yes
        schema > lower
        run diff before lower
        [ "$status" -eq 1 ]
        expect_exit 0 findme migrate up
        schema | diff before -
        expect_exit 0 findme migrate verify
    done
}

@test "adoption: accounts that share what must be unique are listed by id, and nothing is changed" {
    need_command jq
    load_release v87
    query "ALTER TABLE users DROP CONSTRAINT users_email_key; DROP INDEX IF EXISTS ix_users_email"
    query "INSERT INTO users (id, username, email, hashed_password, user_type, is_active, created_at)
        VALUES (901, 'twin1', 'Twin@example.org', 'x', 'user', true, now()), (902, 'twin2', 'twin@example.org', 'x', 'user', true, now())"
    dump > before
    expect_exit 6 findme migrate adopt
    has "$output" "accounts 901, 902"
    hasnt "$output" "twin@example.org"
    has "$stderr" "nothing was changed"
    dump | diff before -
    run --separate-stderr findme -o json migrate adopt
    [ "$status" -eq 6 ]
    jq -e '.duplicates[0].user_ids == [901, 902]' <<< "$output" > /dev/null
    query "DELETE FROM users WHERE id = 902"
    expect_exit 0 findme migrate adopt
}

@test "adoption: what is the service's own stays its own" {
    load_release v87
    query "ALTER TABLE users ADD COLUMN last_event_id integer CONSTRAINT service_fk REFERENCES events;
        CREATE UNIQUE INDEX service_staff ON users (email) WHERE user_type <> 'user'"
    findme -q migrate adopt > /dev/null
    [ "$(query "SELECT count(*) FROM pg_constraint WHERE conname = 'service_fk'")" = 1 ]
    [ "$(query "SELECT count(*) FROM pg_indexes WHERE indexname = 'service_staff'")" = 1 ]
    expect_exit 0 findme migrate verify
}

@test "adoption: names that findme needs and the service uses are told before anything is changed" {
    load_release v88
    query "ALTER TABLE events ADD COLUMN created_at timestamp; CREATE TABLE faces (id integer PRIMARY KEY, label text)"
    dump > before
    expect_exit 7 findme migrate adopt
    has "$stderr" "column events.created_at"
    has "$stderr" "table faces"
    dump | diff before -
    query "DROP TABLE faces; ALTER TABLE events DROP COLUMN created_at"
    expect_exit 0 findme migrate adopt

    empty_database
    load_release v87
    query "CREATE TABLE badges (owner varchar CONSTRAINT badge_fk REFERENCES users (username))"
    dump > before
    expect_exit 7 findme migrate adopt
    has "$stderr" badge_fk
    dump | diff before -
    query "DROP TABLE badges"
    expect_exit 0 findme migrate adopt
}

@test "adoption: half-way databases end verified, whatever their constraints are called" {
    load_release v88
    query "ALTER TABLE users RENAME CONSTRAINT users_event_id_fkey TO fk_users_event; DROP INDEX idx_users_event_email"
    expect_exit 0 findme migrate adopt
    has "$output" between
    expect_exit 0 findme migrate verify
}

@test "adoption: accounts doubled since the adoption began are listed too" {
    load_release v88
    findme -q migrate adopt > /dev/null
    findme -q migrate down --to 4 > /dev/null
    query "INSERT INTO users (id, username, email, hashed_password, user_type, is_active, created_at)
        VALUES (901, 'twin1', 'Twin@example.org', 'x', 'user', true, now()), (902, 'twin2', 'twin@example.org', 'x', 'user', true, now())"
    expect_exit 6 findme migrate adopt
    has "$output" "901, 902"
    expect_exit 6 findme migrate up
    has "$stderr" "901, 902"
    [ "$(query 'SELECT count(*) FROM pg_index WHERE NOT indisvalid')" = 0 ]
}

@test "adoption: a table under vacuum is waited for" {
    need_command perl
    load_release v87
    query "INSERT INTO users (username, email, hashed_password, user_type, is_active, created_at)
        SELECT 'g' || n, 'g' || n || '@example.org', 'x', 'user', true, now() FROM generate_series(1, 20000) n; DELETE FROM users WHERE username LIKE 'g%5'"
    psql -q -X -c "SET vacuum_cost_delay = 50; SET vacuum_cost_limit = 20" -c "VACUUM users" "$database_url" &
    local vacuum=$!
    findme -q migrate adopt --lock-timeout 60 > /dev/null
    wait "$vacuum"
    expect_exit 0 findme migrate verify
}

@test "adoption: stopped anywhere, the same command goes on" {
    need_command perl
    local round line lines bound=4
    [ -z "${FINDME_SLOW:-}" ] || bound=60
    seed_random
    load_release v87
    lines=$(findme migrate adopt 2>&1 > /dev/null | wc -l)
    for ((round = 0; round < bound; round++)); do
        empty_database
        load_release v87
        line=$((RANDOM % (lines - 6)))
        killed_at "$line" "$FINDME_BIN" migrate adopt
        echo "round $round: killed after line $line of $lines"
        findme -q migrate adopt --lock-timeout 60 > /dev/null
        findme -q migrate verify > verified || { cat verified; return 1; }
        [ "$(query 'SELECT count(*) FROM users')" -ge 7 ]
    done
}

@test "adoption: a database of something else is refused, saying what it lacks" {
    query "CREATE TABLE users (id integer PRIMARY KEY, nickname text)"
    expect_exit 7 findme migrate adopt
    has "$stderr" "events"
    empty_database
    expect_exit 7 findme migrate adopt
}

# What the service does while it is adopted: guests register and log in, without pause. pgbench ends with an error when
# one statement fails, and writes down how long each transaction took.
traffic() {
    printf '%s\n' '\set n random(1, 1000000000000)' '\set known random(1, 1000000)' \
        'INSERT INTO users (username, email, hashed_password, user_type, is_active, created_at)' \
        "    VALUES ('new' || :n, 'new' || :n || '@example.org', 'x', 'user', true, now());" \
        "SELECT id, hashed_password FROM users WHERE username = 'guest' || :known;" \
        "UPDATE users SET selfie_status = 'seen' WHERE id = 1000 + :known;" > traffic.sql
    "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pgbench" -n -f traffic.sql -c 4 -j 1 -T 3600 -l --log-prefix="$PWD/waits" \
        "$database_url" > traffic.log 2>&1 &
    traffic_pid=$!
}

@test "slow: a million accounts are adopted while others write, and no writer waits for more than 2 s" {
    slow_proof
    # As a service's server is: it writes to the disk, and vacuums while it is written to.
    own_server fsync=on full_page_writes=on max_wal_size=4GB shared_buffers=256MB autovacuum=on autovacuum_naptime=5s
    empty_database
    load_release v87
    psql -q -X -v ON_ERROR_STOP=1 -f "$findme_root/tests/support/million_users.sql" "$database_url" > /dev/null
    traffic
    before_end_of "$traffic_pid" test -s "waits.$traffic_pid"
    local begin=$SECONDS
    findme migrate adopt --lock-timeout 300 2> adopt.log || { cat adopt.log; kill "$traffic_pid"; return 1; }
    echo "# adopted in $((SECONDS - begin)) s" >&3
    kill -0 "$traffic_pid" || { cat traffic.log; return 1; }
    kill "$traffic_pid"
    wait "$traffic_pid" || true
    lacks ERROR traffic.log
    lacks aborted traffic.log
    awk '$3 > most { most = $3 } { n++ } END { printf "# %d transactions, longest %.3f s\n", n, most / 1e6; exit most > 2e6 || n < 1000 }' \
        waits.* >&3
    expect_exit 0 findme migrate verify
    [ "$(query "SELECT count(*) FROM users WHERE username LIKE 'guest%' AND event_id IS NULL")" = 20000 ]
}

# What shows a face in the service's own tables.
faces_kept() {
    query "SELECT (SELECT count(*) FROM face_matches), (SELECT count(*) FROM photo_faces),
        (SELECT count(*) FROM users WHERE selfie_path IS NOT NULL OR selfie_data IS NOT NULL)"
}

# The nightly purge after an adoption erased matches, faces and selfies of every event that was older than a year.
@test "adoption: a retention that nobody set is undecided, and what it covers is neither purged nor matched" {
    need_command jq
    need_samples
    guest_selfie
    local release code codes count before
    for release in v87 v88; do
        empty_database
        load_release "$release"
        query "UPDATE events SET date = '2020-01-01'"
        before=$(faces_kept)
        hasnt "|$before|" "|0|"
        count=$(query "SELECT count(*) FROM events")
        expect_exit 0 findme migrate adopt --dry-run
        has "$output" "the retention of $count events will be undecided"
        findme -q migrate adopt > /dev/null
        # As the service, which goes on, inserts one.
        query "INSERT INTO events (name, event_code, date) VALUES ('New', 'NEW00001', '2020-01-01')"
        findme -q event create Ours --code OURS22 --date 2020-01-01 > /dev/null
        codes=$(query "SELECT string_agg(event_code, ' ' ORDER BY id) FROM events WHERE event_code <> 'OURS22'")

        expect_exit 3 findme -o json event purge --expired
        [ "$(jq -r '.undecided | join(" ")' <<< "$output")" = "$codes" ]
        [ "$(jq -c '[.receipts, .failed]' <<< "$output")" = '[[],0]' ]
        [ "$(jq -r .code <<< "$stderr" | sort -u)" = retention_undecided ]
        expect_exit 3 findme -q event purge --expired
        [ -z "$output" ]
        has "$stderr" 'the event "NEW00001" is not purged, because nobody has set its retention: findme event update "NEW00001" --retention-days DAYS'
        [ "$(wc -l <<< "$stderr")" -eq $((count + 1)) ]
        [ "$(faces_kept)" = "$before" ]

        code=${codes%% *}
        expect_exit 5 findme match --event "$code" selfie.jpg
        has "$stderr" "is undecided"
        has "$stderr" "--retention-days DAYS"
        expect_exit 5 findme index --event "$code" "$FINDME_TEST_SAMPLES/sample1.jpg"
        has "$stderr" "is undecided"
        expect_exit 5 findme user add anna --email anna@example.org --event "$code"
        has "$stderr" "is undecided"
        expect_exit 0 findme event show "$code"
        has "$output" "searchable: not yet, its retention is undecided"
        expect_exit 0 findme event list
        has "$output" "undecided"
        [ "$(findme -o json event show "$code" | jq -c '[.retention_days, .expires_at]')" = '[null,null]' ]
        [ "$(findme -o json event list | jq '[.events[] | select(.retention_days == null)] | length')" -eq $((count + 1)) ]
        [ "$(findme -o json event show OURS22 | jq .retention_days)" -eq 365 ]
        run --separate-stderr findme doctor
        has "$output" "warning: retention.undecided"
        [ "$(faces_kept)" = "$before" ]
    done
}

@test "adoption: once somebody sets the retention it holds, and by its name an event is purged undecided" {
    need_command jq
    local code other
    load_release v88
    query "UPDATE events SET date = '2020-01-01'"
    findme -q migrate adopt > /dev/null
    code=$(query "SELECT event_code FROM events e WHERE EXISTS (SELECT FROM photo_faces f WHERE f.event_id = e.id) ORDER BY id LIMIT 1")
    other=$(query "SELECT event_code FROM events WHERE event_code <> '$code' ORDER BY id LIMIT 1")
    # Neither another name nor a date decides.
    expect_exit 0 findme event update "$code" --name Renamed --date 2020-02-02
    has "$output" "its retention is undecided"
    expect_exit 3 findme -q event purge --expired
    expect_exit 0 findme event update "$code" --retention-days 30
    has "$output" "searchable: until 2020-03-04T00:00:00.000Z"
    expect_exit 5 findme user add anna --email anna@example.org --event "$code"
    has "$stderr" "past its retention"
    # The others are named, and this one is purged.
    expect_exit 3 findme -o json event purge --expired
    [ "$(jq '.receipts | length' <<< "$output")" -eq 1 ]
    [ "$(query "SELECT count(*) FROM photo_faces f JOIN events e ON e.id = f.event_id WHERE event_code = '$code'")" -eq 0 ]

    expect_exit 2 findme event purge "$other"
    expect_exit 0 findme event purge "$other" --confirm "$other"
    expect_exit 5 findme user add anna --email anna@example.org --event "$other"
    has "$stderr" "is undecided"
    # A retention that is not over opens it to findme.
    expect_exit 0 findme event update "$other" --date "$(date -u +%Y-%m-%d)" --retention-days 30
    expect_exit 0 findme user add anna --email anna@example.org --event "$other"
}
