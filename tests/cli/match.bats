#!/usr/bin/env bats
# findme match, event and photo: what people see of them.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

@test "match: the guest is found on both of her photos and nobody is taken for her" {
    party
    guest_selfie
    expect_exit 0 findme -o json match selfie.jpg
    [ "$(jq -r '.matches[].paths[0].text' <<< "$output" | xargs -n 1 basename | sort | tr '\n' ' ')" = "sample1.jpg sample3.jpg " ]
    jq -e '.faces_searched >= 25 and .min_score == 70 and ([.matches[].score] | . == (sort | reverse))' <<< "$output"
}

@test "match: nothing of the selfie is kept" {
    party
    guest_selfie
    findme event list > /dev/null
    local before
    before=$(dump | digest)
    findme match selfie.jpg > /dev/null
    [ "$(dump | digest)" = "$before" ]
}

@test "match: --limit keeps the best, --min-score cuts the worst" {
    party
    guest_selfie
    [ "$(findme -o json match --limit 1 selfie.jpg | jq -r '.matches[].paths[0].text')" = "$(realpath "$FINDME_TEST_SAMPLES")/sample3.jpg" ] ||
        [ "$(findme -o json match --limit 1 selfie.jpg | jq -r '.matches | length')" -eq 1 ]
    [ "$(findme -o json match --min-score 99 selfie.jpg | jq '.matches | length')" -eq 1 ]
    [ "$(findme -o json match --min-score 0 selfie.jpg | jq '.matches | length')" -eq 6 ]
}

@test "match: --print0 gives xargs -0 whole paths" {
    need_samples
    guest_selfie
    findme -q event create Party --code PARTY > /dev/null
    cp "$FINDME_TEST_SAMPLES/sample1.jpg" $'two\nlines.jpg'
    findme -q index $'two\nlines.jpg' > /dev/null
    findme match -0 selfie.jpg > paths
    cmp paths <(printf '%s\0' "$PWD/"$'two\nlines.jpg')
    mkdir out
    xargs -0 cp -t out < paths
    [ -e out/$'two\nlines.jpg' ]
}

@test "match: --sheet draws a JPEG, and with --force a second run replaces it whole" {
    party
    guest_selfie
    echo old > sheet.jpg
    expect_exit 0 findme match selfie.jpg --sheet sheet.jpg --force
    [ "$(head -c 3 sheet.jpg | od -An -tx1 | tr -d ' ')" = ffd8ff ]
    [ "$(tail -c 2 sheet.jpg | od -An -tx1 | tr -d ' ')" = ffd9 ]
    [ "$(find . -maxdepth 1 -type f | wc -l)" -eq 2 ]
}

@test "match: nobody found leaves no sheet" {
    party
    guest_selfie
    findme -q event create Empty --code EMPTY > /dev/null
    expect_exit 4 findme match --event EMPTY selfie.jpg --sheet sheet.jpg
    [ ! -e sheet.jpg ]
}

@test "match: an event's faces are not searched from another event" {
    party
    guest_selfie
    findme -q event create Empty --code EMPTY > /dev/null
    [ "$(findme -o json match --event EMPTY selfie.jpg 2> /dev/null | jq .faces_searched)" -eq 0 ]
}

@test "match: two selfies find no less than one" {
    party
    guest_selfie
    jpegtran -copy none -crop 448x448+1392+96 -outfile second.jpg "$FINDME_TEST_SAMPLES/sample1.jpg"
    expect_exit 0 findme -o json match selfie.jpg second.jpg
    [ "$(jq '.matches | length' <<< "$output")" -eq 2 ]
    jq -e 'all(.matches[]; .score > 99)' <<< "$output"
}

@test "event: a code is found in any spelling" {
    findme -q event create Party --code A7KQ2MXP > /dev/null
    expect_exit 0 findme event show "a7 kq-2mxp"
    has "$output" A7KQ2MXP
    expect_exit 0 findme event show
}

@test "event: generated codes have eight characters without look-alikes, and differ" {
    findme -o json event create One | jq -r .code > codes
    findme -o json event create Two | jq -r .code >> codes
    [ "$(sort -u codes | wc -l)" -eq 2 ]
    lacks '[^3467ACDEFGHJKMNPQRTWXY9]' codes
    grep -qx '.\{8\}' codes
}

@test "event: no events yet says how to make one" {
    findme -q migrate > /dev/null
    expect_exit 0 findme event list
    [ -z "$output" ]
    has "$stderr" "findme event create"
}

@test "event: a date that does not exist is refused" {
    expect_exit 2 findme event create Party --date 2026-02-30
    expect_exit 2 findme event create Party --date yesterday
    findme -q migrate > /dev/null
    expect_exit 0 findme event list
    [ -z "$output" ]
}

@test "event: control characters in a name are refused" {
    expect_exit 2 findme event create $'bad\x1b[31mname'
    [[ $stderr != *$'\x1b'* ]]
}

@test "photo: forget removes photo, faces and templates, and the file stays" {
    party
    local templates
    templates=$(sql "$database_url" "SELECT hex(t.template) FROM face_templates t JOIN faces f ON f.id = t.face_id
        JOIN photos p ON p.id = f.photo_id WHERE p.filename = 'sample1.jpg' LIMIT 1")
    expect_exit 0 findme photo forget "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$output" "3 faces, 3 templates, 0 left"
    [ -e "$FINDME_TEST_SAMPLES/sample1.jpg" ]
    expect_exit 4 findme photo show "$FINDME_TEST_SAMPLES/sample1.jpg"
    [ -n "$templates" ]
    dump > after
    lacks "${templates,,}" after > /dev/null
    # Not in the free pages of an embedded database either, nor in its log.
    [ "$FINDME_TEST_BACKEND" = sqlite ] || return 0
    cat "$database"* | od -An -v -tx1 | tr -d ' \n' > bytes
    lacks "${templates,,}" bytes > /dev/null
}

@test "photo: forget --dry-run changes nothing" {
    party
    findme event list > /dev/null
    local before
    before=$(dump | digest)
    expect_exit 0 findme photo forget --dry-run "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$output" "would forget"
    [ "$(dump | digest)" = "$before" ]
}

@test "photo: one unknown photo of two, and none is forgotten" {
    party
    expect_exit 4 findme photo forget "$FINDME_TEST_SAMPLES/sample1.jpg" no.jpg
    [ "$(findme photo list | wc -l)" -eq 6 ]
}

@test "photo: digits of the SHA-256 name a photo" {
    party
    local hash
    hash=$(digest "$FINDME_TEST_SAMPLES/sample2.jpg")
    expect_exit 0 findme photo show "${hash:0:8}"
    has "$output" "$hash"
    expect_exit 4 findme photo show "${hash:0:7}"
}

@test "photo: list goes on after an id" {
    party
    local first
    first=$(findme photo list --limit 2 | tail -n 1 | cut -f1)
    [ "$(findme photo list --after "$first" | wc -l)" -eq 4 ]
}

# database: none
@test "model: list names files, licences and states" {
    need_models
    expect_exit 0 findme model list
    has "$output" CC0-1.0
    expect_exit 0 findme model verify
    FINDME_MODELS_DIR=/nowhere expect_exit 0 findme model list
    has "$output" missing
}
