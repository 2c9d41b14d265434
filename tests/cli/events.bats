#!/usr/bin/env bats
# findme event: update, stats, delete, purge. What is erased is counted, looked for again, and gone.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

# faces_left: rows that show a face, in any event.
faces_left() {
    sql "$database_url" "SELECT (SELECT count(*) FROM faces) + (SELECT count(*) FROM face_templates)
        + (SELECT count(*) FROM photo_models) + (SELECT count(*) FROM face_matches) + (SELECT count(*) FROM selfies)"
}

# receipt of the last command that printed JSON.
found() { jq -r --arg table "$1" '.tables[] | select(.table == $table).found' <<< "$output"; }

@test "update: what is named changes, and nothing else" {
    findme -q event create Party --code PARTY --date 2026-06-20 > /dev/null
    expect_exit 0 findme -o json event update par-ty --name Gala --new-code GALA26 --retention-days 10
    [ "$(jq -r '.name, .code, .date, .expires_at' <<< "$output" | xargs)" = "Gala GALA26 2026-06-20 2026-07-01T00:00:00.000Z" ]
    expect_exit 4 findme event show PARTY
    expect_exit 0 findme event show GALA26
    expect_exit 2 findme event update GALA26
    has "$stderr" "nothing is to be changed"
    expect_exit 2 findme event update GALA26 --retention-days 0 --new-code x
    has "$stderr" "4 to 32"
    has "$stderr" "retention is 1 to"
    findme -q event create Other --code OTHER > /dev/null
    expect_exit 6 findme event update GALA26 --new-code oth-er
    expect_exit 2 findme event update GALA26 --photographer marc --no-photographer
}

@test "update: a photographer is named, and given up" {
    findme -q event create Party --code PARTY > /dev/null
    findme -q user add marc --email marc@photo.example --role photographer > /dev/null
    findme -q user add lea --email lea@example.org --event PARTY > /dev/null
    expect_exit 0 findme event update PARTY --photographer marc
    has "$output" "owner:      marc"
    expect_exit 2 findme event update PARTY --photographer lea
    has "$stderr" "cannot have an event"
    expect_exit 6 findme user delete marc --yes
    has "$stderr" "--reassign-to"
    expect_exit 0 findme event update PARTY --no-photographer
    hasnt "$output" "owner"
    expect_exit 0 findme -o json event create Two --code TWO22 --photographer marc
    [ "$(jq .photographer_id <<< "$output")" != null ]
}

@test "stats: guests, photos, faces" {
    party
    findme -q user add lea --email lea@example.org --event PARTY > /dev/null
    expect_exit 0 findme event stats
    has "$output" "guests:  1 and 0 who joined, with 0 selfies"
    has "$output" "photos:  6 (0 without a face), 0 failed"
    expect_exit 0 findme -o json event stats party
    [ "$(jq -r '.type, .photos, .faces > 10, .matches' <<< "$output" | xargs)" = "event_stats 6 true 0" ]
}

@test "delete: without a confirmation it says what would go, and nothing goes" {
    party
    local before
    before=$(dump | digest)
    expect_exit 2 findme event delete PARTY
    has "$stderr" "photos (6)"
    has "$stderr" "--confirm PARTY"
    expect_exit 2 findme event delete PARTY --confirm PARTX
    has "$stderr" "is not the event's code"
    expect_exit 0 findme event delete PARTY --dry-run
    has "$output" "would remove"
    expect_exit 0 findme -o json event delete PARTY --dry-run
    [ "$(jq -r '.type, .dry_run, .scrubbed' <<< "$output" | xargs)" = "erasure_receipt true false" ]
    [ "$(found photos)" -eq 6 ]
    expect_exit 4 findme event delete NOBODY --dry-run
    [ "$(dump | digest)" = "$before" ]
}

@test "delete: the event goes with its guests and faces, the receipt ends in zeros, and the files stay" {
    party
    mkdir photos
    cp "$FINDME_TEST_SAMPLES"/sample?.jpg photos
    findme -q index photos > /dev/null
    findme -q user add lea --email lea@example.org --event PARTY > /dev/null
    findme -q event create Other --code OTHER > /dev/null
    expect_exit 0 findme -o json event delete PARTY --confirm par-ty
    [ "$(found photos)" -eq 6 ]
    [ "$(found users)" -eq 1 ]
    [ "$(found events)" -eq 1 ]
    [ "$(jq '[.tables[].left] | add' <<< "$output")" -eq 0 ]
    [ "$(jq .scrubbed <<< "$output")" = true ]
    [ "$(faces_left)" -eq 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM photos")" -eq 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM users")" -eq 0 ]
    [ "$(find photos -name 'sample?.jpg' | wc -l)" -eq 6 ]
    expect_exit 4 findme event delete PARTY --confirm PARTY
    expect_exit 0 findme event show OTHER
    integrity_check
}

