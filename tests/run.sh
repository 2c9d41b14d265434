#!/usr/bin/env bash
# Installs what the tests need, builds, and runs them; a newcomer needs no other command.
#
#   tests/run.sh [--slow | --quick] [--no-install]
#   tests/run.sh --shake [REGEX] [N]
#
#   --quick       the everyday build and all its tests: no sanitizers, no clang-tidy
#   --slow        everything in every build at its full size, clang-tidy over every file, the slow proofs, the quickstart without the
#                 compiler's cache, and accuracy where FINDME_EVAL_DATA names the evaluation data; on a machine that does nothing else
#   --shake       the tests whose ctest name matches REGEX, or all those that depend on time (tests/schedule.cmake), N times
#                 (10) in random order beside load: what fails only now and then fails here
#   --no-install  installs no package for the tests; the quickstart installs what it needs
#
# What is seen without --slow, and what only with it: tests/README.md. The last line is `N passed, M failed`, with
# `, K skipped` where there are any and `flaky=F:` before it where a test passed only when it was run once more, alone. Exit
# codes: 0 all passed, 1 something failed, 2 usage. Where CI=true or FINDME_REQUIRE_ALL=1, a skip fails unless
# tests/skips.txt excuses it; more than two flaky tests fail, and with --slow any.
# What is built stays in build/, so that a second run is quick. FINDME_TEST_PATIENCE multiplies the deadlines that are a test's last
# resort (10); FINDME_TEST_POSTGRESQL_URL names a server to be used, by a role that may create databases.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
exec < /dev/null

mode=usual
install=yes
shake_regex=
shake_count=10
while [ $# -gt 0 ]; do
    case $1 in
        --quick) mode=quick ;;
        --slow) mode=slow ;;
        --shake)
            mode=shake
            if [ $# -gt 1 ] && [[ $2 != --* ]]; then shake_regex=$2 && shift; fi
            if [ $# -gt 1 ] && [[ $2 =~ ^[1-9][0-9]*$ ]]; then shake_count=$2 && shift; fi
            ;;
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
# shellcheck source=tests/support/stages.sh
. tests/support/stages.sh

export FINDME_TEST_PATIENCE=${FINDME_TEST_PATIENCE:-10}
options=()
if [ "$mode" = slow ]; then
    export FINDME_SLOW=1
    options=(-DFINDME_TEST_TIMEOUT=3600)
fi

build() {
    local preset=$1 target=$2
    cmake --preset "$preset" "${options[@]}" && cmake --build --preset "$preset" --parallel "$(nproc)" --target "$target" -- -k 0
}

# --- What a test may need: without it tests are skipped, or fail where all are required.

# A missing step of the installation shows here, on a machine that has nothing yet.
if [ "$install" = yes ]; then
    # shellcheck disable=SC2046
    stage packages 600 findme_install_packages $(findme_build_packages) $(findme_test_packages) || finish
fi
fetch_models() {
    libfindme/models/fetch_models.sh --to build/models &&
        libfindme/models/fetch_models.sh --manifest examples/sample_photos.yaml --to build/samples
}
wanted models 600 fetch_models
export FINDME_TEST_MODELS=$PWD/build/models FINDME_TEST_SAMPLES=$PWD/build/samples
wanted tools 300 findme_fetch_promtool build/tools
use_memory
if [ -z "${FINDME_TEST_POSTGRESQL_URL:-}" ]; then
    export FINDME_TEST_POSTGRESQL_PREPARED=$scratch/pg-prepared
    server=$scratch/pg
    start_server() { findme_postgresql_prepare "$FINDME_TEST_POSTGRESQL_PREPARED" && findme_postgresql_start "$server"; }
    if wanted postgresql 120 start_server; then
        FINDME_TEST_POSTGRESQL_URL=$(findme_postgresql_url "$server")
        export FINDME_TEST_POSTGRESQL_URL
    fi
fi

# --- Shorter runs.

if [ "$mode" = quick ]; then
    check "dev build" 3600 build dev all && tests dev dev '^(tier1|tier2|lint)$' 3600
    finish
fi
if [ "$mode" = shake ]; then
    check "release build" 3600 build release-tests all && shake "$shake_regex" "$shake_count"
    finish
fi

# --- The whole: each stage has a limit in seconds, which only a hang reaches. --slow has none.

tier=tier1
[ "$mode" = slow ] && tier=tier2

# The house rules: directions of includes, homes of vendors, headers that compile alone, texts, scripts, the top level. They need
# no build, and are broken most often.
lint_all

# What clang-tidy and its analyser find in what was changed; in everything with --slow.
check tidy 5400 tests/support/tidy.sh "$mode"

# What is installed is what is tested: optimised code, vector kernels on each kind of processor, the product end to end
# with PostgreSQL and without a database, restarts, kills, memory; warnings at -O3 and includes that are missing, since each
# file is compiled alone.
if check "release build" 2400 build release-tests "$tier"; then
    tests release release "$(labels "$tier")" 2400
fi

# Memory, undefined behaviour, leaks, and the logic of every room, on both databases; the product end to end with SQLite.
if check "asan build" 2400 build asan "$tier"; then
    tests asan asan "$(labels "$tier")" 2400
fi

# Races, in the rooms that have threads or are used by several.
if check "tsan build" 1800 build tsan "$tier"; then
    tests tsan tsan "$(labels "$tier")" 1200
fi

# The README's first command as a newcomer gives it: a fresh clone and an empty home.
check quickstart 1500 tests/support/newcomer.sh "$mode"
finish
