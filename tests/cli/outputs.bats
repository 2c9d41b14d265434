#!/usr/bin/env bats
# Files that findme writes because somebody named them: what is there stays.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

# An event with two photos in this folder, and the guest's selfie.
own_photos() {
    guest_selfie
    mkdir photos
    cp "$FINDME_TEST_SAMPLES"/sample[13].jpg photos
    findme -q event create Party --code PARTY > /dev/null
    findme -q index photos > /dev/null
}

# refused_and_unchanged EXIT FILE ARGUMENT...: match refuses to write, before it searches, and the file's bytes stay.
refused_and_unchanged() {
    local wanted=$1 file=$2 before
    shift 2
    before=$(digest "$file")
    expect_exit "$wanted" findme match selfie.jpg "$@"
    [ -z "$output" ]
    [ "$(digest "$file")" = "$before" ]
}

@test "outputs: a contact sheet replaces no file, unless it is told to" {
    own_photos
    echo "my notes" > sheet.jpg
    refused_and_unchanged 6 sheet.jpg --sheet sheet.jpg
    has "$stderr" 'the contact sheet "sheet.jpg" exists already'
    has "$stderr" --force
    # A link is something that is there too, wherever it leads.
    ln -s nowhere.jpg link.jpg
    expect_exit 6 findme match selfie.jpg --sheet link.jpg
    [ "$(readlink link.jpg)" = nowhere.jpg ]
    [ ! -e nowhere.jpg ]
    expect_exit 0 findme match selfie.jpg --sheet sheet.jpg --force
    [ "$(head -c 3 sheet.jpg | od -An -tx1 | tr -d ' ')" = ffd8ff ]
    expect_exit 0 findme match selfie.jpg --sheet new.jpg
    [ -s new.jpg ]
    # Nothing is left beside them.
    [ "$(find . -maxdepth 1 -type f -printf '%f\n' | sort | tr '\n' ' ')" = "new.jpg selfie.jpg sheet.jpg " ]
    expect_exit 2 findme match selfie.jpg --force
    has "$stderr" "--force needs --sheet"
}

@test "outputs: an indexed photo is never replaced, under whatever name" {
    own_photos
    local photo=photos/sample1.jpg name
    findme -q event create Other --code OTHER > /dev/null
    ln -s photos linked
    ln -s photos/sample1.jpg link.jpg
    ln photos/sample1.jpg second-name.jpg
    for name in photos/sample1.jpg ./photos/../photos/sample1.jpg "$PWD/photos/sample1.jpg" linked/sample1.jpg link.jpg second-name.jpg; do
        refused_and_unchanged 2 "$photo" --event PARTY --sheet "$name"
        has "$stderr" "the indexed photo"
        hasnt "$stderr" --force
        refused_and_unchanged 2 "$photo" --event PARTY --sheet "$name" --force
        # Also from another event.
        refused_and_unchanged 2 "$photo" --event OTHER --sheet "$name" --force
    done
    [ -L link.jpg ]
    # A photo whose disk is out is missed, and its place is not taken.
    mv photos/sample1.jpg elsewhere.jpg
    rm second-name.jpg
    expect_exit 2 findme match --event PARTY selfie.jpg --sheet photos/sample1.jpg
    [ ! -e photos/sample1.jpg ]
}

@test "outputs: what the run reads is never replaced" {
    own_photos
    ln selfie.jpg twin.jpg
    refused_and_unchanged 2 selfie.jpg --sheet selfie.jpg --force
    has "$stderr" "which this run reads"
    refused_and_unchanged 2 selfie.jpg --sheet twin.jpg --force
    echo "match: {min_score: 60}" > findme.yaml
    refused_and_unchanged 2 findme.yaml --config findme.yaml --sheet findme.yaml --force
    local model=$FINDME_TEST_MODELS/fr_detect.onnx
    ln -s "$model" model.onnx
    refused_and_unchanged 2 "$model" --sheet model.onnx --force
    [ "$FINDME_TEST_BACKEND" = sqlite ] || return 0
    expect_exit 2 findme match selfie.jpg --sheet "$database" --force
    integrity_check
}

