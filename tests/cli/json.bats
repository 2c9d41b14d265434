#!/usr/bin/env bats
# JSON: every command's output parses, and its form is the one written down here. Fields are only ever added: a new one
# goes into this list, and none is taken out.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

# Every path of keys in a document, array places as [].
keys_of() {
    jq -r '[paths | map(if type == "number" then "[]" else . end) | join(".")] | unique | .[]'
}

# expect_keys FILE KEY...: all of them are there; more may be.
expect_keys() {
    local file=$1 key
    shift
    keys_of < "$file" > keys
    for key in "$@"; do
        grep -Fqx "$key" keys || { echo "no $key in:"; cat "$file"; return 1; }
    done
}

event_keys=(type v id name code date retention_days created_at expires_at photographer_id purged_at photos failed faces)
photo_keys=(type v id sha256 paths paths.[].text status width_px height_px captured_at indexed_at face_count)
face_keys=(id box box.x box.y box.width box.height landmarks landmarks.[].x landmarks.[].y detection_score height_px sharpness yaw roll_deg)

@test "json: event create, show and list" {
    findme -o json event create Party --code PARTY --date 2026-06-20 > out
    expect_keys out "${event_keys[@]}"
    jq -e '.type == "event" and .v == 1 and .date == "2026-06-20"' out
    findme -o json event show > out
    expect_keys out "${event_keys[@]}"
    findme -o json event list > out
    expect_keys out type v events "${event_keys[@]/#/events.[].}"
    [ "$(findme -o jsonl event list | jq -r .type)" = event ]
}

@test "json: index" {
    need_samples
    findme -q event create Party --code PARTY > /dev/null
    mkdir photos
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" photos
    echo broken > photos/broken.jpg
    findme -o jsonl index photos > items || [ $? -eq 3 ]
    [ "$(jq -r .type items | sort | uniq -c | tr -s ' \n' ' ')" = " 2 index_item 1 index_summary " ]
    [ "$(tail -n 1 items | jq -r .type)" = index_summary ]
    grep '"indexed"' items | head -n 1 > out
    expect_keys out type v path path.text outcome sha256 faces
    grep '"outcome":"failed"' items > out
    expect_keys out type v path outcome error error.code error.message error.retry
    tail -n 1 items > out
    expect_keys out type v indexed duplicate unchanged failed ignored pending faces cancelled
    findme -o json index photos > out || [ $? -eq 3 ]
    expect_keys out type v indexed failed failures 'failures.[].path' 'failures.[].error.code'
}

@test "json: match" {
    party
    guest_selfie
    grey_picture grey.tif
    findme -o json match selfie.jpg grey.tif > out 2> err || [ $? -eq 3 ]
    expect_keys out type v event min_score faces_searched selfies 'selfies.[].path.text' 'selfies.[].accepted' \
        'selfies.[].error.code' 'selfies.[].box' matches 'matches.[].score' 'matches.[].distance' 'matches.[].photo_id' \
        'matches.[].sha256' 'matches.[].paths.[].text' "${face_keys[@]/#/matches.[].face.}"
    jq -e '.type == "match_report" and .v == 1' out
    jq -e '.type == "error" and .code == "no_face"' err
    [ "$(findme -o jsonl match selfie.jpg | jq -r .type | tr '\n' ' ')" = "selfie match match " ]
}

@test "json: photo list, show and forget" {
    party
    findme -o json photo list > out
    expect_keys out type v event photos "${photo_keys[@]/#/photos.[].}"
    findme -o json photo show "$FINDME_TEST_SAMPLES/sample1.jpg" > out
    expect_keys out "${photo_keys[@]}" "${face_keys[@]/#/faces.[].}"
    [ "$(findme -o jsonl photo list | jq -s length)" -eq 6 ]
    findme -o json photo forget --dry-run "$FINDME_TEST_SAMPLES/sample1.jpg" > out
    expect_keys out type v dry_run photo
    findme -o json photo forget "$FINDME_TEST_SAMPLES/sample1.jpg" > out
    expect_keys out type v dry_run photo_id sha256 receipt receipt.photos receipt.paths receipt.faces receipt.templates \
        receipt.left receipt.scrubbed
}

