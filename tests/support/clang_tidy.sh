#!/usr/bin/env bash
# clang_tidy.sh FILE: clang-tidy over one of our files, with the options of the everyday build (build/dev must be configured).
# A file that was found clean before, with the same clang-tidy, checks, options and text, that of its headers included, is not
# looked at again: what takes ten seconds takes one. What is known to be clean is kept as empty files under
# ${XDG_CACHE_HOME:-~/.cache}/findme-tests/tidy, to be deleted at will; a month without use deletes them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
root=$PWD
file=$1
began=@$EPOCHSECONDS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where nothing can be kept, everything is looked at.
clean=${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}/findme-tests/tidy
mkdir -p "$clean" 2> /dev/null && [ -w "$clean" ] || clean=

# What the compiler sees of the file, for each of the targets that it is part of.
preprocessed() {
    local directory command
    while read -r directory && read -r command; do
        echo "$command"
        # The command is a line for a shell, and ends in: -o OBJECT -c FILE.
        (cd "$directory" && eval "${command% -o *} -E '$file'") || return 1
    done < <(jq -r --arg file "$file" '.[] | select(.file == $file) | .directory, .command' build/dev/compile_commands.json)
}

# Everything that a finding could depend on, wherever the checkout lies. Of our own files also what the compiler does not
# see: comments, macros, conditions.
key() {
    preprocessed > "$work/seen" || return 1
    sed -nE "s|^# [0-9]+ \"($root/[^\"]*[^\"/])\".*|\1|p" "$work/seen" | sort -u > "$work/ours"
    [ -s "$work/ours" ] || return 1
    {
        clang-tidy --version &&
            clang-tidy --dump-config "$file" -- &&
            xargs -d '\n' cat < "$work/ours" &&
            cat "$work/seen"
    } | sed "s|$root||g" | sha256sum | cut -d' ' -f1
}

known=
if [ -n "$clean" ]; then
    # What does not compile has no key: clang-tidy says what is wrong.
    known=$(key 2> /dev/null) || known=
    if [ -n "$known" ] && [ -e "$clean/$known" ]; then
        touch "$clean/$known"
        exit 0
    fi
fi
status=0
# Without its line per file about warnings it keeps to itself, findings would not be among the last lines.
clang-tidy -p build/dev --quiet "$file" 2>&1 | sed '/^[0-9]* warnings\{0,1\} generated\.$/d' || status=$?
# A file that was written meanwhile may not be the one that was looked at.
if [ "$status" -eq 0 ] && [ -n "$known" ] &&
    [ -z "$(xargs -d '\n' -I {} find {} -newermt "$began" < "$work/ours")" ]; then
    touch "$clean/$known"
    # Another file's run may be deleting the same.
    find "$clean" -type f -mtime +30 -delete 2> /dev/null || true
fi
exit "$status"
