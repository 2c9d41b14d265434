#!/usr/bin/env bats
# serve-health: what it answers over HTTP, whatever its database does.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

setup() {
    fresh_home
    need_command curl jq perl
    pid=
}

teardown() {
    stop_serving
    drop_databases
    stop_own_server
}

# What the web application's own script makes of the answer: warnings may be null there, and are dropped.
checker() {
    curl -sf "$url/api/health-check" | jq -r '
        .status, (.database.old_constraints_present[] | "old: " + .),
        "warnings: \([.warnings[] | select(. != null)] | length)"' | tr '\n' ' '
}

# A database with the users of release v88, without what sed takes out.
users_database() {
    local users="CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, event_id INTEGER);
        CREATE UNIQUE INDEX users_email_event_unique ON users (email, coalesce(event_id, -1));
        CREATE UNIQUE INDEX users_username_event_unique ON users (username, coalesce(event_id, -1));"
    empty_database
    sql "$database_url" "$(sed "$1" <<< "$users")"
}

@test "health: the original's checker is content with a current database" {
    findme -q migrate
    serve
    [ "$(checker)" = "healthy warnings: 0 " ]
    jq -e '.database.connected and .database.event_id_column_exists and .model.has_event_id_field
        and .model.has_table_args and .message == "All checks passed"' <<< "$(curl -s "$url/api/health-check")"
}

@test "health: the original's checker finds the column event_id missing" {
    users_database 's/, event_id INTEGER//; s/, coalesce(event_id, -1)//'
    serve
    [ "$(checker)" = "degraded warnings: 1 " ]
    [ "$(code /api/health-check)" = 200 ]
    jq -e '.database.event_id_column_exists == false and .database.connected' body
}

@test "health: the original's checker finds an old index" {
    users_database '$a CREATE UNIQUE INDEX ix_users_email ON users (email);'
    serve
    [ "$(checker)" = "degraded old: ix_users_email warnings: 1 " ]
    [ "$(curl -s -H 'Accept: application/health+json' "$url/api/health-check" | jq -r .status)" = warn ]
}

@test "health: without a database the checker hears so, and the process lives" {
    case $FINDME_TEST_BACKEND in
        sqlite) ;;
        *) use_database "postgresql://nobody@/nothing?host=$PWD" ;;
    esac
    serve
    [ "$(checker)" = "degraded warnings: 1 " ]
    answers /api/health-check 200
    jq -e '.database.connected == false' body
    answers /livez 200
    answers /readyz 503
    [ "$(curl -s -o body -w '%{http_code}' -H 'Accept: application/health+json' "$url/readyz")" = 503 ]
    jq -e '.status == "fail" and .checks["database:connection"][0].status == "fail"' body
    [ ! -e "$database" ]
}

@test "health: a database that comes later is ready without a restart" {
    need_models
    [ "$FINDME_TEST_BACKEND" = sqlite ] || empty_database
    serve
    answers /readyz 503
    findme -q migrate
    within 30 answers /readyz 200
}

@test "health: without model files it lives and is not ready" {
    findme -q migrate
    mkdir models
    FINDME_MODELS_DIR=$PWD/models serve
    answers /livez 200
    answers /readyz 503
    code '/readyz?verbose' > /dev/null
    has "$(cat body)" "[+] database connection: ok"
    has "$(cat body)" "[-] models files: 3 of 3"
}

# How many questions the database has answered, and how many not, by now: ANSWERED FAILED.
probes() {
    curl -s "$url/metrics" | awk '/^findme_database_probes_total/ { all = $2 } /^findme_database_probe_failures_total/ { failed = $2 }
        END { print all - failed, failed }'
}

# database: postgresql
@test "health: a server that stops is noticed by the next question to it, and so is its return" {
    need_models
    own_server
    use_database "$(new_database work)"
    serve
    answers /readyz 200
    local answered failed before
    findme_postgresql_halt "$server"
    answers /livez 200
    read -r before _ < <(probes)
    within 60 answers /readyz 503
    answers /livez 200
    read -r answered _ < <(probes)
    # One may have been answered before the server went, and counted afterwards.
    echo "answered: $before before, $answered in all"
    [ "$answered" -le $((before + 1)) ]
    findme_postgresql_resume "$server"
    read -r _ before < <(probes)
    within 60 answers /readyz 200
    read -r _ failed < <(probes)
    echo "failed: $before before, $failed in all"
    [ "$failed" -le $((before + 1)) ]
    kill -0 "$pid"
    findme_postgresql_crash "$server"
    within 60 answers /readyz 200
}

