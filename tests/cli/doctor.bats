#!/usr/bin/env bats
# Faults are planted: doctor names each, exits accordingly, and mends those it says it can.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/cli_doctor.bash
load ../support/cli_doctor

setup() { healthy_home; }

@test "doctor: a healthy installation ends with 0, and every check says what it saw" {
    clean
    people
    clean
    jq -e '.type == "doctor" and .v == 1 and .worst == "note" and .exit_code == 0 and (.checks | length) >= 18
        and all(.checks[]; .name != "" and .summary != "" and (.status | IN("ok", "skipped")))' <<< "$output"
}

@test "doctor: text has a line a check and a summary; -q has findings alone; jsonl a line a check" {
    expect_exit 0 findme doctor
    [ "${#lines[@]}" -ge 19 ]
    [[ ${lines[0]} =~ ^ok\ +configuration\  ]]
    has "${lines[-1]}" "0 errors, 0 warnings"
    expect_exit 0 findme -q doctor
    [ -z "$output" ]
    query "DROP INDEX users_email_event_unique"
    expect_exit 7 findme -q doctor
    has "$output" "error: schema.index_missing (--fix mends it)"
    has "$output" "->"
    hasnt "$output" configuration
    expect_exit 7 findme doctor --fix --dry-run
    has "$output" "schema.index_missing (would be mended)"
    expect_exit 7 findme -o jsonl doctor
    [ "$(jq -rs 'map(.type) | unique | join(",")' <<< "$output")" = doctor_check ]
    expect_exit 0 findme doctor --fix
    has "$output" "schema.index_missing (mended)"
    has "${lines[-1]}" "1 mended"
    expect_exit 2 findme doctor --dry-run
    has "$stderr" --fix
}

@test "doctor: faults of the schema are named, and missing indexes made again" {
    query "DROP INDEX users_email_event_unique; DROP INDEX faces_event_id;"
    mends 7 schema.index_missing
    fault 3 schema.column_extra "ALTER TABLE photos ADD COLUMN nickname TEXT" "ALTER TABLE photos DROP COLUMN nickname"
    fault 7 old_constraints.users_email_key "CREATE UNIQUE INDEX users_email_key ON users (email)" "DROP INDEX users_email_key"
    fault 7 old_constraints.ix_users_username "CREATE INDEX ix_users_username ON users (username)" "DROP INDEX ix_users_username"
    left_alone 7
    fault 7 schema.too_new "INSERT INTO findme_schema_history
            (version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms)
            VALUES (9001, 'later', 'x', 'sha256-lf', '2026-06-20T12:00:00.000Z', NULL, 0)" \
        "DELETE FROM findme_schema_history WHERE version = 9001"
    left_alone 7
    local sum
    sum=$(query "SELECT checksum FROM findme_schema_history WHERE version = 2")
    fault 7 schema.altered "UPDATE findme_schema_history SET checksum = 'x' WHERE version = 2" \
        "UPDATE findme_schema_history SET checksum = '$sum' WHERE version = 2"
    left_alone 7
    findme -q migrate down --to 6 --yes > /dev/null
    finds 7 schema.pending
    jq -e '[.checks[] | select(.name == "tokens") | .status] == ["skipped"]' <<< "$output"
    findme -q migrate > /dev/null
    clean
}

