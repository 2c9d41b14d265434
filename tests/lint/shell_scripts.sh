#!/usr/bin/env bash
# Shell scripts parse, pass shellcheck, and are executable when they are meant to be run.
# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

while read -r file; do
    first=$(head -n 1 "$file")
    case $file:$first in
        *.sh:* | *:'#!'*bash* | *:'#!'*/sh) ;;
        *) continue ;;
    esac
    case $file in *.bats | *.py) continue ;; esac
    bash -n "$file" || violation "$file does not parse"
    case $file in
        libfindme/models/*.sh | examples/*.sh | tests/run.sh | .ci/run)
            [ -x "$file" ] || violation "$file is not executable"
            ;;
    esac
    if command -v shellcheck > /dev/null; then
        shellcheck --severity=warning --external-sources --shell=bash "$file" || violation "$file: shellcheck"
    fi
done < <(project_files)
if ! command -v shellcheck > /dev/null; then
    if [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; then
        violation "shellcheck is not installed"
    elif [ "$violations" -eq 0 ]; then
        echo "SKIPPED: shellcheck is not installed"
    fi
fi

finish
