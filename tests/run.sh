#!/usr/bin/env bash
# Installs what the tests need, builds, and runs everything; a newcomer needs no other command.
#
#   tests/run.sh [--quick] [--slow] [--no-install] [--help]
#
#   --quick       the everyday build and all its tests: no sanitizers, no clang-tidy
#   --slow        also the slow proofs, and accuracy where FINDME_EVAL_DATA names the evaluation data
#   --no-install  installs no package
#
# Stages: packages, models, tools (promtool), postgresql (a private server, gone at the end; FINDME_TEST_POSTGRESQL_URL
# names another to be used instead, by a role that may create databases), release (unit, conformance, lint, fuzz
# replay, command line with PostgreSQL and without a database), asan (address and undefined behaviour: unit, conformance, fuzz
# replay, command line with SQLite), tsan (threads: ingest, search, db, store), tidy (clang-tidy over our own files).
# --quick has one stage, dev: all tests of the everyday build.
# The last line is `N passed, M failed`, with `, K skipped` where there are any. Exit codes: 0 all passed, 1 something
# failed, or was skipped although CI=true or FINDME_REQUIRE_ALL=1 says that all must run, 2 usage.
# What is built stays in build/, so that a second run is quick; what clang-tidy found clean is kept in the user's cache, see
# tests/support/clang_tidy.sh.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
exec < /dev/null

quick=no
slow=no
install=yes
while [ $# -gt 0 ]; do
    case $1 in
        --quick) quick=yes ;;
        --slow) slow=yes ;;
        --no-install) install=no ;;
        -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "run.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
    esac
    shift
done

# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh
# shellcheck source=tests/support/postgresql.sh
. tests/support/postgresql.sh
jobs=$(nproc)
logs=build/test-logs
mkdir -p "$logs"
passed=0
failed=0
skipped=0
summary=()