@test "outputs: a file that another process makes while the search is at work stays" {
    own_photos
    echo "no picture" > notes.jpg
    # The search is over when it complains of the second selfie, and then waits for room to print in: nobody reads yet.
    mkfifo out err
    exec 7<> out
    dd if=/dev/zero of=out bs=4096 count=1024 oflag=nonblock 2> /dev/null || true
    { local code=0; "$FINDME_BIN" match selfie.jpg notes.jpg --sheet sheet.jpg > out 2> err 7>&- || code=$?; echo "$code" > status; } 3>&- &
    exec 8< err
    read -r -u 8 complaint
    has "$complaint" notes.jpg
    [ ! -e sheet.jpg ]
    echo "their notes" > sheet.jpg
    exec 9< out 7>&-
    cat <&9 > drained
    cat <&8 > rest
    exec 8<&- 9<&-
    wait
    [ "$(cat status)" -eq 6 ]
    has "$(cat rest)" "exists already"
    [ "$(cat sheet.jpg)" = "their notes" ]
}

@test "outputs: pipes and open descriptors take a contact sheet as they are" {
    own_photos
    mkfifo pipe
    cat pipe > read.jpg 3>&- &
    run --separate-stderr findme match selfie.jpg --sheet pipe
    [ "$status" -eq 0 ] && [ -p pipe ] || { kill $!; return 1; }
    wait
    [ "$(head -c 3 read.jpg | od -An -tx1 | tr -d ' ')" = ffd8ff ]
    # As /dev/stdout is; that one itself would be gone if this went wrong.
    ln -s /proc/self/fd/1 stdout
    findme match selfie.jpg --sheet stdout > both
    [ -L stdout ]
    head -c 5 both > begin
    [ "$(cat begin)" = SCORE ]
    [ "$(tail -c 2 both | od -An -tx1 | tr -d ' ')" = ffd9 ]
    findme match selfie.jpg --sheet /dev/fd/7 7> seventh.jpg > out
    cmp seventh.jpg read.jpg
    expect_exit 1 findme match selfie.jpg --sheet photos
    has "$stderr" "no regular file"
}

# database: none
@test "outputs: a metrics file takes the place of its like, and of nothing else" {
    echo "my notes" > notes.txt
    expect_exit 6 findme --metrics-file notes.txt version
    [ -z "$output" ]
    has "$stderr" 'the metrics file "notes.txt" would replace a file that findme did not write'
    [ "$(cat notes.txt)" = "my notes" ]
    # Also when the command line is refused.
    expect_exit 2 findme --metrics-file notes.txt version --colour
    has "$stderr" notes.txt
    [ "$(cat notes.txt)" = "my notes" ]
    # What another exporter writes looks alike.
    printf '# HELP node_load1 Load.\n# TYPE node_load1 gauge\nnode_load1 1\n' > other.prom
    expect_exit 6 findme --metrics-file other.prom version
    grep -q node_load1 other.prom
    # Its own, and an empty one, which is nobody's work.
    : > metrics.prom
    expect_exit 0 findme --metrics-file metrics.prom version
    expect_exit 0 findme --metrics-file metrics.prom version
    grep -q '^findme_last_exit_code{command="version"} 0$' metrics.prom
}

@test "outputs: a metrics file that becomes another's while the run is at work stays so" {
    need_samples
    findme -q event create Party --code PARTY > /dev/null
    mkfifo list items
    { local code=0; "$FINDME_BIN" -o jsonl --metrics-file m.prom index --files-from list > items 2> err || code=$?; echo "$code" > status; } 3>&- &
    exec 8< items 7> list
    echo "$FINDME_TEST_SAMPLES/sample1.jpg" >&7
    read -r -u 8
    echo "my notes" > m.prom
    exec 7>&-
    cat <&8 > rest
    exec 8<&-
    wait
    [ "$(cat status)" -eq 1 ]
    has "$(cat err)" m.prom
    [ "$(cat m.prom)" = "my notes" ]
}
