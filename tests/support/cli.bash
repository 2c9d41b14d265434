# shellcheck shell=bash
# What the command-line tests share; each .bats file loads it. The tool under test is $FINDME_BIN, the models are in
# $FINDME_TEST_MODELS and the party photos in $FINDME_TEST_SAMPLES; without the two variables build/models and
# build/samples of the checkout are taken. What is not there is a visible skip, never a pass.

findme_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${FINDME_BIN:=$findme_root/build/dev/cli/findme}"
: "${FINDME_TEST_MODELS:=$findme_root/build/models}"
: "${FINDME_TEST_SAMPLES:=$findme_root/build/samples}"

# A home of its own for every test, an empty folder to work in, and nothing of the caller's settings.
fresh_home() {
    [ -x "$FINDME_BIN" ] || { echo "no tool at FINDME_BIN=$FINDME_BIN"; return 1; }
    unset FINDME_DATABASE_URL FINDME_INDEX_JOBS XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
    export HOME=$BATS_TEST_TMPDIR/home FINDME_MODELS_DIR=$FINDME_TEST_MODELS LC_ALL=C.UTF-8
    mkdir -p "$HOME" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    database=$HOME/.local/share/findme/findme.db
}

findme() { "$FINDME_BIN" "$@"; }

# The exit code of a command whose output does not matter here is $status, as bats has it after run; this compares.
# shellcheck disable=SC2154
expect_exit() {
    local wanted=$1
    shift
    run --separate-stderr "$@"
    [ "$status" -eq "$wanted" ] && return 0
    printf 'wanted exit code %s, got %s\nstdout: %s\nstderr: %s\n' "$wanted" "$status" "$output" "$stderr"
    return 1
}

# True when TEXT holds PART; says what it saw when not.
has() {
    [[ $1 == *"$2"* ]] && return 0
    printf 'no "%s" in: %s\n' "$2" "$1"
    return 1
}

hasnt() {
    [[ $1 != *"$2"* ]] && return 0
    printf '"%s" in: %s\n' "$2" "$1"
    return 1
}

# lacks PATTERN FILE: no line of the file matches. (`! grep` would not fail a test unless it stood last.)
lacks() {
    if grep -e "$1" "$2"; then
        printf '"%s" in %s\n' "$1" "$2"
        return 1
    fi
}

# The SHA-256 of a file, or of standard input.
digest() { sha256sum "$@" | cut -d' ' -f1; }

need_command() {
    local name
    for name in "$@"; do
        command -v "$name" > /dev/null || skip "there is no command $name here"
    done
}

need_models() {
    local file
    for file in fr_detect.onnx shape_predictor_5_face_landmarks.dat dlib_face_recognition_resnet_model_v1.dat; do
        [ -f "$FINDME_TEST_MODELS/$file" ] || skip "no model $file in $FINDME_TEST_MODELS (libfindme/models/fetch_models.sh)"
    done
}

need_samples() {
    need_models
    local n
    for n in 1 2 3 4 5 6; do
        [ -f "$FINDME_TEST_SAMPLES/sample$n.jpg" ] ||
            skip "no sample$n.jpg in $FINDME_TEST_SAMPLES (fetch_models.sh --manifest examples/sample_photos.yaml)"
    done
}

# An event PARTY with the six party photos in the fresh home's database. Indexed once a file of tests.
party() {
    need_samples
    local kept=$BATS_FILE_TMPDIR/party.db
    if [ ! -f "$kept" ]; then
        findme --quiet --database "sqlite:$kept.new" event create "Office party" --code PARTY > "$kept.log" 2>&1
        findme --quiet --database "sqlite:$kept.new" index "$FINDME_TEST_SAMPLES"/sample?.jpg > "$kept.log" 2>&1
        mv "$kept.new" "$kept"
    fi
    mkdir -p "$(dirname "$database")"
    cp "$kept" "$database"
}

# selfie.jpg: one guest, cut out of sample3.jpg; she is on sample1.jpg too.
guest_selfie() {
    need_samples
    need_command jpegtran
    jpegtran -copy none -crop 512x512+944+112 -outfile selfie.jpg "$FINDME_TEST_SAMPLES/sample3.jpg"
}

# many FOLDER N: N x 6 photos that are different to findme, because each has bytes of its own after the picture's end.
many_photos() {
    need_samples
    local n copy
    mkdir -p "$1"
    for ((copy = 1; copy <= $2; copy++)); do
        for n in 1 2 3 4 5 6; do
            { cat "$FINDME_TEST_SAMPLES/sample$n.jpg" && echo "$copy"; } > "$1/p$copy$n.jpg"
        done
    done
}

# A picture without anybody on it, and without any tool: 64 x 48 grey pixels as plain TIFF.
grey_picture() {
    {
        printf 'II*\0\010\0\0\0\010\0'
        printf '\0\001\003\0\001\0\0\0\100\0\0\0'  # 64 wide
        printf '\001\001\003\0\001\0\0\0\060\0\0\0' # 48 high
        printf '\002\001\003\0\001\0\0\0\010\0\0\0' # 8 bits
        printf '\003\001\003\0\001\0\0\0\001\0\0\0' # not compressed
        printf '\006\001\003\0\001\0\0\0\001\0\0\0' # black is 0
        printf '\021\001\004\0\001\0\0\0\156\0\0\0' # pixels from byte 110
        printf '\025\001\003\0\001\0\0\0\001\0\0\0' # one sample a pixel
        printf '\027\001\004\0\001\0\0\0\0\014\0\0' # 3072 bytes of them
        printf '\0\0\0\0'
        head -c 3072 /dev/zero | tr '\0' '\200'
    } > "$1"
}

# how_it_ended COMMAND...: runs it, with SIGINT as an interactive shell would leave it, and prints `signal N` or `exit N`:
# a shell's own $? cannot tell the two apart. The process id goes into the file pid.
how_it_ended() {
    perl -e '
        my $child = fork;
        if (!$child) { $SIG{INT} = $SIG{TERM} = "DEFAULT"; exec @ARGV or exit 127; }
        open my $file, ">", "pid" or die; print $file $child; close $file;
        waitpid $child, 0;
        print(($? & 127) ? "signal " . ($? & 127) : "exit " . ($? >> 8), "\n");' "$@"
}

# What an index run leaves, without ids and times: two runs that did the same print the same.
index_dump() {
    sqlite3 "$1" "
        SELECT p.filename, hex(p.content_hash), p.processing_status, p.width_px, p.height_px, p.captured_at, p.error_code
          FROM photos p ORDER BY p.content_hash;
        SELECT hex(pp.path), pp.size_bytes, pp.mtime_ns, hex(p.content_hash)
          FROM photo_paths pp JOIN photos p ON p.id = pp.photo_id ORDER BY pp.path;
        SELECT hex(p.content_hash), m.model_id, m.face_count
          FROM photo_models m JOIN photos p ON p.id = m.photo_id ORDER BY 1, 2;
        SELECT hex(p.content_hash), f.model_id, f.ordinal, f.box_x, f.box_y, f.box_width, f.box_height, hex(f.landmarks),
               f.detection_score, f.height_px, f.sharpness, f.yaw, f.roll_deg, hex(t.template), t.model_id
          FROM faces f JOIN photos p ON p.id = f.photo_id LEFT JOIN face_templates t ON t.face_id = f.id ORDER BY 1, 2, 3;
        SELECT 'templates', count(*) FROM face_templates;"
}
