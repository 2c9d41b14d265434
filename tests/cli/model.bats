#!/usr/bin/env bats
# findme model: detectors of the user's own, and what happens to events that another one has indexed.
# database: none
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

# A models folder of this test, and own.onnx: the release's detector with another word in its head, so that it is another
# file of the same structure.
own_models() {
    need_models
    mkdir models
    cp "$FINDME_TEST_MODELS"/*.onnx "$FINDME_TEST_MODELS"/*.dat models
    export FINDME_MODELS_DIR=$PWD/models
    { cat models/fr_detect.onnx && printf '\x12\x01x'; } > own.onnx
    own=rfb-$(digest own.onnx | cut -c1-12)
}

detector_in_use() {
    findme -o json model list | jq -r '.models[] | select(.job == "detector" and .in_use) | .id'
}

@test "model: a detector of the user's own is known by its hash, in use at once, and taken out again" {
    own_models
    [ "$(detector_in_use)" = rfb-320 ]
    expect_exit 0 findme model add own.onnx
    has "$output" "added $own, detector of the kind rfb: $PWD/models/rfb-$(digest own.onnx).onnx"
    has "$stderr" "findme index --reindex"
    has "$stderr" "findme model remove $own"
    [ "$(detector_in_use)" = "$own" ]
    cmp own.onnx "models/rfb-$(digest own.onnx).onnx"
    expect_exit 0 findme model verify
    has "$output" "$own"
    expect_exit 0 findme model remove "$own"
    [ "$output" = "removed $own" ]
    [ "$(detector_in_use)" = rfb-320 ]
    expect_exit 4 findme model remove "$own"
}

@test "model: as JSON, what was added says its kind, its hash and that it is in use" {
    own_models
    expect_exit 0 findme -o json model add own.onnx
    jq -e --arg sha "$(digest own.onnx)" '.type == "model" and .kind == "rfb" and .sha256 == $sha and .in_use
        and .job == "detector" and .state == "good"' <<< "$output"
    [ "$(findme -o jsonl model list | jq -r 'select(.in_use) | .job' | sort | tr '\n' ' ')" = "detector landmarks recognition " ]
    expect_exit 0 findme -o json model remove "$own"
    jq -e --arg id "$own" '.type == "model_remove" and .id == $id' <<< "$output"
}

@test "model: adding the same file twice is no harm, adding a second one is refused" {
    own_models
    findme -q model add own.onnx > /dev/null
    expect_exit 0 findme model add own.onnx
    { cat own.onnx && printf '\x12\x01y'; } > other.onnx
    expect_exit 6 findme model add other.onnx
    has "$stderr" "findme model remove $own"
    [ "$(detector_in_use)" = "$own" ]
}

@test "model: what is no detector is refused in a sentence, whatever its name" {
    own_models
    local before
    before=$(find models -type f | sort)
    echo "not a model" > yunet.onnx
    expect_exit 2 findme model add yunet.onnx
    has "$stderr" "no detector that findme can use"
    head -c 100000 models/fr_detect.onnx > cut.onnx
    expect_exit 2 findme model add cut.onnx
    expect_exit 1 findme model add none.onnx
    [ "$(find models -type f | sort)" = "$before" ]
}

@test "model: a file of the release is put in its place" {
    own_models
    mv models/fr_detect.onnx brought.onnx
    expect_exit 2 findme model verify
    expect_exit 0 findme model add brought.onnx
    expect_exit 0 findme model verify
    cmp brought.onnx models/fr_detect.onnx
}

@test "model: the setting chooses the detector, and one that is not there is an error" {
    own_models
    findme -q model add own.onnx > /dev/null
    FINDME_MODELS_DETECTOR=rfb-320 detector_in_use | grep -x rfb-320
    FINDME_MODELS_DETECTOR=$(digest own.onnx | cut -c1-8) detector_in_use | grep -x "$own"
    FINDME_MODELS_DETECTOR=yunet expect_exit 2 findme model list
    has "$stderr" "there are: rfb-320, $own"
    FINDME_MODELS_DETECTOR=rfb-320 expect_exit 0 findme model add own.onnx
    has "$stderr" "models.detector"
}

@test "model: a damaged file of the user's is never used" {
    own_models
    findme -q model add own.onnx > /dev/null
    echo x >> "models/rfb-$(digest own.onnx).onnx"
    expect_exit 8 findme model verify
    has "$stderr" "findme model add"
    findme -q event create Party > /dev/null
    expect_exit 8 findme index "$FINDME_TEST_SAMPLES"
}

# database: any
@test "model: an event that another detector indexed says so instead of finding nobody" {
    own_models
    party
    guest_selfie
    expect_exit 0 findme match selfie.jpg
    findme -q model add own.onnx > /dev/null
    expect_exit 2 findme match selfie.jpg
    has "$stderr" "indexed with the model"
    has "$stderr" "findme index --reindex"
    [ -z "$output" ]
    FINDME_MODELS_DETECTOR=rfb-320 expect_exit 0 findme match selfie.jpg

    # What is indexed so far is searched, and the rest is said.
    findme -q index "$FINDME_TEST_SAMPLES/sample1.jpg"
    expect_exit 3 findme -o json match selfie.jpg
    jq -e '.photos_left_out == 5 and (.matches | length) == 1' <<< "$output"
    has "$stderr" "5 photos of the event PARTY could not be searched"

    # Without --reindex the old index stays beside the new one.
    findme -q index "$FINDME_TEST_SAMPLES"
    expect_exit 0 findme -o json match selfie.jpg
    jq -e '.photos_left_out == 0 and (.matches | length) == 2' <<< "$output"
    FINDME_MODELS_DETECTOR=rfb-320 expect_exit 0 findme match selfie.jpg

    # With it the old one goes.
    findme -q index --reindex "$FINDME_TEST_SAMPLES"
    expect_exit 0 findme match selfie.jpg
    findme -o json doctor | jq -e '[.checks[] | select(.name == "templates") | .status] == ["ok"]'
    FINDME_MODELS_DETECTOR=rfb-320 expect_exit 2 findme match selfie.jpg
}

# database: any
@test "model: guests whose selfies came with another detector are counted after indexing" {
    own_models
    party
    guest_selfie
    findme -q user add anna --email anna@example.org --event PARTY --selfie selfie.jpg --consent 1 > /dev/null
    expect_exit 0 findme index --reindex "$FINDME_TEST_SAMPLES/sample1.jpg"
    hasnt "$stderr" guest
    findme -q model add own.onnx > /dev/null
    expect_exit 0 findme index "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$stderr" "1 guest cannot be found"
    [ "$(findme -o json index "$FINDME_TEST_SAMPLES/sample1.jpg" | jq .guests_left_out)" -eq 1 ]
    findme -q user selfie add anna selfie.jpg --consent 1 > /dev/null
    [ "$(findme -o json index "$FINDME_TEST_SAMPLES/sample1.jpg" | jq .guests_left_out)" -eq 0 ]
}

@test "model: what is not in use may be missing, and may not be altered" {
    own_models
    rm models/fr_feature.onnx
    expect_exit 0 findme model verify
    has "$output" "fr-feature"
    expect_exit 0 findme -o json doctor
    FINDME_MODELS_RECOGNISER=fr-feature+dlib-resnet-v1 expect_exit 2 findme model verify
    has "$stderr" fr_feature.onnx
    has "$stderr" fetch_models.sh
    echo "something else" > models/fr_feature.onnx
    expect_exit 8 findme model verify
}

@test "model: another recogniser finds the guest on both of her photos, and is not compared with the first" {
    own_models
    party
    guest_selfie
    export FINDME_MODELS_RECOGNISER=fr-feature+dlib-resnet-v1
    [ "$(findme -o json model list | jq -r '[.models[] | select(.job == "recognition" and .in_use) | .id] | sort | join(" ")')" = "dlib-resnet-v1 fr-feature" ]
    expect_exit 2 findme match selfie.jpg
    has "$stderr" "indexed with the model dlib-resnet-v1+mirror+rfb-320"
    has "$stderr" models.recogniser
    findme -q index "$FINDME_TEST_SAMPLES"/sample?.jpg
    expect_exit 0 findme -o json match selfie.jpg
    [ "$(jq -r '.matches[].paths[0].text' <<< "$output" | xargs -n 1 basename | sort | tr '\n' ' ')" = "sample1.jpg sample3.jpg " ]
    jq -e '.photos_left_out == 0 and all(.matches[]; .score >= 70 and .score <= 100)' <<< "$output"
    # A template of the one is as long as its networks say, and doctor knows both.
    [ "$(sql "$database_url" "SELECT DISTINCT model_id, length(template) FROM face_templates ORDER BY 1" | tr '\n' ' ')" = \
        "dlib-resnet-v1+mirror+rfb-320|512 fr-feature+dlib-resnet-v1+rfb-320|2560 " ]
    findme -o json doctor | jq -e '[.checks[].findings[] | select(.check == "templates.wrong_length")] == []'
    FINDME_MODELS_RECOGNISER=auto expect_exit 0 findme match selfie.jpg
    FINDME_MODELS_RECOGNISER=facenet expect_exit 2 findme match selfie.jpg
    has "$stderr" models.recogniser
    has "$stderr" "there are: auto, dlib-resnet-v1+mirror, fr-feature+dlib-resnet-v1"
}

@test "model: a YuNet file finds the guest on both of her photos" {
    own_models
    need_samples
    local file=${FINDME_EVAL_MODELS:-}/yunet_n_320_320.onnx
    [ -f "$file" ] || unfit "FINDME_EVAL_MODELS names no folder with yunet_n_320_320.onnx"
    guest_selfie
    findme -q model add "$file" > /dev/null
    findme -q event create Party --code PARTY > /dev/null
    findme -q index "$FINDME_TEST_SAMPLES"
    expect_exit 0 findme -o json match selfie.jpg
    [ "$(jq -r '.matches[].paths[0].text' <<< "$output" | xargs -n 1 basename | sort | tr '\n' ' ')" = "sample1.jpg sample3.jpg " ]
}