@test "purge: past its retention nothing is matched, before a purge and after it" {
    party
    guest_selfie
    expect_exit 0 findme match selfie.jpg
    findme -q event update PARTY --date 2020-01-01 --retention-days 1 > /dev/null
    expect_exit 5 findme match selfie.jpg
    has "$stderr" "past its retention"
    [ "$(faces_left)" -gt 0 ]
    expect_exit 0 findme -o json event purge --expired
    [ "$(jq '.receipts | length' <<< "$output")" -eq 1 ]
    [ "$(jq '[.receipts[].tables[].left] | add' <<< "$output")" -eq 0 ]
    [ "$(faces_left)" -eq 0 ]
    expect_exit 5 findme match selfie.jpg
    # The event and the rows of its photos are still there.
    [ "$(findme -o json event show | jq .purged_at)" != null ]
    [ "$(sql "$database_url" "SELECT count(*) FROM photos")" -eq 6 ]
    integrity_check
}

@test "purge: --expired is for every day: when nothing is expired it is done" {
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 0 findme event purge --expired
    [ -z "$output" ]
    findme -q event create Old --code OLD22 --date 2020-01-01 --retention-days 1 > /dev/null
    expect_exit 0 findme event purge --expired
    has "$stderr" "no event past its retention holds faces"
    expect_exit 0 findme -o json event purge --expired
    [ "$(jq -c '[.type, .receipts, .failed]' <<< "$output")" = '["event_purge",[],0]' ]
    expect_exit 2 findme event purge
    expect_exit 2 findme event purge PARTY --expired
}

@test "purge: one event is purged early when that is confirmed, and a dry run changes nothing" {
    party
    guest_selfie
    local before
    before=$(dump | digest)
    expect_exit 2 findme event purge PARTY
    has "$stderr" "--confirm PARTY"
    expect_exit 0 findme event purge PARTY --dry-run
    has "$output" "would remove"
    expect_exit 0 findme event purge --expired --dry-run
    [ "$(dump | digest)" = "$before" ]
    expect_exit 0 findme event purge PARTY --confirm PARTY
    has "$output" "0 left"
    [ "$(faces_left)" -eq 0 ]
    expect_exit 5 findme match selfie.jpg
    has "$stderr" "purged"
}

@test "purge: after it nothing is indexed until the retention is set anew, and then everything is" {
    party
    findme -q event purge PARTY --confirm PARTY > /dev/null
    expect_exit 5 findme index "$FINDME_TEST_SAMPLES"/sample?.jpg
    [ "$(faces_left)" -eq 0 ]
    expect_exit 0 findme event update PARTY --retention-days 30
    hasnt "$output" "purged"
    expect_exit 0 findme index "$FINDME_TEST_SAMPLES"/sample?.jpg
    has "$output" "indexed 6 photos"
    [ "$(sql "$database_url" "SELECT count(*) FROM photos")" -eq 6 ]
    guest_selfie
    expect_exit 0 findme match selfie.jpg
}

@test "purge: a run that began before it writes no face behind it" {
    need_samples
    findme -q event create Party --code PARTY > /dev/null
    mkfifo list
    findme -q index --files-from list > /dev/null 2> err &
    local indexing=$!
    exec 7> list
    echo "$FINDME_TEST_SAMPLES/sample1.jpg" >&7
    faces_are_kept() { [ "$(faces_left)" -gt 0 ]; }
    before_end_of "$indexing" faces_are_kept
    expect_exit 0 findme event purge PARTY --confirm PARTY
    echo "$FINDME_TEST_SAMPLES/sample2.jpg" >&7
    exec 7>&-
    local status=0
    wait "$indexing" || status=$?
    [ "$status" -eq 5 ]
    has "$(cat err)" "purged"
    [ "$(faces_left)" -eq 0 ]
}

@test "audit: what was done to an event is written down, with counts and without names" {
    party
    findme -q event update PARTY --name "Anna and Ben" > /dev/null
    findme -q event purge PARTY --confirm PARTY > /dev/null
    findme -q event delete PARTY --confirm PARTY > /dev/null
    sql "$database_url" "SELECT action, detail FROM audit_log WHERE subject LIKE 'event:%' ORDER BY id" > entries
    [ "$(cut -d'|' -f1 entries | xargs)" = "event.created event.updated event.purged event.deleted" ]
    grep -q 'event.purged|.*faces=' entries
    grep -q 'event.deleted|.*photos=6' entries
    lacks Anna entries
}
