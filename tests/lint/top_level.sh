#!/usr/bin/env bash
# The top level holds what it is meant to hold and nothing else.
. "$(dirname "$0")/common.sh"
expected='CMakeLists.txt CMakePresets.json LICENSE README.md cli examples libfindme man migrations tests'

found=$(project_files | cut -d/ -f1 | grep -v '^\.' | sort -u | tr '\n' ' ' | sed 's/ $//')
if [ "$found" != "$expected" ]; then
    violation "top level:  $found"
    echo "instead of: $expected"
fi
for dotfile in .gitattributes .gitignore .editorconfig .clang-format .clang-tidy .ci/run; do
    [ -e "$dotfile" ] || violation "$dotfile is missing"
done
grep -qE '^\* +text=auto +eol=lf' .gitattributes || violation ".gitattributes does not force LF"
while read -r bytes file; do
    [ "$bytes" -le 1000000 ] || violation "$file: a large file ($bytes bytes) does not belong here"
done < <(project_files | xargs -d '\n' stat -c '%s %n' || echo "9999999 (one that cannot be read)")

finish
