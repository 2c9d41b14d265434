#!/usr/bin/env bats
# What is logged, where, and in which form.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

run_of() { sed -nE 's/.* run=([0-9a-f]{16})$/\1/p'; }

@test "log: -v tells when a run began and ended, under one id that no other run has" {
    expect_exit 0 findme -v version
    local time='2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z'
    [ "${#stderr_lines[@]}" -eq 2 ]
    [[ ${stderr_lines[0]} =~ ^$time\ info\ run_started\ command=version\ version=[0-9.]+\ pid=[0-9]+\ run=[0-9a-f]{16}$ ]]
    [[ ${stderr_lines[1]} =~ ^$time\ info\ run_finished\ command=version\ exit=0\ seconds=[0-9.]+\ run=[0-9a-f]{16}$ ]]
    [ "$(run_of <<< "$stderr" | sort -u | wc -l)" -eq 1 ]
    local first
    first=$(run_of <<< "${stderr_lines[0]}")
    expect_exit 0 findme -v version
    [ "$(run_of <<< "${stderr_lines[0]}")" != "$first" ]
}

@test "log: a command that fails is logged with its exit code" {
    expect_exit 2 findme -v --config no-such-file config show
    has "$stderr" "run_finished command=\"config show\" exit=2"
    # The configuration that cannot be read is told of once.
    [ "$(grep -c '^findme: ' <<< "$stderr")" -eq 1 ]
}

@test "log: without -v nothing is said that needs no attention, and -q beats every setting" {
    expect_exit 0 findme version
    [ -z "$stderr" ]
    FINDME_LOG_LEVEL=info expect_exit 0 findme version
    has "$stderr" run_started
    FINDME_LOG_LEVEL=error expect_exit 0 findme -v version
    has "$stderr" run_started
    FINDME_LOG_LEVEL=debug expect_exit 0 findme -q version
    [ -z "$stderr" ]
    expect_exit 0 findme -vv --set log.level=error version
    has "$stderr" run_started
}

@test "log: with JSON output lines are JSON, and the setting has the last word" {
    need_command jq
    expect_exit 0 findme -v -o jsonl config show
    [ "$(jq -r 'select(.type == "log" and .v == 1 and .level == "info") | .event' <<< "$stderr" | xargs)" = "run_started run_finished" ]
    jq -se '(map(.run) | unique | length) == 1 and all(.time | test("^[0-9-]{10}T[0-9:.]{12}Z$"))
        and .[1].exit == "0" and .[0].command == "config show"' <<< "$stderr"
    expect_exit 0 findme -v -o json --set log.format=text config show
    has "$stderr" " info run_started "
    FINDME_LOG_FORMAT=json expect_exit 0 findme -v version
    [ "$(jq -r .event <<< "$stderr" | xargs)" = "run_started run_finished" ]
}

@test "log: the journal gets priorities instead of times, by itself only where the standard error leads to it" {
    FINDME_LOG_FORMAT=journal expect_exit 0 findme -v version
    [[ ${stderr_lines[0]} =~ ^'<6>run_started command=version '.*\ run=[0-9a-f]{16}$ ]]
    : > journal
    JOURNAL_STREAM=$(stat -c %d:%i journal) "$FINDME_BIN" -v version > out 2>> journal
    [ "$(grep -c '^<6>run_' journal)" -eq 2 ]
    JOURNAL_STREAM=$(stat -c %d:%i journal) "$FINDME_BIN" -v version > out 2> elsewhere
    lacks '^<' elsewhere
    FINDME_LOG_FORMAT=text JOURNAL_STREAM=$(stat -c %d:%i journal) "$FINDME_BIN" -v version > out 2> journal
    lacks '^<' journal
}

@test "log: a lost standard error takes nothing from the run" {
    findme -v version > alone 2>&-
    grep -q '^findme ' alone
    "$FINDME_BIN" -v version > full 2> /dev/full
    cmp alone full
}

# database: any
@test "log: photos that failed are logged by their codes, and no file name forges a line" {
    need_models
    need_command jq
    findme -q event create Party --code PARTY > /dev/null
    mkdir photos
    local forged=$'a b" level=error\n2026-01-01T00:00:00.000Z error forged x=1 \x1b[2J.jpg'
    printf 'no picture' > "photos/$forged"
    printf 'no picture' > $'photos/caf\xff.jpg'
    expect_exit 3 findme -v index photos
    [ "$(grep -c '^2[0-9-]*T.* info photo_failed code=image_unsupported run=' <<< "$stderr")" -eq 2 ]
    [ "$(grep -c '^2[0-9-]*T' <<< "$stderr")" -eq 4 ]
    hasnt "$stderr" $'\x1b'
    run --separate-stderr findme -v -o jsonl index --reindex photos
    [ "$(jq -r 'select(.event == "photo_failed") | .level + " " + .code' <<< "$stderr" | sort -u)" = "info image_unsupported" ]
    FINDME_LOG_FORMAT=journal run --separate-stderr findme -v index --reindex photos
    [ "$(grep -c '^<6>' <<< "$stderr")" -eq 4 ]
}

# database: any
@test "log: who is refused sees nothing of why, and the operator does" {
    findme -q event create Party --code PARTY > /dev/null
    echo "a long enough password" > password
    chmod 600 password
    findme -q user add anna --email anna@example.org --event PARTY --password-file password > /dev/null
    expect_exit 5 findme user verify anna --event PARTY --password-stdin <<< "another password"
    local wrong=$stderr
    [ "${#stderr_lines[@]}" -eq 1 ]
    expect_exit 5 findme user verify nobody --event PARTY --password-stdin <<< "another password"
    [ "$stderr" = "$wrong" ]
    FINDME_LOG_LEVEL=info expect_exit 5 findme user verify anna --event PARTY --password-stdin <<< "another password"
    has "$stderr" " info login_refused "
    has "$stderr" rule=wrong_password
    hasnt "$stderr" example.org
}

# database: any
@test "log: what was given on the command line is not logged" {
    findme -q event create Party --code PARTY > /dev/null
    findme -q user add anna --email anna@example.org --event PARTY > /dev/null
    findme -vv user show anna@example.org > out 2> err
    grep -q 'run_started command="user show"' err
    lacks example.org err
    lacks anna err
}

# database: postgresql
@test "log: a database that goes away under a run and comes back is two warnings" {
    need_samples
    own_server fsync=off recovery_init_sync_method=syncfs
    use_database "$(new_database work)"
    findme -q event create Party --code PARTY > /dev/null
    mkfifo list items
    "$FINDME_BIN" -o jsonl --set log.format=text index --files-from list > items 2> err 3>&- &
    local indexing=$! status=0
    exec 8< items 7> list
    echo "$FINDME_TEST_SAMPLES/sample1.jpg" >&7
    read -r -u 8
    findme_postgresql_halt "$server"
    echo "$FINDME_TEST_SAMPLES/sample2.jpg" >&7
    exec 7>&-
    before_end_of "$indexing" grep -q database_retry err
    server_returns "$indexing"
    cat <&8 > rest
    wait "$indexing" || status=$?
    cat err
    [ "$status" -eq 0 ]
    grep -q ' warning database_retry code=store_unreachable try=2 wait_ms=[0-9]* run=' err
    [ "$(sed -nE 's/.* warning (database_(lost|regained)) .*/\1/p' err | uniq | xargs)" = "database_lost database_regained" ]
}
