# shellcheck shell=bash
# What the command-line tests share; each .bats file loads it. The tool under test is $FINDME_BIN, the models are in
# $FINDME_TEST_MODELS and the party photos in $FINDME_TEST_SAMPLES; without the two variables build/models and
# build/samples of the checkout are taken. What is not there is a visible skip, never a pass.

findme_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${FINDME_BIN:=$findme_root/build/dev/cli/findme}"
: "${FINDME_TEST_MODELS:=$findme_root/build/models}"
: "${FINDME_TEST_SAMPLES:=$findme_root/build/samples}"

everything_is_required() { [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; }

# Every skip is one of three kinds, which its first word tells, so that whoever reads the results can say which may be.
# missing WHAT: a tool, a model or a server is not there. A skip, and a failure where everything is required.
missing() {
    if everything_is_required; then
        echo "$1, and everything is required"
        exit 1
    fi
    skip "missing: $1"
}

# unfit WHY: nothing is missing that could be installed; the machine, the user or the build is not one that this test is for.
unfit() { skip "unfit: $1"; }

# slow_proof: the test takes minutes, and runs where it is asked for.
slow_proof() { [ "${FINDME_SLOW:-}" = 1 ] || skip "slow: set FINDME_SLOW=1"; }

# patience SECONDS: how long a test waits at most for what must come. A machine that is slow, or busy with other things, is
# given more by FINDME_TEST_PATIENCE, a whole number. A last resort: no test judges how long something took.
patience() { echo $(($1 * ${FINDME_TEST_PATIENCE:-1})); }

# within SECONDS COMMAND...: looks fifty times a second until the command succeeds. The looks are counted, not the time: a
# busy machine looks less often, and waits for longer.
within() {
    local seconds looks
    seconds=$(patience "$1")
    looks=$((seconds * 50))
    shift
    until "$@"; do
        ((looks-- > 0)) || { echo "not within $seconds s: $*"; return 1; }
        sleep 0.02
    done
}

# before_end_of PID COMMAND...: looks until the command succeeds; the process that brings it about must not end before.
before_end_of() {
    local process=$1
    shift
    within 60 succeeds_or_ended "$process" "$@"
    # What it did last is seen after its end.
    "$@" || { echo "process $process ended before: $*"; return 1; }
}

succeeds_or_ended() {
    "${@:2}" || ! kill -0 "$1" 2> /dev/null
}

# has_lines N FILE: the file holds N lines or more.
has_lines() { [ -e "$2" ] && [ "$(wc -l < "$2")" -ge "$1" ]; }

# seed_random: begins the numbers of $RANDOM. A failure prints what to set FINDME_TEST_SEED to for the same numbers.
seed_random() {
    : "${FINDME_TEST_SEED:=$$}"
    RANDOM=$FINDME_TEST_SEED
    echo "FINDME_TEST_SEED=$FINDME_TEST_SEED"
}

# bats notes the call stack before every command of a test and of the functions it calls, which takes a third of the processor time
# of all these tests. Here the stack is noted where a command fails.
set +o functrace
bats_error_trap() {
    bats_check_status_from_trap
    # In the test's own `... || return 1` it is gone already; what the test said is shown then.
    if [[ -z $BATS_DEBUG_LAST_STACK_TRACE_IS_VALID && " ${FUNCNAME[*]} " == *" ${BATS_TEST_NAME:-no test} "* ]]; then
        bats_capture_stack_trace
    fi
    BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
}

# shellcheck source=tests/support/cli_database.bash
. "$findme_root/tests/support/cli_database.bash"

# A home of its own for every test, an empty folder to work in, a database, and nothing of the caller's settings. The tool
# finds the database without being told; $database_url names it, and $database is its file if it is an embedded one.
fresh_home() {
    [ -x "$FINDME_BIN" ] || { echo "no tool at FINDME_BIN=$FINDME_BIN"; return 1; }
    unset FINDME_CONFIG FINDME_DATABASE_URL FINDME_INDEX_JOBS XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
    # This machine may have settings of its own.
    export FINDME_SYSTEM_CONFIG=$BATS_TEST_TMPDIR/system.yaml
    export HOME=$BATS_TEST_TMPDIR/home FINDME_MODELS_DIR=$FINDME_TEST_MODELS LC_ALL=C.UTF-8
    mkdir -p "$HOME" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    database=
    if [ "$FINDME_TEST_BACKEND" = sqlite ]; then
        need_command sqlite3
        database=$HOME/.local/share/findme/findme.db
        database_url=sqlite:$database
    else
        need_postgresql
        use_database "$(new_database default)"
    fi
}

# use_database URL: the one that commands without --database work on.
use_database() {
    [ -n "$1" ] || return 1
    export FINDME_DATABASE_URL=$1
    database_url=$1
}

teardown() {
    drop_databases
    stop_own_server
}

findme() { "$FINDME_BIN" "$@"; }

# expect_exit CODE COMMAND...: as bats' `run --separate-stderr`, for which more processes are started than for the command; what
# it gave is $status, $output, $stderr, $lines and $stderr_lines. A function of a test may end its shell, as one that calls exec
# does.
expect_exit() {
    local wanted=$1 out=$BATS_TEST_TMPDIR/.stdout.$BASHPID err=$BATS_TEST_TMPDIR/.stderr.$BASHPID
    shift
    status=0
    # The tool as it is: a function in a subshell costs two more copies of this shell.
    if [ "$1" = findme ]; then
        "$FINDME_BIN" "${@:2}" > "$out" 2> "$err" || status=$?
    else
        ("$@") > "$out" 2> "$err" || status=$?
    fi
    output=$(< "$out")
    stderr=$(< "$err")
    # shellcheck disable=SC2034
    IFS=$'\n' read -d '' -r -a lines < "$out" || true
    # shellcheck disable=SC2034
    IFS=$'\n' read -d '' -r -a stderr_lines < "$err" || true
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
        command -v "$name" > /dev/null || missing "there is no command $name here"
    done
}

need_models() {
    local file
    for file in fr_detect.onnx fr_feature.onnx shape_predictor_5_face_landmarks.dat dlib_face_recognition_resnet_model_v1.dat; do
        [ -f "$FINDME_TEST_MODELS/$file" ] || missing "no model $file in $FINDME_TEST_MODELS (libfindme/models/fetch_models.sh)"
    done
}

need_samples() {
    need_models
    local n
    for n in 1 2 3 4 5 6; do
        [ -f "$FINDME_TEST_SAMPLES/sample$n.jpg" ] ||
            missing "no sample$n.jpg in $FINDME_TEST_SAMPLES (fetch_models.sh --manifest examples/sample_photos.yaml)"
    done
}

# An event PARTY with the six party photos in the database of this test. Indexed once for all tests.
party() {
    need_samples
    if [ "$FINDME_TEST_BACKEND" = sqlite ]; then
        mkdir -p "$(dirname "$database")"
        cp "$(sqlite_party)" "$database"
    else
        use_database "$(new_database party party)"
    fi
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

# small_photos FOLDER N: N photos that are different as above and quickly read; on every tenth is one guest, on the others
# nobody.
small_photos() {
    local n
    guest_selfie
    grey_picture grey.tif
    mkdir -p "$1"
    for ((n = 1; n <= $2; n++)); do
        if ((n % 10 == 0)); then
            { cat selfie.jpg && echo "$n"; } > "$1/p$n.jpg"
        else
            { cat grey.tif && echo "$n"; } > "$1/p$n.tif"
        fi
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

# killed_at LINE COMMAND...: kills a command that tells what it does when it has told of LINE lines, up to 3 ms later, as $RANDOM
# says. What it tells goes through a socket that holds six lines, so that it is no further by then. Fails if it ended itself.
killed_at() {
    local line=$1 moment_us=$((RANDOM % 3000))
    shift
    perl -MSocket -e '
        my ($line, $moment_us) = splice @ARGV, 0, 2;
        socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, 0 or die $!;
        setsockopt $theirs, SOL_SOCKET, SO_SNDBUF, 1 or die $!;
        my $child = fork;
        if (!$child) { open STDOUT, ">&", $theirs; open STDERR, ">&", $theirs; exec @ARGV or exit 127 }
        close $theirs;
        while ($line > 0 and sysread $ours, my $byte, 1) { --$line if $byte eq "\n" }
        select undef, undef, undef, $moment_us / 1e6;
        kill KILL => $child;
        waitpid $child, 0;
        exit(($? & 127) != 9)' "$line" "$moment_us" "$@"
}

# how_it_ended COMMAND...: runs it, with its signals as an interactive shell would leave them, and prints `signal N` or `exit N`:
# a shell's own $? cannot tell the two apart. The process id is in the file pid before the command begins.
how_it_ended() {
    perl -e '
        pipe my $go, my $ready or die;
        my $child = fork;
        if (!$child) { close $ready; <$go>; close $go; $SIG{HUP} = $SIG{INT} = $SIG{TERM} = "DEFAULT"; exec @ARGV or exit 127; }
        open my $file, ">", "pid" or die; print $file $child; close $file; close $go; close $ready;
        waitpid $child, 0;
        print(($? & 127) ? "signal " . ($? & 127) : "exit " . ($? >> 8), "\n");' "$@"
}