@test "doctor: what nobody can see any more, old tokens and photos left half done are mended" {
    people
    plant "INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES (1, 99, 80)"
    plant "INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES (98, 1, 80)"
    plant "INSERT INTO face_templates (face_id, event_id, model_id, template) VALUES (97, 1, '$model', $(bytes "$(repeated 00 512)"))"
    plant "INSERT INTO faces (photo_id, event_id, model_id, ordinal, box_x, box_y, box_width, box_height, landmarks,
               detection_score, height_px, sharpness, yaw, roll_deg) SELECT 96, event_id, model_id, ordinal, box_x, box_y, box_width, box_height, landmarks,
               detection_score, height_px, sharpness, yaw, roll_deg FROM faces WHERE id = 1;
           INSERT INTO face_templates SELECT (SELECT max(id) FROM faces), event_id, model_id, template FROM face_templates WHERE face_id = 1"
    plant "INSERT INTO photo_paths (event_id, photo_id, path, size_bytes, mtime_ns)
               SELECT event_id, 95, $(bytes "$(hex_of "$PWD/grey")"), size_bytes, 1 FROM photo_paths WHERE photo_id = 1"
    cp photo.tif grey
    plant "INSERT INTO photo_models (photo_id, model_id, indexed_at, face_count) VALUES (94, '$model', '2026-01-01T00:00:00.000Z', 0)"
    plant "INSERT INTO account_tokens (user_id, token_hash, created_at, expires_at)
               VALUES (93, $(bytes "$(repeated 01 32)"), '2026-01-01T00:00:00.000Z', '9999-01-01T00:00:00.000Z')"
    plant "INSERT INTO account_tokens (user_id, token_hash, created_at, expires_at)
               VALUES (1, $(bytes "$(repeated 02 32)"), '2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z')"
    plant "UPDATE photos SET processing_status = 'PROCESSING', updated_at = '2026-01-01T00:00:00.000Z'"
    # Of two rows of one kind each is mended.
    mends 3 orphans.face_matches orphans.face_templates orphans.faces orphans.photo_paths orphans.photo_models \
        orphans.account_tokens tokens.not_pruned photos.unfinished
    [ "$(query "SELECT processing_status FROM photos")" = PENDING ]
    # Everything that belongs together is still there, and the audit tells of every change.
    [ "$(query "SELECT count(*) FROM face_matches")" = 1 ]
    [ "$(query "SELECT count(*) FROM face_templates")" = 1 ]
    [ "$(query "SELECT count(*) FROM faces")" = 1 ]
    [ "$(query "SELECT count(*) FROM photo_paths")" = 1 ]
    [ "$(query "SELECT count(*) FROM audit_log WHERE action = 'doctor.mended'")" -ge 9 ]
    expect_exit 0 findme audit verify
}

@test "doctor: a photo that somebody works on now is left alone" {
    people
    local now
    now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
    plant "UPDATE photos SET processing_status = 'PROCESSING', updated_at = '$now'"
    clean
    # Nobody said when this one was begun: it may have been a second ago.
    plant "UPDATE photos SET updated_at = NULL"
    examine 0 --fix
    [ "$(query "SELECT processing_status FROM photos")" = PROCESSING ]
}

@test "doctor: faults of rows that a person may miss are named and left alone" {
    people
    fault 8 orphans.user_events "INSERT INTO user_events (user_id, event_id) VALUES (92, 1)" "DELETE FROM user_events"
    fault 8 orphans.faces_without_template "INSERT INTO faces (photo_id, event_id, model_id, ordinal, box_x, box_y,
            box_width, box_height, landmarks, detection_score, height_px, sharpness, yaw, roll_deg)
            SELECT photo_id, event_id, model_id, 1, box_x, box_y, box_width, box_height, landmarks, detection_score,
            height_px, sharpness, yaw, roll_deg FROM faces" "DELETE FROM faces WHERE ordinal = 1"
    fault 8 consents.missing "UPDATE selfies SET consent_id = 91" "UPDATE selfies SET consent_id = 1"
    fault 8 templates.wrong_length "UPDATE face_templates SET template = $(bytes 00ff)" \
        "UPDATE face_templates SET template = $(bytes "$(repeated 00 512)")"
    fault 8 templates.not_a_number "UPDATE selfies SET template = $(bytes "0000c07f$(repeated 00 508)")" \
        "UPDATE selfies SET template = $(bytes "$(repeated 00 512)")"
    fault 3 templates.other_model "UPDATE faces SET model_id = 'older'" "UPDATE faces SET model_id = '$model'"
    fault 3 templates.selfie_of_other_model "UPDATE selfies SET model_id = 'older'" "UPDATE selfies SET model_id = '$model'"
    fault 3 retention.overdue "UPDATE events SET expires_at = '2026-01-01T00:00:00.000Z'" \
        "UPDATE events SET expires_at = '2099-01-01T00:00:00.000Z'"
    left_alone 8
    fault 3 retention.undecided "UPDATE events SET retention_days = NULL, expires_at = NULL" \
        "UPDATE events SET retention_days = 365, expires_at = '2099-01-01T00:00:00.000Z'"
    fault 3 clock.future "UPDATE users SET created_at = '2199-01-01T00:00:00.000Z'" \
        "UPDATE users SET created_at = '2026-01-01T00:00:00.000Z'"
    fault 8 audit.broken "UPDATE audit_head SET last_id = last_id + 1" "UPDATE audit_head SET last_id = last_id - 1"
    left_alone 8
}

@test "doctor: files of photos that are gone or are others are named" {
    people
    mv photo.tif elsewhere.tif
    finds 3 photos.file_missing
    has "$output" photo.tif
    { cat elsewhere.tif && echo more; } > photo.tif
    finds 3 photos.file_changed
    mv elsewhere.tif photo.tif
    clean
    plant "UPDATE photos SET processing_status = 'FAILED'"
    finds 0 photos.failed
}

