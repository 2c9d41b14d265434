#!/usr/bin/env bash
# An event's doors open: thirty guests register with a selfie and a password at one instant, on PostgreSQL. Beside each
# other, in one run: thirty password hashes alone on all cores, one process that serves all guests through the library, and a
# process for each guest. Prints a table of ratios and one JSON line for tests/bench/runs.
#
#   tests/bench/guests.sh [--rounds N] [--guests N]
#
#   --rounds N  how often; medians count (default 5)
#   --guests N  how many guests (default 30)
#
# Builds what it needs into build/bench, and starts a PostgreSQL server of its own, with its settings as Debian has them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

rounds=5
guests=30
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=${2:?--rounds takes a number}; shift ;;
        --guests) guests=${2:?--guests takes a number}; shift ;;
        -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "guests.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
    esac
    shift
done

# shellcheck source=tests/bench/common.sh
. tests/bench/common.sh
# shellcheck source=tests/support/postgresql.sh
. tests/support/postgresql.sh
bench_build findme-cli guests
findme=$PWD/build/bench/cli/findme
export FINDME_MODELS_DIR=$PWD/build/models

work=$(mktemp -d "${TMPDIR:-/tmp}/findme-bench.XXXXXX")
server=$(mktemp -u /tmp/findme-pg.XXXXXX)
trap 'findme_postgresql_stop "$server"; rm -rf "$work"' EXIT
export HOME=$work
findme_postgresql_start "$server" fsync=on > /dev/null
bench_selfie "$work/selfie.jpg"
printf 'Orbit-Lampe-Wolke-42\n' > "$work/password"
chmod 600 "$work/password"

for ((round = 1; round <= rounds; ++round)); do
    psql --no-psqlrc --quiet "$(findme_postgresql_url "$server")" --command "CREATE DATABASE round$round" > /dev/null
    url=$(findme_postgresql_url "$server")
    export FINDME_DATABASE_URL=${url/\/postgres\?/\/round$round?}
    "$findme" migrate up --yes > /dev/null
    "$findme" --quiet event create Party --code PARTY > /dev/null
    build/bench/tests/bench/guests "$FINDME_DATABASE_URL" "$FINDME_MODELS_DIR" "$work/selfie.jpg" PARTY "$guests" \
        > "$work/one"
    jq -r .hashes_ms "$work/one" >> "$work/hashes.ms"
    jq -r .library_ms "$work/one" >> "$work/library.ms"
    begin=$(date +%s%N)
    for ((i = 0; i < guests; ++i)); do
        "$findme" --quiet user add "process$i" --email "process$i@example.org" --event PARTY \
            --selfie "$work/selfie.jpg" --consent v1 --password-file "$work/password" > /dev/null || echo "process$i" >> "$work/failed" &
    done
    wait
    awk -v ns=$(($(date +%s%N) - begin)) 'BEGIN { printf "%.1f\n", ns / 1e6 }' >> "$work/processes.ms"
    if [ -e "$work/failed" ]; then
        echo "guests.sh: these were not registered: $(tr '\n' ' ' < "$work/failed")" >&2
        exit 1
    fi
done
hashes=$(bench_median < "$work/hashes.ms") library=$(bench_median < "$work/library.ms")
processes=$(bench_median < "$work/processes.ms")
awk -v n="$guests" -v h="$hashes" -v l="$library" -v p="$processes" 'BEGIN {
    printf "%d guests: hashes alone %.0f ms, ", n, h
    printf "one process %.0f ms (%.2fx), a process each %.0f ms (%.2fx)\n", l, l / h, p, p / h }'
# shellcheck disable=SC2016
bench_line guests --argjson guests "$guests" --argjson rounds "$rounds" --argjson h "$hashes" --argjson l "$library" \
    --argjson p "$processes" '{$guests, $rounds, hashes_ms: $h, library_ms: $l, processes_ms: $p,
        library_to_hashes: ($l / $h), processes_to_hashes: ($p / $h)}'
