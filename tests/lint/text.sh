#!/usr/bin/env bash
# Every text of the project is ASCII with LF line ends, without tabs, and ends in a newline; no source is longer than 500
# lines; C++ is formatted as .clang-format says.
# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"
most_lines=500

while read -r file; do
    if grep -qP '[^\x00-\x7F]' "$file"; then
        violation "$file:$(grep -nP -m1 '[^\x00-\x7F]' "$file" | cut -d: -f1): not ASCII"
    fi
    if grep -q $'\r' "$file"; then violation "$file: CR line ends"; fi
    if grep -q $'\t' "$file"; then violation "$file:$(grep -n -m1 $'\t' "$file" | cut -d: -f1): a tab"; fi
    if grep -qE '[[:space:]]$' "$file"; then
        violation "$file:$(grep -nE -m1 '[[:space:]]$' "$file" | cut -d: -f1): blanks at the end of a line"
    fi
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then violation "$file: no newline at its end"; fi
done < <(text_files | grep -vE '^LICENSE$')

while read -r file; do
    lines=$(wc -l < "$file")
    [ "$lines" -le "$most_lines" ] || violation "$file: $lines lines, the limit is $most_lines"
done < <(project_files | grep -E '\.(cpp|hpp|sh|cmake|bats)$|CMakeLists\.txt$')

if command -v clang-format > /dev/null; then
    mapfile -t sources < <(project_files | grep -E '\.(cpp|hpp)$')
    for file in "${sources[@]}"; do
        clang-format --dry-run -Werror "$file" 2> /dev/null || violation "$file: run clang-format -i on it"
    done
elif [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; then
    violation "clang-format is not installed"
else
    [ "$violations" -eq 0 ] && echo "SKIPPED: clang-format is not installed"
fi

finish