@test "doctor: missing and altered models are named" {
    cp -r "$FINDME_TEST_MODELS" models
    export FINDME_MODELS_DIR=$PWD/models
    clean
    mv models/fr_detect.onnx .
    finds 2 models.missing
    { cat fr_detect.onnx && echo x; } > models/fr_detect.onnx
    finds 8 models.altered
    mv fr_detect.onnx models
    clean
}

@test "doctor: of several errors the gravest gives the exit code, and no message holds an e-mail or a name" {
    people
    mkdir empty
    query "DROP INDEX users_email_event_unique"
    FINDME_MODELS_DIR=$PWD/empty finds 7 models.missing
    finding schema.index_missing true
    plant "UPDATE selfies SET consent_id = 91"
    FINDME_MODELS_DIR=$PWD/empty finds 8 consents.missing
    hasnt "$output" private.example
    hasnt "$output" zerbinetta
}

@test "doctor: faults of the configuration are named, and modes of files mended" {
    local file=$HOME/.config/findme/findme.yaml
    mkdir -p "$(dirname "$file")"
    printf 'index:\n  jobs: 2\n' > "$file"
    chmod 664 "$file"
    mends 3 configuration.file_writable
    [ "$(stat -c %a "$file")" = 644 ]
    printf 'index:\n  jobbs: 2\n' > "$file"
    query "DROP INDEX users_email_event_unique"
    finds 7 configuration.invalid
    has "$output" "findme.yaml:2"
    # With a setting wrong nothing is mended.
    examine 7 --fix
    finding schema.index_missing '.fixed | not'
    : > "$file"
    examine 0 --fix
    clean
}

# database: sqlite
@test "doctor: a database that is not there yet is a note, and is not made" {
    rm -r "$HOME/.local"
    finds 0 database.missing
    [ ! -e "$HOME/.local" ]
    sqlite3 empty.db "PRAGMA journal_mode = WAL" > /dev/null
    expect_exit 0 findme -o json --database sqlite:empty.db doctor --fix
    finding database.empty true
    [ -z "$(sqlite3 empty.db .tables)" ]
    : > restored.db
    expect_exit 8 findme -o json --database sqlite:restored.db doctor --fix
    finding database.corrupt true
    [ ! -s restored.db ]
}

# database: sqlite
@test "doctor: another program's database is named and left as it is" {
    sqlite3 other.db "CREATE TABLE theirs (id INTEGER)"
    chmod 664 other.db
    local before
    before=$(digest other.db)
    expect_exit 7 findme -o json --database sqlite:other.db doctor --fix
    finding database.foreign true
    [ "$(digest other.db) $(stat -c %a other.db)" = "$before 664" ]
    sqlite3 other.db "PRAGMA application_id = 7; CREATE TABLE findme_schema_history (id INTEGER)"
    expect_exit 7 findme -o json --database sqlite:other.db doctor
    finding database.foreign true
}

# database: sqlite
@test "doctor: a file that is no database, a folder and a locked database are named" {
    echo "these are notes, and more than sixteen bytes of them" > notes.txt
    expect_exit 8 findme -o json --database sqlite:notes.txt doctor
    finding database.corrupt true
    # What is none of findme's keeps its mode, whatever the URL names.
    mkdir -m 755 folder
    mkfifo -m 644 fifo
    chmod 644 notes.txt
    ln -s notes.txt link.txt
    local name
    for name in notes.txt link.txt folder fifo; do
        run findme --database "sqlite:$name" doctor --fix
        [ "$status" -ne 0 ]
    done
    [ "$(stat -c %a notes.txt folder fifo | xargs)" = "644 755 644" ]
    # No server's remedy for what is no server, and nobody waits for the other end of a pipe.
    for name in "folder name a file in it" "fifo a named pipe"; do
        expect_exit 2 findme -o json --timeout 60 --database "sqlite:${name%% *}" doctor
        finding database.config_invalid '(.remedy | contains("server") | not)'
        has "$output" "${name#* }"
    done
    jq -e '[.checks[] | select(.name == "models") | .status] == ["ok"]' <<< "$output"
    expect_exit 2 findme -o json --database sqlite://host/a.db doctor
    finding database.config_invalid true
    mkfifo gate
    sqlite3 "$database" < gate > held &
    local holder=$!
    exec 7> gate
    printf '.output stdout\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&7
    before_end_of "$holder" test -s held
    run --separate-stderr findme -o json doctor
    exec 7>&-
    wait "$holder"
    [ "$status" -eq 6 ]
    finding database.locked true
}

