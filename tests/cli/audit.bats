#!/usr/bin/env bats
# findme audit: which commands leave an entry, what is in it, and that the chain is whole behind them.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

query() { sql "$database_url" "$1"; }

# entries [ARGUMENT...]: action, subject and detail of each entry, one a line, when the chain is whole.
entries() {
    findme audit verify > /dev/null || return 1
    findme audit list "$@" | cut -f 4-
}

# job STATE PATH: a file in the queue of the event 1, for nobody at work.
job() {
    local bytes
    bytes=$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')
    [ "$FINDME_TEST_BACKEND" = sqlite ] && bytes="x'$bytes'" || bytes="'\\x$bytes'::bytea"
    query "INSERT INTO index_jobs (event_id, model_id, path, size_bytes, mtime_ns, state, attempt, due_at, queued_at)
        VALUES (1, 'm', $bytes, 1, 1, '$1', 3, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')"
}

# The release's detector under another hash, in a models folder of this test.
own_model() {
    need_models
    mkdir -p models
    cp "$FINDME_TEST_MODELS"/*.onnx "$FINDME_TEST_MODELS"/*.dat models
    export FINDME_MODELS_DIR=$PWD/models
    { cat models/fr_detect.onnx && printf '\x12\x01x'; } > own.onnx
    own=rfb-$(digest own.onnx | cut -c1-12)
}

@test "audit: a forgotten photo leaves its id and what went, and one that stays nothing" {
    party
    local id
    id=$(findme -o json photo show "$FINDME_TEST_SAMPLES/sample1.jpg" | jq .id)
    findme photo forget --dry-run "$FINDME_TEST_SAMPLES/sample1.jpg" > /dev/null
    expect_exit 4 findme photo forget "$FINDME_TEST_SAMPLES/sample1.jpg" no.jpg
    [ -z "$(entries --action photo.)" ]
    findme photo forget "$FINDME_TEST_SAMPLES"/sample[12].jpg > /dev/null
    [ "$(entries --action photo. | wc -l)" -eq 2 ]
    [ "$(entries --subject "photo:$id")" = $'photo.forgotten\tphoto:'"$id"$'\tpaths=1 faces=3 templates=3' ]
    findme audit list | grep -qP "\tcli:uid=\d+\tphoto.forgotten\t"
    lacks sample <(query "SELECT actor, action, subject, detail FROM audit_log")
}

@test "audit: whoever takes a queue in hand is written down, with how many files" {
    findme -q event create Party --code PARTY > /dev/null
    findme -q queue retry > /dev/null
    findme -q queue cancel > /dev/null
    [ -z "$(entries --action queue.)" ]
    job dead /srv/a.jpg
    job dead /srv/b.jpg
    job ready /srv/c.jpg
    findme queue retry > /dev/null
    findme queue cancel > /dev/null
    [ "$(entries --action queue.)" = $'queue.retried\tevent:1\tfiles=2\nqueue.cancelled\tevent:1\tfiles=3' ]
}

@test "audit: an export is written down before it is handed out, and tells of itself" {
    findme -q event create Party --code PARTY > /dev/null
    findme -q user add anna --email anna@example.org > /dev/null
    findme user export anna > out
    [ "$(entries --action user.exported)" = $'user.exported\tuser:1' ]
    jq -e '[.audit[].action] | index("user.exported") != null' out
    expect_exit 4 findme user export nobody
    [ "$(entries --action user.exported | wc -l)" -eq 1 ]
    lacks example.org <(query "SELECT actor, action, subject, detail FROM audit_log")
}

@test "audit: a model that comes or goes is written down where there is a database" {
    own_model
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 0 findme -q model add own.onnx
    [ -z "$stderr" ]
    findme -q model add own.onnx > /dev/null
    findme -q model remove "$own" > /dev/null
    [ "$(entries --action model.)" = $'model.added\tmodel:'"$own"$'\nmodel.removed\tmodel:'"$own" ]
}

# database: sqlite
@test "audit: a model that comes before the database makes none, and another program's stays as it is" {
    own_model
    expect_exit 0 findme -q model add own.onnx
    [ -z "$stderr" ]
    [ ! -e "$database" ]
    [ ! -e "$(dirname "$database")" ] || [ -z "$(ls -A "$(dirname "$database")")" ]
    sqlite3 theirs.db "CREATE TABLE t (a)"
    local before
    before=$(digest theirs.db)
    expect_exit 0 findme -q --database sqlite:theirs.db model remove "$own"
    [ "$(digest theirs.db)" = "$before" ]
    [ "$(find . -name 'theirs.db*' | wc -l)" -eq 1 ]
}

# database: none
@test "audit: a database that does not answer keeps no model out, and it is said" {
    own_model
    expect_exit 0 findme --database "postgresql:///x?host=$PWD" model add own.onnx
    has "$output" "added $own"
    has "$stderr" model_not_in_audit
    has "$stderr" "model=$own"
}

# steps ACTION FIRST LAST: what the entries of these steps say.
steps() {
    local step
    for ((step = $2; step != $3 + ($2 > $3 ? -1 : 1); step += ($2 > $3 ? -1 : 1))); do printf '%s\tschema:%d\n' "$1" "$step"; done
}

newest() { ls "$findme_root/migrations/$(database_kind)" | sed -nE 's/^0*([0-9]+)_.*\.up\.sql$/\1/p' | sort -n | tail -n 1; }

@test "audit: every step of the schema is written down from the audit's own on" {
    empty_database
    findme -q migrate up > /dev/null
    [ "$(entries | cut -f 1,2)" = "$(steps migrate.up 7 "$(newest)")" ]
    findme -q migrate up > /dev/null
    findme -q migrate plan > /dev/null
    [ "$(entries | wc -l)" -eq $(($(newest) - 6)) ]
    findme -q migrate down --to 7 > /dev/null
    [ "$(query "SELECT action || ' ' || subject FROM audit_log ORDER BY id DESC LIMIT 1")" = "migrate.down schema:8" ]
    findme -q migrate up > /dev/null
    query "DROP INDEX photo_paths_photo_id_path"
    findme -q migrate repair --dry-run > /dev/null
    findme -q migrate repair > /dev/null
    [ "$(entries | cut -f 1,2 | tail -n 2)" = "$(steps migrate.up "$(newest)" "$(newest)" && steps migrate.repair "$(newest)" "$(newest)")" ]
    findme audit list | tail -n 1 | grep -qP "\tcli:uid=\d+\tmigrate.repair\tschema:$(newest)\tplan=[0-9a-f]{16}$"
}

@test "audit: entries about the schema alone are no loss when the schema goes, others are" {
    empty_database
    findme -q migrate up > /dev/null
    expect_exit 0 findme migrate down --to 0
    findme -q migrate up > /dev/null
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 2 findme migrate down --to 6
    has "$stderr" "table audit_log (1 row)"
    findme -q migrate down --to 6 --yes > /dev/null
    findme -q migrate up > /dev/null
    # The chain begins anew with the step that makes it.
    [ "$(entries | cut -f 1,2)" = "$(steps migrate.up 7 "$(newest)")" ]
}

# database: postgresql
@test "audit: an adoption is written down by the steps that it ran" {
    empty_database
    psql -q -X -v ON_ERROR_STOP=1 -f "$findme_root/tests/support/findme_v88.sql" "$database_url" > /dev/null
    findme -q migrate adopt --dry-run > /dev/null
    findme -q migrate adopt > /dev/null
    [ "$(entries | cut -f 1,2)" = "$(steps migrate.adopt 7 "$(newest)")" ]
    findme -q migrate adopt > /dev/null
    [ "$(entries | wc -l)" -eq $(($(newest) - 6)) ]
}

@test "audit: a step that fails leaves no entry" {
    empty_database
    findme -q migrate up > /dev/null
    findme -q migrate down --to 7 > /dev/null
    query "CREATE TABLE index_jobs (id INTEGER)"
    run findme -q migrate up
    [ "$status" -ne 0 ]
    query "DROP TABLE index_jobs"
    findme -q migrate up > /dev/null
    [ "$(entries | cut -f 1,2)" = "$(steps migrate.up 7 "$(newest)" && steps migrate.down "$(newest)" 8 && steps migrate.up 8 "$(newest)")" ]
}
