#!/usr/bin/env bash
# Every public header compiles alone, without a warning, for a client that knows only include/.
. "$(dirname "$0")/common.sh"
compiler=${CXX:-c++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for header in libfindme/include/findme/*.hpp; do
    name=$(basename "$header")
    # Twice: include guards are part of it.
    printf '#include "findme/%s"\n#include "findme/%s"\n' "$name" "$name" > "$work/alone.cpp"
    if ! "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror \
        -Ilibfindme/include "$work/alone.cpp" 2> "$work/errors"; then
        cat "$work/errors"
        violation "$header does not compile alone"
    fi
    if grep -qE '^[[:space:]]*using namespace' "$header"; then violation "$header: using namespace in a header"; fi
    grep -q '^#pragma once' "$header" || violation "$header: no #pragma once"
done

# The umbrella brings everything.
printf '#include "findme/findme.hpp"\n' > "$work/umbrella.cpp"
"$compiler" -std=c++20 -E -Ilibfindme/include "$work/umbrella.cpp" > "$work/expanded"
for header in libfindme/include/findme/*.hpp; do
    grep -q "\"$header\"" "$work/expanded" || violation "$header is not reached from findme/findme.hpp"
done

finish
