#!/usr/bin/env bash
# tidy.sh usual|slow: clang-tidy over our own C++ files.
#
#   usual  those that were changed since FINDME_CHANGED_SINCE, else since the merge base with the upstream branch, else (on that
#          branch itself, where nobody can know) since a day before the newest commit; for a changed header the source
#          of the same name. The newest first: none is begun after a minute and a half, and which were left is said.
#   slow   all of them, and all also where the checks themselves (.clang-tidy) or the build's packages were changed.
#
# It reads the options of the everyday build, which it knows all of; that need not be built.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
mode=${1:-usual}
enough_s=90

cmake --preset dev > build/test-logs/tidy-configure.log 2>&1 || { cat build/test-logs/tidy-configure.log; exit 1; }

# Ours, those that take longest first, so that no core waits at the end.
all_files() {
    jq -r '.[].file' build/dev/compile_commands.json | grep -E "^$PWD/(libfindme|cli|tests)/" |
        grep -vE '/tests/support/catch_main\.cpp$' | sort -u |
        awk '{ print (/recogniser_test|templates\.cpp|aligner/ ? 0 : 1) "\t" $0 }' | sort | cut -f2
}

base() {
    local found
    if [ -n "${FINDME_CHANGED_SINCE:-}" ]; then
        git rev-parse --verify --quiet "$FINDME_CHANGED_SINCE^{commit}" && return
        echo "NOTE: there is no commit $FINDME_CHANGED_SINCE" >&2
    fi
    found=$(git merge-base HEAD '@{upstream}' 2> /dev/null || git merge-base HEAD origin/HEAD 2> /dev/null || true)
    if [ -n "$found" ] && [ "$found" != "$(git rev-parse HEAD)" ]; then
        echo "$found"
        return
    fi
    # Of a shallow clone this is the oldest commit it has.
    found=$(git rev-list -1 --before="$(($(git log -1 --format=%ct) - 86400))" HEAD)
    echo "${found:-$(git rev-list HEAD | tail -n 1)}"
}

# Changed files, the newest first, whether committed or not.
changed() {
    { git diff --name-only HEAD; git ls-files --others --exclude-standard; git log --format= --name-only "$1..HEAD"; } |
        awk 'NF && !seen[$0]++'
}

packages_of() { (eval "$1" && findme_build_packages) 2> /dev/null || true; }

files=
if [ "$mode" != slow ]; then
    since=$(base)
    names=$(changed "$since")
    if grep -qx '\.clang-tidy' <<< "$names"; then
        echo "NOTE: the checks were changed, so that every file is looked at"
        mode=slow
    elif [ "$(packages_of "$(git show "$since:tests/support/packages.sh" 2> /dev/null)")" != \
        "$(packages_of "$(cat tests/support/packages.sh)")" ]; then
        echo "NOTE: the packages that the build needs were changed, so that every file is looked at"
        mode=slow
    else
        known=$(all_files)
        files=$(sed -nE "s|^(.*)\.[ch]pp$|$PWD/\1.cpp|p" <<< "$names" | awk '!seen[$0]++' | grep -Fx -f <(echo "$known") || true)
        echo "NOTE: $(grep -c . <<< "$files" || true) of $(wc -l <<< "$known") files, changed since $(git log -1 --format='%h of %cs' "$since")"
    fi
fi
[ "$mode" = slow ] && files=$(all_files)
[ -n "$files" ] || exit 0

# Each worker takes the next file while there is time.
one() {
    if [ "$1" = usual ] && [ "$EPOCHSECONDS" -gt "$2" ]; then
        echo "$3" >> build/test-logs/tidy-left.txt
        return 0
    fi
    tests/support/clang_tidy.sh "$3"
}
export -f one
rm -f build/test-logs/tidy-left.txt
status=0
xargs -d '\n' -P "$(nproc)" -I {} bash -c 'one "$@"' one "$mode" $((EPOCHSECONDS + enough_s)) {} <<< "$files" || status=1
if [ -s build/test-logs/tidy-left.txt ]; then
    echo "NOTE: not looked at, tests/run.sh --slow does: $(sed "s|^$PWD/||" build/test-logs/tidy-left.txt | tr '\n' ' ')"
fi
exit "$status"
