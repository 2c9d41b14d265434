#!/usr/bin/env bats
# The table of exit codes, each raised in a way that users meet. Codes that 130 and kills give are in signals.bats.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

@test "0: an event is made, photos are indexed, a guest is found" {
    party
    guest_selfie
    expect_exit 0 findme match selfie.jpg
    has "$output" sample1.jpg
}

@test "1: a selfie without a face" {
    party
    grey_picture grey.tif
    expect_exit 1 findme match grey.tif
    has "$stderr" "no face was found"
    [ -z "$output" ]
}

@test "1: a selfie with several faces" {
    party
    expect_exit 1 findme match "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$stderr" "3 faces were found"
}

@test "1: a selfie that is not a picture" {
    party
    echo "no picture" > notes.jpg
    expect_exit 1 findme match notes.jpg
    has "$stderr" notes.jpg
}

@test "1: a contact sheet that cannot be written" {
    party
    guest_selfie
    expect_exit 1 findme match selfie.jpg --sheet no/such/folder/sheet.jpg
    has "$stderr" "no/such/folder/sheet.jpg"
}

@test "6: a contact sheet where a file is" {
    party
    guest_selfie
    echo "my notes" > sheet.jpg
    expect_exit 6 findme match selfie.jpg --sheet sheet.jpg
    has "$stderr" "sheet.jpg"
    expect_exit 2 findme match selfie.jpg --sheet "$FINDME_TEST_SAMPLES/sample2.jpg" --force
}

# database: sqlite
@test "1: a read-only database" {
    # Root writes where it likes, so there another user tries; the tests' own folder is closed to others.
    local as_other=() folder
    folder=$(mktemp -d)
    local theirs=$folder/findme.db
    findme -q --database "sqlite:$theirs" event create One --code ONE1 > /dev/null
    chmod 0444 "$theirs"
    if [ "$(id -u)" -eq 0 ]; then
        need_command setpriv
        chmod 0755 "$folder"
        as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        "${as_other[@]}" test -x "$FINDME_BIN" || { rm -r "$folder"; unfit "another user cannot run $FINDME_BIN"; }
    fi
    FINDME_SYSTEM_CONFIG=$folder/none.yaml run --separate-stderr "${as_other[@]}" "$FINDME_BIN" --database "sqlite:$theirs" \
        event create Two
    rm -rf "$folder"
    echo "$status $output $stderr"
    [ "$status" -eq 1 ]
    has "$stderr" "read-only"
}

# database: sqlite
@test "1: a full disk, with a sentence that says so" {
    [ "$(id -u)" -eq 0 ] || unfit "only root can mount a small disk"
    mkdir small
    mount -t tmpfs -o size=1m findme-test small 2> /dev/null || unfit "mounting is not allowed here"
    findme -q --database sqlite:small/a.db event create One --code ONE1 > /dev/null || { umount small; return 1; }
    head -c 2M /dev/zero > small/filler 2> /dev/null || true
    run --separate-stderr findme --database sqlite:small/a.db event create Two
    umount small
    echo "$status $output $stderr"
    [ "$status" -eq 1 ]
    has "$stderr" "no space left"
}

# database: none
@test "2: usage" {
    expect_exit 2 findme --no-such-flag
}

# database: none
@test "2: a configuration key that does not exist names file and line" {
    printf 'image:\n  max_side_p: 3\n' > bad.yaml
    expect_exit 2 findme --config bad.yaml config show
    has "$stderr" "bad.yaml:2"
    has "$stderr" 'did you mean "image.max_side_px"?'
}

@test "2: an event that must be named because there are several" {
    findme -q event create One --code ONE1 > /dev/null
    findme -q event create Two --code TWO2 > /dev/null
    expect_exit 2 findme photo list
    has "$stderr" "--event"
}

@test "2: an event with everything wrong hears of everything at once" {
    expect_exit 2 findme event create "" --code "x" --retention-days 0
    has "$stderr" "name is empty"
    has "$stderr" "4 to 32"
    has "$stderr" "retention"
}

@test "2: a model file that is missing" {
    need_samples
    findme -q event create One --code ONE1 > /dev/null
    mkdir empty
    FINDME_MODELS_DIR=$PWD/empty expect_exit 2 findme index "$FINDME_TEST_SAMPLES"
    has "$stderr" "fetch_models.sh"
    FINDME_MODELS_DIR=$PWD/empty expect_exit 2 findme model verify
}

# database: none
@test "2: a kind of database that does not exist" {
    expect_exit 2 findme --database mysql:x event list
    expect_exit 2 findme --database sqlite: event list
}

# database: sqlite
@test "2: a database that is a folder" {
    expect_exit 2 findme --database "sqlite:$HOME" event list
    has "$stderr" "is a folder"
}

@test "3: one broken photo among good ones; the good ones are indexed" {
    need_samples
    findme -q event create One --code ONE1 > /dev/null
    mkdir photos
    cp "$FINDME_TEST_SAMPLES"/sample[12].jpg photos
    head -c 30000 "$FINDME_TEST_SAMPLES/sample3.jpg" > photos/broken.jpg
    expect_exit 3 findme index photos
    has "$output" "indexed 2 photos with 7 faces"
    has "$output" "1 failed"
    has "$stderr" broken.jpg
    expect_exit 0 findme photo list --failed
    has "$output" broken.jpg
    [ "${#lines[@]}" -eq 1 ]
}

