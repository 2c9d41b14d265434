#!/usr/bin/env bash
# Every text of the project is ASCII with LF line ends, without tabs, and ends in a newline; no source is longer than 500
# lines; C++ is formatted as .clang-format says.
# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"
most_lines=500

# Each rule looks at all files at once: a process for each file and rule takes minutes.
texts() { text_files | grep -vE '^LICENSE$'; }

# never PATTERN WHAT: the first line of each file that matches is a violation.
never() {
    while IFS=: read -r file line _; do violation "$file:$line: $2"; done \
        < <(texts | xargs -d '\n' grep -aHnP -m1 -e "$1" || true)
}

never '[^\x00-\x7F]' "not ASCII"
never '\r' "CR line ends"
never '\t' "a tab"
never '[ \f\v]$' "blanks at the end of a line"
while read -r file; do
    violation "$file: no newline at its end"
done < <(texts | xargs -d '\n' perl -e '
    for (@ARGV) {
        open(my $file, "<", $_) or do { print "$_, which cannot be read\n"; next };
        next unless -s $file;
        seek($file, -1, 2);
        read($file, my $last, 1);
        print "$_\n" if $last ne "\n";
    }' || echo "(perl failed)")

# ctest takes a list apart at it: the test would be looked for by half its name, and none that is found passes.
while IFS=: read -r file line _; do violation "$file:$line: a semicolon in a test's name"; done \
    < <(project_files | grep -E '^tests/.*\.cpp$' | xargs -d '\n' perl -0777 -ne '
        while (/^TEST_CASE\(\s*"([^"]*)"/mg) {
            my $at = 1 + (substr($_, 0, $-[0]) =~ tr/\n//);
            print "$ARGV:$at:\n" if $1 =~ /;/;
        }')

while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -le "$most_lines" ] ||
        violation "$file: $lines lines, the limit is $most_lines"
done < <(project_files | grep -E '\.(cpp|hpp|sh|cmake|bats)$|CMakeLists\.txt$' | xargs -d '\n' wc -l || echo "9999999 (one that cannot be read)")

if command -v clang-format > /dev/null; then
    if ! unformatted=$(project_files | grep -E '\.(cpp|hpp)$' | xargs -d '\n' clang-format --dry-run -Werror 2>&1); then
        violation "run clang-format -i on: $(grep -oP '^.+(?=:[0-9]+:[0-9]+: error:)' <<< "$unformatted" | sort -u | tr '\n' ' ')"
        # Unless it is not about a file's format.
        grep -qE ':[0-9]+:[0-9]+: error:' <<< "$unformatted" || echo "$unformatted"
    fi
elif [ "${CI:-}" = true ] || [ "${FINDME_REQUIRE_ALL:-}" = 1 ]; then
    violation "clang-format is not installed"
else
    [ "$violations" -eq 0 ] && echo "SKIPPED: clang-format is not installed"
fi

finish