# database: sqlite
@test "doctor: each check is told of when it is made, and a terminal says what is being looked at" {
    # The second check waits for a lock that is only given back once the first one has been read.
    mkfifo gate lines
    sqlite3 "$database" < gate > held &
    local holder=$! first
    exec 7> gate
    printf '.output stdout\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&7
    before_end_of "$holder" test -s held
    { "$FINDME_BIN" -o jsonl doctor > lines 2> err && echo 0 > status || echo $? > status; } 3>&- 7>&- &
    local doctor=$!
    exec 8< lines
    read -r -u 8 first
    [ "$(jq -r .name <<< "$first")" = configuration ]
    exec 7>&-
    wait "$holder"
    cat <&8 > rest
    exec 8<&-
    wait "$doctor"
    [ "$(cat status)" = 0 ]
    [ "$(wc -l < rest)" -ge 17 ]
    TERM=xterm script -qec "'$FINDME_BIN' doctor" screen < /dev/null > /dev/null
    has "$(cat screen)" "looking at schema, 2 checks done"
    has "$(cat screen)" "checks: 0 errors"
    TERM=xterm script -qec "'$FINDME_BIN' --no-progress doctor" screen < /dev/null > /dev/null
    hasnt "$(cat screen)" "looking at"
    expect_exit 0 findme doctor
    [ -z "$stderr" ]
}

# database: sqlite
@test "doctor: modes of the database's file and folder are mended, another folder's are not" {
    chmod 644 "$database"
    mends 2 storage.file_open
    [ "$(stat -c %a "$database")" = 600 ]
    chmod 755 "$(dirname "$database")"
    mends 3 storage.folder_open
    chmod 777 "$(dirname "$database")"
    mends 2 storage.folder_open
    [ "$(stat -c %a "$(dirname "$database")")" = 700 ]
    # Seen through a link as well.
    chmod 644 "$database"
    ln -s "$database" link.db
    finds_by_link() { use_database "sqlite:$PWD/link.db" && finds 2 storage.file_open; }
    (finds_by_link)
    chmod 600 "$database"
    mkdir -m 777 shared
    (umask 077 && cp "$database" shared/a.db)
    use_database "sqlite:$PWD/shared/a.db"
    finds 2 storage.folder_open
    examine 2 --fix
    [ "$(stat -c %a shared)" = 777 ]
    chmod 755 shared
    clean
}

# database: sqlite
@test "doctor: a damaged page, a large log, another journal mode and free pages are named" {
    people
    sqlite3 "$database" "PRAGMA journal_mode = delete" > /dev/null
    finds 0 storage.journal_mode
    examine 0
    finding storage.journal_mode true && return 1
    # Somebody keeps the database open: closing does not write the log back then.
    mkfifo gate
    sqlite3 "$database" < gate > held &
    local holder=$!
    exec 7> gate
    printf '.output stdout\nBEGIN;\nSELECT count(*) FROM users;\n' >&7
    before_end_of "$holder" test -s held
    sqlite3 "$database" "PRAGMA wal_autocheckpoint = 0; UPDATE photos SET photo_data = zeroblob(70000000)" > /dev/null
    [ "$(stat -c %s "$database-wal")" -gt 67108864 ]
    finds 3 storage.log_large
    examine 3 --fix
    has "$output" "mending it failed: another process reads the database"
    printf 'COMMIT;\nSELECT 1;\n' >&7
    before_end_of "$holder" has_lines 2 held
    mends 3 storage.log_large
    [ ! -s "$database-wal" ]
    exec 7>&-
    wait "$holder"
    sqlite3 "$database" "UPDATE photos SET photo_data = NULL" > /dev/null
    finds 0 storage.free_pages
    sqlite3 "$database" VACUUM
    local page
    page=$(sqlite3 "$database" "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_photos_user_id'")
    head -c 4096 /dev/zero | tr '\0' 'x' | dd of="$database" bs=4096 seek=$((page - 1)) conv=notrunc status=none
    finds 8 storage.damaged
}

# database: sqlite
@test "doctor: a small disk that is nearly full, and one that is read-only" {
    [ "$(id -u)" -eq 0 ] || unfit "only root can mount a small disk"
    mkdir -m 700 small
    mount -t tmpfs -o size=4m,mode=700 findme-test small 2> /dev/null || unfit "mounting is not allowed here"
    cp -p "$database" small/a.db || { umount small; return 1; }
    use_database "sqlite:$PWD/small/a.db"
    local low=0 read_only=0
    finds 3 disk.low || low=1
    mount -o remount,ro small || read_only=1
    finds 1 disk.read_only || read_only=1
    umount small
    [ $low$read_only = 00 ]
}