# database: postgresql
@test "health: a server that hangs is not ready and holds nobody up" {
    need_models
    own_server
    use_database "$(new_database work)"
    serve
    local session asked
    session=$(sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT pid FROM pg_stat_activity WHERE application_name = 'findme health'")
    kill -STOP "$session"
    within 60 answers /readyz 503
    # The question is still without an answer: nobody waits for it.
    asked=$(probes)
    answers /livez 200
    answers /readyz 503
    [ "$(probes)" = "$asked" ]
    kill -CONT "$session"
    within 60 answers /readyz 200
    kill -STOP "$session"
    within 60 answers /readyz 503
    kill -TERM "$pid"
    ended
    kill -CONT "$session"
    [ "$status" -eq 0 ]
}

@test "health: a host that drops what it is sent is not ready, and holds up neither answers nor the end" {
    black_hole
    FINDME_DATABASE_URL="postgresql://a@127.0.0.1:$port/b?sslmode=disable" serve
    answers /livez 200
    answers /readyz 503
    within 30 grep -q '"event":"health_database_down"' err
    answers /readyz 503
    kill -TERM "$pid"
    ended
    [ "$status" -eq 0 ]
    end_black_hole
}

@test "health: db-raw-test is not found unless it is asked for, and masks the account" {
    findme -q migrate
    serve
    answers /api/db-raw-test 404
    kill -TERM "$pid"
    ended
    FINDME_HEALTH_DB_RAW_TEST=true serve
    [ "$(curl -s "$url/api/db-raw-test" | jq -c .)" = '{"status":"ok","sample_user":null}' ]
    sql "$database_url" "INSERT INTO users (username, email, hashed_password) VALUES ('anna.canary', 'anna@example.org', '-')"
    raw_test_shows() { [ "$(curl -s "$url/api/db-raw-test" | jq -c .sample_user)" = "$1" ]; }
    within 30 raw_test_shows '{"username":"a***","event_id":null}'
    kill -TERM "$pid"
    ended
    hasnt "$(cat err)" canary
}

@test "health: no answer and no line of the log has a path, an account, or what the database said" {
    local canary=canary7391 path
    mkdir "$canary"
    case $FINDME_TEST_BACKEND in
        sqlite)
            sqlite3 "$canary/db" "CREATE TABLE users (id INTEGER, username TEXT, email TEXT);
                INSERT INTO users VALUES (1, '$canary', '$canary@example.org')"
            use_database "sqlite:$PWD/$canary/db"
            ;;
        *) use_database "$(server_database "$canary" | sed "s|//|//$canary:$canary@|; s|@postgres@|@|")" ;;
    esac
    FINDME_MODELS_DIR=$PWD/$canary FINDME_HEALTH_DB_RAW_TEST=true serve
    ask_everything() {
        local request
        for request in /livez '/readyz?verbose' /metrics /api/health-check /api/db-raw-test /nothing; do
            curl -si "$url$request" >> answers
            curl -si -H 'Accept: application/health+json' "$url$request" >> answers
        done
    }
    ask_everything
    if [ "$FINDME_TEST_BACKEND" = sqlite ]; then
        # Damaged while it is in use, and then not there.
        head -c 65536 /dev/zero | tr '\0' x > "$canary/new" && mv "$canary/new" "$canary/db"
        has_failed() { grep -q health_database_down err; }
        within 30 has_failed
        ask_everything
        rm "$canary/db"
        has_no_file() { grep -q '"code":"not_found"' err; }
        within 30 has_no_file
        ask_everything
    fi
    kill -TERM "$pid"
    ended
    grep -q "health_database_down" err
    grep -q "health_request_failed" err
    lacks "$canary" answers
    lacks "$canary" err
    for path in "$PWD" SELECT sqlite_ 'does not exist' FATAL 'not a database'; do
        lacks "$path" answers
        lacks "$path" err
    done
}

@test "health: a failed request is found in the log by its id" {
    [ "$FINDME_TEST_BACKEND" = sqlite ] || use_database "postgresql://nobody@/nothing?host=$PWD"
    serve
    local id
    id=$(curl -si "$url/readyz" | tr -d '\r' | sed -n 's/^X-Request-Id: //p')
    [ -n "$id" ]
    jq -es --arg id "$id" 'map(select(.event == "health_request_failed" and .request == $id)) |
        length == 1 and .[0].endpoint == "readyz" and .[0].status == "503" and .[0].code != ""' err
}

@test "health: promtool takes the metrics" {
    local promtool
    promtool=$(command -v promtool || echo "$findme_root/build/tools/promtool")
    [ -x "$promtool" ] || missing "no promtool (tests/run.sh gets it)"
    findme -q migrate
    local before=$EPOCHSECONDS
    serve
    curl -s "$url/livez" > /dev/null
    curl -s "$url/metrics" > metrics
    "$promtool" check metrics < metrics > said 2>&1 || { cat said; return 1; }
    cat said
    [ ! -s said ]
    grep -qx 'findme_database_up 1' metrics
    grep -qx 'findme_http_requests_total{code="200",endpoint="livez"} 1' metrics
    local started
    started=$(awk '/^process_start_time_seconds/ { printf "%d", $2 }' metrics)
    # The kernel counts the start from its own, in ticks: to the second that is not exact.
    ((started >= before - 2 && started <= EPOCHSECONDS + 2))
    [ "$(awk '/^process_open_fds/ { print $2 }' metrics)" -gt 3 ]
}
