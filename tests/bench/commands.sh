#!/usr/bin/env bash
# What a command costs as a whole process, from its start to its end, with SQLite: `user show`, and `match` in an event of
# 100,000 faces. Beside them, in turns: a program that does nothing, and `match` in an event of one photo, which has to
# start, read the models and understand the selfie as well. Prints a table and one JSON line for tests/bench/runs.
#
#   tests/bench/commands.sh [--rounds N] [--faces N]
#
#   --rounds N  how often each; medians count (default 15)
#   --faces N   in the large event (default 100000)
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

rounds=15
faces=100000
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=${2:?--rounds takes a number}; shift ;;
        --faces) faces=${2:?--faces takes a number}; shift ;;
        -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "commands.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
    esac
    shift
done

# shellcheck source=tests/bench/common.sh
. tests/bench/common.sh
bench_build findme-cli nothing
findme=$PWD/build/bench/cli/findme
export FINDME_MODELS_DIR=$PWD/build/models

work=$(mktemp -d "${TMPDIR:-/tmp}/findme-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOME=$work FINDME_DATABASE_URL=sqlite:$work/findme.db
bench_selfie "$work/selfie.jpg"
"$findme" --quiet event create Small --code SMALL > /dev/null
"$findme" --quiet event create Large --code LARGE > /dev/null
"$findme" --quiet index --event SMALL build/samples/sample1.jpg > /dev/null
"$findme" --quiet index --event LARGE build/samples/sample2.jpg > /dev/null
"$findme" --quiet user add anna --email anna@example.org --event SMALL > /dev/null
# Faces of strangers: one of sample2.jpg's over and over.
sqlite3 "$work/findme.db" "
    CREATE TEMP TABLE stranger AS SELECT f.*, t.template FROM faces f JOIN face_templates t ON t.face_id = f.id
        WHERE f.event_id = (SELECT id FROM events WHERE event_code = 'LARGE') LIMIT 1;
    CREATE TEMP TABLE n AS
        WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $faces) SELECT i FROM c;
    INSERT INTO faces SELECT 1000000 + i, photo_id, event_id, model_id, 1000 + i, box_x, box_y, box_width, box_height,
        landmarks, detection_score, height_px, sharpness, yaw, roll_deg FROM n, stranger;
    INSERT INTO face_templates SELECT 1000000 + i, event_id, model_id, template FROM n, stranger;"

# took COMMAND...: milliseconds of it; 4 is nobody found.
took() {
    local begin status=0
    begin=$(date +%s%N)
    "$@" > "$work/out" 2>&1 || status=$?
    awk -v ns=$(($(date +%s%N) - begin)) 'BEGIN { printf "%.2f\n", ns / 1e6 }'
    [ "$status" -eq 0 ] || [ "$status" -eq 4 ] || { cat "$work/out" >&2; return 1; }
}

for ((round = 0; round <= rounds; ++round)); do
    [ "$round" -ne 1 ] || rm -f "$work"/*.ms # The first round warms the files.
    took build/bench/tests/bench/nothing >> "$work/nothing.ms"
    took "$findme" user show anna >> "$work/show.ms"
    took "$findme" match --event SMALL "$work/selfie.jpg" >> "$work/small.ms"
    took "$findme" match --event LARGE "$work/selfie.jpg" >> "$work/large.ms"
done
nothing=$(bench_median < "$work/nothing.ms") show=$(bench_median < "$work/show.ms")
small=$(bench_median < "$work/small.ms") large=$(bench_median < "$work/large.ms")
awk -v n="$nothing" -v u="$show" -v s="$small" -v l="$large" -v f="$faces" 'BEGIN {
    printf "a program that does nothing %.1f ms, user show %.1f ms (%.1fx)\n", n, u, u / n
    printf "match: 1 photo %.0f ms, %d faces %.0f ms, so the search takes %.0f ms\n", s, f, l, l - s }'
# shellcheck disable=SC2016
bench_line commands --argjson rounds "$rounds" --argjson faces "$faces" --argjson n "$nothing" --argjson u "$show" \
    --argjson s "$small" --argjson l "$large" \
    '{$rounds, $faces, nothing_ms: $n, user_show_ms: $u, match_one_photo_ms: $s, match_ms: $l}'