@test "json: a document is one object, however many photos are asked for" {
    party
    [ "$(findme -o json photo show "$FINDME_TEST_SAMPLES"/sample[12].jpg | jq -s length)" -eq 1 ]
    [ "$(findme -o jsonl photo show "$FINDME_TEST_SAMPLES"/sample[12].jpg | jq -s length)" -eq 2 ]
    [ "$(findme -o json photo show "$FINDME_TEST_SAMPLES"/sample[12].jpg | jq -r .type)" = photo_list ]
}

@test "json: forgetting several photos is one document, a line each as jsonl" {
    party
    local photos=("$FINDME_TEST_SAMPLES/sample1.jpg" "$FINDME_TEST_SAMPLES/sample2.jpg")
    findme -o json photo forget --dry-run "${photos[@]}" > out
    jq -es 'length == 1 and (.[0] | .type == "photo_forget_list" and .v == 1 and .event == "PARTY" and .dry_run
        and [.photos[] | .type == "photo_forget" and .photo.id > 0] == [true, true])' out
    [ "$(findme -o jsonl photo forget --dry-run "${photos[@]}" | jq -r .type | tr '\n' ' ')" = "photo_forget photo_forget " ]
    findme -o json photo forget "${photos[@]}" > out
    jq -es 'length == 1 and (.[0] | (.dry_run | not) and [.photos[].receipt.left] == [0, 0])' out
    expect_exit 0 findme -o jsonl photo forget "$FINDME_TEST_SAMPLES"/sample[34].jpg
    [ "$(jq -r .type <<< "$output" | tr '\n' ' ')" = "photo_forget photo_forget " ]
    # One that is named twice is forgotten once.
    photos=("$FINDME_TEST_SAMPLES/sample5.jpg" "$FINDME_TEST_SAMPLES/sample5.jpg")
    [ "$(findme -o json photo forget "${photos[@]}" | jq '.photos | length')" -eq 1 ]
}

@test "json: a repair that does not mend everything is one document" {
    findme -q event create Party --code PARTY > /dev/null
    sql "$database_url" "CREATE TABLE strangers (id INTEGER PRIMARY KEY); DROP INDEX photo_paths_photo_id_path;
        ALTER TABLE events ADD COLUMN extra INTEGER"
    expect_exit 7 findme -o json migrate repair
    jq -es 'length == 1 and (.[0] | .type == "migration_run" and (.steps | length) == 1 and .verify.type == "migration_verify"
        and (.verify.good | not))' <<< "$output"
    [ "$(findme -o jsonl migrate repair 2> /dev/null | jq -r .type | tr '\n' ' ')" = "migration_run migration_verify " ]
}

@test "json: a photo that failed says why" {
    need_models
    findme -q event create Party --code PARTY > /dev/null
    echo broken > broken.jpg
    findme -q index broken.jpg > /dev/null 2>&1 || [ $? -eq 3 ]
    findme -o json photo list --failed > out
    expect_keys out 'photos.[].error.code' 'photos.[].error.message'
}

# database: none
@test "json: model, config and version" {
    findme -o json model list > out
    expect_keys out type v models 'models.[].id' 'models.[].job' 'models.[].file' 'models.[].path.text' 'models.[].state' \
        'models.[].sha256' 'models.[].licence' 'models.[].package'
    findme -o json config show > out
    expect_keys out type v settings 'settings.[].key' 'settings.[].value' 'settings.[].unit' 'settings.[].origin' \
        'settings.[].source' 'settings.[].help'
    findme -o json version > out
    expect_keys out type v version build
}

@test "json: a usage error is JSON as well, once the format is known" {
    expect_exit 4 findme -o json event show NONE
    jq -e '.type == "error"' <<< "$stderr"
}

@test "json: text that is not UTF-8 in an argument cannot break a line" {
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 4 findme -o json photo show $'caf\xff.jpg'
    jq -e '.type == "error"' <<< "$stderr"
}
