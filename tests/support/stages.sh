# shellcheck shell=bash disable=SC2034,SC2154
# How tests/run.sh, which sources this, runs its stages and adds up what they say. No failure hides another: a stage that fails is
# noted, and the others go on.

logs=build/test-logs
mkdir -p "$logs"
passed=0
failed=0
skipped=0
flaky=0
summary=()
bad_news=()
# Where servers and temporary files of the tests lie.
scratch=
server=
running=
watch=
load=
# A run that is ended from outside tells nothing: no stage begins after this.
last_start_s=4800

everything_is_required() { [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; }

# run SECONDS LOG COMMAND...: in a process group of its own, so that all of it can be stopped, and waits for it.
run() {
    local limit=$1 log=$2 status=0 first=
    shift 2
    [ "$mode" = slow ] && limit=infinity
    set -m
    "$@" > "$log" 2>&1 &
    running=$!
    set +m
    sleep "$limit" > /dev/null 2>&1 &
    watch=$!
    wait -n -p first "$running" "$watch" || status=$?
    if [ "$first" = "$watch" ]; then
        echo "run.sh: stopped after $limit s" >> "$log"
        end_running
        status=124
    fi
    kill "$watch" 2> /dev/null && wait "$watch" 2> /dev/null
    watch=
    running=
    return "$status"
}

# What does not end when it is asked to is killed: something may be writing into what is removed next.
end_running() {
    local grace
    kill -TERM -- "-$running" 2> /dev/null
    sleep 10 > /dev/null 2>&1 &
    grace=$!
    wait -n "$running" "$grace" 2> /dev/null
    # And whoever outlives the one that was started.
    kill -KILL -- "-$running" 2> /dev/null
    kill "$grace" 2> /dev/null
    wait "$running" "$grace" 2> /dev/null || true
}

clean_up() {
    local process
    for process in $watch $load; do kill "$process" 2> /dev/null; done
    [ -z "$running" ] || end_running
    local folder
    # Tests that were killed may have left servers of their own.
    for folder in ${server:+"$server" "$server"-*}; do findme_postgresql_stop "$folder"; done
    server=
    [ -z "$scratch" ] || rm -rf "$scratch"
    scratch=
}

# Interrupted: what runs is stopped, and this script dies by the signal, as its caller expects.
give_up() {
    trap - EXIT "$1"
    echo "run.sh: stopped by SIG$1" >&2
    clean_up
    kill -s "$1" $$
}
trap clean_up EXIT
trap 'give_up INT' INT
trap 'give_up TERM' TERM
trap 'give_up HUP' HUP

# use_memory: the tests' files and servers lie in memory where the machine has room for them: a slow disk under several tests that
# all wait for it is what made deadlines fail. Not with --slow and --shake, which want to see that, too.
use_memory() {
    local free_kib memory_kib folder=/tmp
    if [ "$mode" = usual ] && [ -w /dev/shm ]; then
        free_kib=$(df --output=avail /dev/shm | tail -n 1)
        memory_kib=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
        if [ "$free_kib" -gt $((6 << 20)) ] && [ "$memory_kib" -gt $((8 << 20)) ]; then folder=/dev/shm; fi
    fi
    # A socket's path is short.
    scratch=$(mktemp -d "$folder/findme.XXXXXX")
    chmod 0755 "$scratch"
    export TMPDIR=$scratch/tmp
    mkdir -m 1777 "$TMPDIR"
    echo "   servers and temporary files of the tests: $scratch"
}

too_late() {
    [ "$mode" = slow ] || [ "$SECONDS" -lt "$last_start_s" ] && return 1
    echo "== $1: not begun, $SECONDS s have passed"
    note "$1" LATE 0
    bad_news+=("NOT RUN  $1: $SECONDS s had passed")
    failed=$((failed + 1))
}

note() { summary+=("$(printf '%-16s %-7s %5d s' "$1" "$2" "$3")"); }

# stage NAME SECONDS COMMAND...: runs one stage, keeps its output, shows the end of it when it failed.
stage() {
    local name=$1 limit=$2 begin=$SECONDS word=ok log=$logs/${1// /-}.log
    shift 2
    too_late "$name" && return 1
    echo "== $name"
    if ! run "$limit" "$log" "$@"; then
        word=FAILED
        failed=$((failed + 1))
        bad_news+=("FAILED   $name: see $log")
        # Of a build the errors, wherever they are.
        grep -aE '(error|warning): |^FAILED: |stopped after' "$log" | sort -u | head -n 40 | cut -c1-300 | sed 's/^/   /'
        echo "   failed; the end of $log:"
        tail -n 40 "$log" | cut -c1-300 | sed 's/^/   /'
    else
        # What a stage wants to have read: which files were left out, say.
        sed -n 's/^NOTE: /   /p' "$log"
    fi
    note "$name" "$word" $((SECONDS - begin))
    [ "$word" = ok ]
}

# A stage that is one check: it counts as one test.
check() { stage "$@" && passed=$((passed + 1)); }

# A stage without which tests are skipped, unless all are required.
wanted() {
    stage "$@" && return 0
    everything_is_required || failed=$((failed - 1))
    return 1
}

# The labels of a tier's tests: the second has all of the first.
labels() { if [ "$1" = tier1 ]; then echo '^tier1$'; else echo '^(tier1|tier2)$'; fi; }

lint_all() {
    local begin=$SECONDS name word=ok
    too_late lint && return 1
    echo "== lint"
    for name in text include_direction vendor_homes top_level shell_scripts waiting public_headers; do
        if SOURCE_DIR=$PWD BUILD_DIR=$PWD/build CXX=${CXX:-c++} run 300 "$logs/lint-$name.log" bash "tests/lint/$name.sh"; then
            passed=$((passed + 1))
        else
            word=FAILED
            failed=$((failed + 1))
            bad_news+=("FAILED   lint: $name")
            echo "   lint: $name"
            head -n 40 "$logs/lint-$name.log" | sed 's/^/      /'
        fi
    done
    note lint "$word" $((SECONDS - begin))
}

# tests STAGE BUILD LABELS SECONDS: runs those tests of one build, those that failed once more, alone, and adds their numbers up.
# A test that passes then is flaky: printed and counted, never hidden.
tests() {
    local name="$1 tests" build=build/$2 begin=$SECONDS word=ok first=$PWD/$logs/$1.xml again=$PWD/$logs/$1-again.xml counts
    local log=$logs/$1-tests.log fixed=() status
    too_late "$name" && return 1
    # Where the kernel scatters addresses widely, programs under GCC 12's sanitizers do not start now and then.
    case $2 in asan | tsan) setarch -R true 2> /dev/null && fixed=(setarch -R) ;; esac
    echo "== $name"
    rm -f "$first" "$again" "$build/Testing/Temporary/LastTestsFailed.log"
    # Twice as many as there are cores: many wait for a lock, a server or a clock, and a crowd takes two places.
    status=0
    run "$4" "$log" "${fixed[@]}" ctest --test-dir "$build" --label-regex "$3" --parallel $((2 * $(nproc))) --output-on-failure \
        --no-tests=error --output-junit "$first" --test-output-size-failed 200000 || status=$?
    if [ "$status" -ne 0 ] && [ -s "$build/Testing/Temporary/LastTestsFailed.log" ]; then
        run "$4" "$logs/$1-again.log" "${fixed[@]}" ctest --test-dir "$build" --rerun-failed --parallel 1 --output-on-failure \
            --output-junit "$again" --test-output-size-failed 200000 || true
    fi
    # passed, failed, skipped, flaky; and one line for each that is not as it should be.
    perl tests/support/report.pl "$first" "$again" tests/skips.txt > "$logs/$1-report.txt" || true
    counts=$(sed -n 's/^COUNTS //p' "$logs/$1-report.txt")
    if [ -z "$counts" ]; then
        # ctest itself failed, or was stopped: what ran then is what began and did not end.
        tail -n 20 "$log" | sed 's/^/   /'
        counts="0 1 0 0"
        bad_news+=("FAILED   $name: ctest gave no report, see $log")
    fi
    grep -v '^COUNTS ' "$logs/$1-report.txt" | sed 's/^/   /'
    local good bad skips now_and_then line
    read -r good bad skips now_and_then <<< "$counts"
    while IFS= read -r line; do bad_news+=("$line ($1)"); done < <(grep -aE '^(FAILED|FLAKY|SKIPPED) ' "$logs/$1-report.txt")
    if [ "$status" -ne 0 ] && [ $((bad + now_and_then)) -eq 0 ]; then
        bad=1
        bad_news+=("FAILED   $name: ctest ended with $status although no test failed, see $log")
    fi
    [ "$bad" -eq 0 ] || word=FAILED
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + skips))
    flaky=$((flaky + now_and_then))
    echo "   $good passed, $bad failed, $skips skipped, $now_and_then flaky ($((SECONDS - begin)) s, $log)"
    note "$name" "$word" $((SECONDS - begin))
    [ "$word" = ok ]
}