@test "3: one selfie of two refused; the other is searched with" {
    party
    guest_selfie
    grey_picture grey.tif
    expect_exit 3 findme match selfie.jpg grey.tif
    has "$output" sample1.jpg
    has "$stderr" grey.tif
}

@test "4: nobody like the selfie" {
    party
    guest_selfie
    findme -q event create Other --code OTHER > /dev/null
    findme -q index --event OTHER "$FINDME_TEST_SAMPLES/sample6.jpg" > /dev/null
    expect_exit 4 findme match --event OTHER selfie.jpg
    [ -z "$output" ]
    has "$stderr" "nobody"
}

@test "4: an unknown event, with the nearest code" {
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 4 findme event show PARTI
    has "$stderr" 'did you mean "PARTY"?'
}

@test "4: a folder that does not exist, and nothing is written" {
    need_models
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 4 findme index /no/such/folder
    has "$stderr" "/no/such/folder"
}

@test "4: a photo the event does not know" {
    findme -q event create Party --code PARTY > /dev/null
    expect_exit 4 findme photo show no.jpg
}

@test "5: an event past its retention is neither matched nor indexed" {
    party
    guest_selfie
    findme -q event create Old --code OLD1 --date 2020-01-01 --retention-days 1 > /dev/null
    expect_exit 5 findme match --event OLD1 selfie.jpg
    has "$stderr" "past its retention since 2020-01-03"
    expect_exit 5 findme index --event OLD1 "$FINDME_TEST_SAMPLES"
}

@test "6: a code that is taken, in any spelling" {
    findme -q event create One --code PARTY > /dev/null
    expect_exit 6 findme event create Two --code "par-ty"
    has "$stderr" "PARTY"
}

# database: sqlite
@test "6: a database that another process holds" {
    need_command jq
    findme -q event create One --code ONE1 > /dev/null
    mkfifo gate
    sqlite3 "$database" < gate > held &
    local holder=$!
    exec 7> gate
    printf '.output stdout\nBEGIN IMMEDIATE;\nSELECT 1;\n' >&7
    before_end_of "$holder" test -s held
    run --separate-stderr findme -o jsonl event create Two
    exec 7>&-
    wait "$holder"
    [ "$status" -eq 6 ]
    [ "$(jq -r .code <<< "$stderr")" = store_locked ]
    [ "$(jq -r .retry <<< "$stderr")" = true ]
}

@test "7: a schema with a step missing, and the database is left as it was" {
    findme -q event create One --code ONE1 > /dev/null
    sql "$database_url" "DELETE FROM findme_schema_history WHERE version = (SELECT max(version) FROM findme_schema_history)"
    local before
    before=$(dump | digest)
    expect_exit 7 findme event list
    has "$stderr" "findme migrate"
    [ "$(dump | digest)" = "$before" ]
}

@test "7: a schema from a newer findme" {
    findme -q event create One --code ONE1 > /dev/null
    sql "$database_url" "INSERT INTO findme_schema_history
        (version, name, checksum, checksum_algorithm, applied_at, applied_by, execution_ms)
        VALUES (9001, 'later', 'x', 'sha256-lf', '2026-06-20T12:00:00.000000Z', NULL, 0)"
    expect_exit 7 findme event list
    has "$stderr" 9001
}

# database: sqlite
@test "7: somebody else's SQLite database" {
    sqlite3 other.db "CREATE TABLE theirs (id INTEGER)"
    expect_exit 7 findme --database sqlite:other.db event list
    [ "$(sqlite3 other.db .tables)" = theirs ]
}

@test "8: a model file that was altered" {
    need_samples
    findme -q event create One --code ONE1 > /dev/null
    mkdir models
    cp "$FINDME_TEST_MODELS"/*.onnx "$FINDME_TEST_MODELS"/*.dat models
    printf x >> models/fr_detect.onnx
    FINDME_MODELS_DIR=$PWD/models expect_exit 8 findme index "$FINDME_TEST_SAMPLES"
    has "$stderr" fr_detect.onnx
    FINDME_MODELS_DIR=$PWD/models expect_exit 8 findme model verify
    has "$output" altered
}

# database: sqlite
@test "8: a file that is no database" {
    echo "these are notes, and more than sixteen bytes of them" > notes.txt
    expect_exit 8 findme --database sqlite:notes.txt event list
    [ "$(wc -l < notes.txt)" -eq 1 ]
}

# database: sqlite
@test "8: a damaged database" {
    party
    # Every page but the first is overwritten.
    head -c 65536 /dev/zero | tr '\0' 'x' | dd of="$database" bs=4096 seek=1 conv=notrunc status=none
    expect_exit 8 findme event list
    has "$stderr" damaged
}

@test "an error in JSON names its code, whether to retry, and the exit code" {
    expect_exit 4 findme -o json event show X
    [ -z "$output" ]
    jq -e '.type == "error" and .v == 1 and .code == "not_found" and .retry == false and .exit_code == 4
        and (.message | length > 0)' <<< "$stderr"
}

# database: none
@test "help, and the table in findme(1), list the same codes" {
    local page=$findme_root/man/findme.1 code
    for code in 0 1 2 3 4 5 6 7 8 130; do
        findme --help | tr '\n' ' ' | grep -q "[: ]$code [a-z]"
        grep -q "^\.It $code\( \|$\)" "$page"
    done
}
