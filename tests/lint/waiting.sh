#!/usr/bin/env bash
# No test sleeps, and none judges by the wall clock: on a loaded machine it would fail without a fault. Each line that looks like it is
# in waiting_allowed.txt with its reason, or is a violation; so is a line of that file that excuses nothing any more.
. "$(dirname "$0")/common.sh"
allowed=tests/lint/waiting_allowed.txt

# What a bash test waits or judges by, and what a C++ test does.
patterns='(^|[^a-zA-Z_.])sleep +[0-9$"]|EPOCHREALTIME|EPOCHSECONDS|do :; done|date \+%s|[^_]SECONDS\b|(^|[^-])timeout +[0-9]|sleep_for|sleep_until|_clock::now\(\)|[.>]wait_for\(|[.>]wait_until\('

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# FILE: TEXT of each such line, without the blanks before it; comments do not wait.
project_files | grep -E '^tests/(cli|unit|support|conformance|regress|opencv|fuzz)/.*\.(bats|bash|cpp|hpp)$' |
    xargs -d '\n' grep -nE "$patterns" | grep -vE '^[^:]+:[0-9]+: *(#|//)' > "$work/found" || true
sed -E 's/^([^:]+):[0-9]+: */\1: /' "$work/found" | sort -u > "$work/seen"
sed -E '/^(#|$)/d' "$allowed" | sort -u > "$work/allowed"
while IFS= read -r line; do
    violation "$line"
    echo "   wait for an event, count, or judge in the same run; if it must be, put this line into $allowed with its reason"
done < <(comm -23 "$work/seen" "$work/allowed")
while IFS= read -r line; do
    violation "$allowed excuses what is not there: $line"
done < <(comm -13 "$work/seen" "$work/allowed")

finish