# shake REGEX N: tests of the release build again and again in random order, on one core, beside load.
shake() {
    local which=(--label-regex '^timing$') begin=$SECONDS status=0
    [ -z "$1" ] || which=(--tests-regex "$1")
    if ! command -v stress-ng > /dev/null; then
        stage "package for load" 600 findme_install_packages stress-ng || return 1
    fi
    echo "== shake: $2 times, beside two busy processes and two that write"
    (cd "$scratch" && exec stress-ng --cpu 2 --io 1 --hdd 1 --hdd-bytes 256M --timeout 0 > /dev/null 2>&1) &
    load=$!
    run 86400 "$logs/shake.log" taskset -c 0 ctest --test-dir build/release "${which[@]}" --repeat "until-fail:$2" \
        --schedule-random --parallel 6 --output-on-failure --no-tests=error --output-junit "$PWD/$logs/shake.xml" || status=1
    kill "$load" && wait "$load" 2> /dev/null
    load=
    perl tests/support/report.pl "$PWD/$logs/shake.xml" "" tests/skips.txt > "$logs/shake-report.txt" || true
    local good bad skips none
    read -r good bad skips none < <(sed -n 's/^COUNTS //p' "$logs/shake-report.txt")
    grep -v '^COUNTS ' "$logs/shake-report.txt" | sed 's/^/   /'
    passed=$((passed + ${good:-0}))
    failed=$((failed + ${bad:-1}))
    skipped=$((skipped + ${skips:-0}))
    [ "$status" -eq 0 ] || [ "${bad:-1}" -gt 0 ] || failed=$((failed + 1))
    note shake "$([ "$status" -eq 0 ] && echo ok || echo FAILED)" $((SECONDS - begin))
}

finish() {
    local line="$passed passed, $failed failed" most_flaky=2
    [ "$mode" = slow ] && most_flaky=0
    echo
    printf '%s\n' "${summary[@]}"
    echo "total $SECONDS s"
    [ "${#bad_news[@]}" -eq 0 ] || printf '%s\n' "" "${bad_news[@]}"
    if [ "$flaky" -gt "$most_flaky" ]; then
        echo "$flaky tests passed only when they were run once more: $most_flaky is the most that may"
        failed=$((failed + 1))
        line="$passed passed, $failed failed"
    fi
    [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
    [ "$flaky" -eq 0 ] || line="flaky=$flaky: $line"
    echo "$line"
    [ "$failed" -eq 0 ] || exit 1
    exit 0
}