everything_is_required() { [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; }

server=
running=

# run LOG COMMAND...: in a process group of its own, so that all of it can be stopped, and waits for it.
run() {
    local log=$1 status=0
    shift
    set -m
    "$@" > "$log" 2>&1 &
    running=$!
    set +m
    wait "$running" || status=$?
    running=
    return "$status"
}

clean_up() {
    [ -z "$running" ] || kill -TERM -- "-$running" 2> /dev/null
    local folder
    # Tests that were killed may have left servers of their own.
    for folder in ${server:+"$server" "$server"-*}; do findme_postgresql_stop "$folder"; done
    server=
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

# stage NAME COMMAND...: runs one stage, keeps its output, shows the end of it when it failed.
stage() {
    local name=$1 begin=$SECONDS word=ok
    shift
    echo "== $name"
    if ! run "$logs/$name.log" "$@"; then
        word=FAILED
        echo "   failed; the end of $logs/$name.log:"
        tail -n 40 "$logs/$name.log" | sed 's/^/   /'
    fi
    summary+=("$(printf '%-10s %-7s %4d s' "$name" "$word" $((SECONDS - begin)))")
    [ "$word" = ok ]
}

# A stage that is one check: it counts as one test.
check() {
    if stage "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); return 1; fi
}

attribute() { sed -nE "s/.*<testsuite[^>]* $1=\"([0-9]+)\".*/\\1/p" "$2" | head -n 1; }

# tests PRESET [ctest arguments]: runs the tests of one build and adds their numbers up.
tests() {
    local name=$1 report=$PWD/$logs/$1.xml begin=$SECONDS all bad skips word=ok
    shift
    echo "== $name: tests"
    rm -f "$report"
    # One more than there are cores: many wait for a lock, a server or a clock.
    run "$logs/$name-tests.log" ctest --test-dir "build/$name" --parallel $((jobs + 1)) --output-on-failure --no-tests=error \
        --output-junit "$report" "$@" || word=FAILED
    if [ ! -s "$report" ]; then
        tail -n 20 "$logs/$name-tests.log" | sed 's/^/   /'
        all=1 bad=1 skips=0
    else
        # JUnit has no line breaks to rely on between attributes: one line makes them readable.
        tr '\n\t' '  ' < "$report" | sed 's/<testcase/\n<testcase/g' > "$report.lines"
        all=$(attribute tests "$report.lines")
        bad=$(attribute failures "$report.lines")
        skips=$(attribute skipped "$report.lines")
    fi
    [ "$bad" -eq 0 ] || word=FAILED
    if [ "$word" = FAILED ]; then
        # Which tests, and of each what it says of its failure: a log may be all that is left of a run.
        grep -aE '\*\*\*(Failed|Timeout|Not Run|Exception)|FAILED:|ERROR: |WARNING: ThreadSanitizer|runtime error:' \
            "$logs/$name-tests.log" | head -n 60 | sed 's/^/   /'
        sed -n '/^not ok /,/^$/p' "$logs/$name-tests.log" | grep -a '^#' | head -n 120 | sed 's/^/   FAILED: /'
        # ctest itself failed although no test did.
        [ "$bad" -gt 0 ] || bad=1
    fi
    passed=$((passed + all - bad - skips))
    failed=$((failed + bad))
    skipped=$((skipped + skips))
    echo "   $((all - bad - skips)) passed, $bad failed, $skips skipped ($((SECONDS - begin)) s, $logs/$name-tests.log)"
    if [ "$skips" -gt 0 ]; then
        grep -aoE 'SKIPPED: .*' "$logs/$name-tests.log" | sort | uniq -c | sed 's/^/   /'
        grep -aE '\*\*\*Skipped' "$logs/$name-tests.log" | sed 's/^/   /' | head -n 40
    fi
    summary+=("$(printf '%-10s %-7s %4d s' "$name tests" "$word" $((SECONDS - begin)))")
    [ "$word" = ok ]
}

build() {
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build --preset "$preset" --parallel "$jobs" "$@"
}

fetch() {
    libfindme/models/fetch_models.sh --to build/models &&
        libfindme/models/fetch_models.sh --manifest examples/sample_photos.yaml --to build/samples
}

# Our own C++ files, those that take longest first, so that no core waits at the end.
tidy_files() {
    jq -r '.[].file' build/dev/compile_commands.json | grep -E "^$PWD/(libfindme|cli|tests)/" |
        grep -vE '/tests/support/catch_main\.cpp$' | sort -u |
        awk '{ print (/recogniser_test|templates\.cpp|aligner/ ? 0 : 1) "\t" $0 }' | sort | cut -f2
}

# It reads the options of the everyday build, which it knows all of; that need not be built.
tidy() {
    cmake --preset dev || return 1
    tidy_files | xargs -d '\n' -P "$jobs" -n 1 tests/support/clang_tidy.sh
}

finish() {
    echo
    printf '%s\n' "${summary[@]}"
    echo "total $SECONDS s"
    local line="$passed passed, $failed failed"
    [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
    echo "$line"
    [ "$failed" -eq 0 ] || exit 1
    exit 0
}

if [ "$install" = yes ]; then
    # shellcheck disable=SC2046
    if ! stage packages findme_install_packages $(findme_build_packages) $(findme_test_packages); then
        failed=$((failed + 1))
        finish
    fi
fi

# Without a network the tests that need models are skipped, or fail where all are required.
stage models fetch || { if everything_is_required; then failed=$((failed + 1)); fi; }
export FINDME_TEST_MODELS=$PWD/build/models FINDME_TEST_SAMPLES=$PWD/build/samples

# And so are those that need promtool.
stage tools findme_fetch_promtool build/tools || { if everything_is_required; then failed=$((failed + 1)); fi; }

# Without a server the tests that need one are skipped, or fail where all are required.
if [ -z "${FINDME_TEST_POSTGRESQL_URL:-}" ]; then
    server=$(mktemp -u /tmp/findme-pg.XXXXXX)
    if stage postgresql findme_postgresql_start "$server"; then
        FINDME_TEST_POSTGRESQL_URL=$(findme_postgresql_url "$server")
        export FINDME_TEST_POSTGRESQL_URL
    elif everything_is_required; then
        failed=$((failed + 1))
    fi
fi

# The slow ones are for those who ask for them.
left_out() { if [ "$slow" = yes ]; then echo "^($1)\$"; else echo "^(slow|$1)\$"; fi; }

if [ "$quick" = yes ]; then
    check dev build dev && tests dev --label-exclude "$(left_out -)"
    finish
fi
# What is installed is what is tested, and nobody waits for two builds of it.
check release build release-tests || finish
# No command is tried twice in the same way: with SQLite the sanitizers look on. They do not look into libpq, and the room db,
# whose own tests run with both databases under them, is what PostgreSQL adds besides.
tests release --label-exclude "$(left_out sanitized)"
check asan build asan && tests asan --label-exclude '^(slow|postgresql|plain|lint)$'
thread_targets=(unit_ingest unit_search unit_db unit_store conformance)
check tsan build tsan --target "${thread_targets[@]}" &&
    tests tsan --label-regex '^(ingest|search|db|store)$' --label-exclude "$(left_out -)"
check tidy tidy
finish
