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
while read -r file; do
    violation "$file: a large file ($(stat -c %s "$file") bytes) does not belong here"
done < <(project_files | while read -r file; do [ "$(stat -c %s "$file")" -le 1000000 ] || echo "$file"; done)

finish
