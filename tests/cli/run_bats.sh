#!/usr/bin/env bash
# Runs one .bats file for CTest. Exit codes: 0 passed, 77 nothing could be tested (CTest: skipped), else failed.
#
#   run_bats.sh FILE
set -euo pipefail

if ! command -v bats > /dev/null; then
    echo "SKIPPED: there is no bats here (Debian: apt-get install bats)"
    exit 77
fi
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bats --formatter tap --timing "$1" | tee "$out"
# Skips stay visible; a file of which every test was skipped has tested nothing.
if ! grep -E '^ok ' "$out" | grep -qv '# skip'; then exit 77; fi
