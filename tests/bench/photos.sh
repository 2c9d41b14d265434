#!/usr/bin/env bash
# How long findme takes for a photo, beside what decoding alone takes and what a pipeline of OpenCV and dlib takes: the
# same files, one core, in turns, one run. Prints a table of ratios and one JSON line for tests/bench/runs.
#
#   tests/bench/photos.sh [--rounds N] [--copies N] [--photos FOLDER]
#
#   --rounds N       how often each program runs; medians count (default 5)
#   --copies N       how many different files are made of each photo, and three times as many at 2 megapixels, so that
#                    the start counts as little there (default 20)
#   --photos FOLDER  JPEGs of your own instead of the sample photos at 24 and 2 megapixels
#
# Builds what it needs into build/bench. findme is measured whole: the process from start to end, with reading, hashing
# and writing to a database on disk.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

rounds=5
copies=20
own=
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=${2:?--rounds takes a number}; shift ;;
        --copies) copies=${2:?--copies takes a number}; shift ;;
        --photos) own=${2:?--photos takes a folder}; shift ;;
        -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "photos.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
    esac
    shift
done

# shellcheck source=tests/bench/common.sh
. tests/bench/common.sh
bench_build findme-cli jpeg_floor dlib_pipeline camera_photo
programs=build/bench/tests/bench
findme=$PWD/build/bench/cli/findme

work=$(mktemp -d "${TMPDIR:-/tmp}/findme-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# copies_of FOLDER PHOTO COUNT: files of other bytes and the same pixels; what follows the end of a JPEG is nobody's.
copies_of() {
    local i name
    mkdir -p "$1"
    name=$(basename "${2%.*}")
    for ((i = 1; i <= $3; ++i)); do { cat "$2"; printf '%s' "$i"; } > "$1/$name-$i.jpg"; done
}

if [ -n "$own" ]; then
    for photo in "$own"/*.[jJ][pP]*[gG]; do copies_of "$work/photos/own" "$photo" "$copies"; done
else
    mkdir "$work/camera"
    for photo in build/samples/*.jpg; do
        "$programs/camera_photo" "$photo" "$work/camera/$(basename "$photo")"
        copies_of "$work/photos/24mp" "$work/camera/$(basename "$photo")" "$copies"
        copies_of "$work/photos/2mp" "$photo" $((3 * copies))
    done
fi

# index_ms JOBS FOLDER: milliseconds a photo of one whole run into a new database.
index_ms() {
    local begin end database="$work/run.db"
    rm -f "$database"*
    "$findme" --database "sqlite:$database" event create Bench > /dev/null
    begin=$(date +%s%N)
    "$findme" --database "sqlite:$database" --set "models.dir=$PWD/build/models" --quiet index --jobs "$1" "$2" > /dev/null
    end=$(date +%s%N)
    awk -v ns=$((end - begin)) -v n="$(find "$2" -type f | wc -l)" 'BEGIN { printf "%.2f\n", ns / 1e6 / n }'
}

printf '%-6s %9s %9s %9s %9s %9s | %11s %11s %11s\n' photos 'half ms' 'dlib ms' 'findme ms' 'f32 ms' '2 jobs ms' \
    'to half' 'dlib to' '2 jobs to 1'
line='{}'
for folder in "$work"/photos/*; do
    set_name=$(basename "$folder")
    rm -f "$work"/*.ms
    index_ms 1 "$folder" > /dev/null # Prepares the models.
    for ((round = 1; round <= rounds; ++round)); do
        "$programs/jpeg_floor" "$folder"/*.jpg | jq -r .half_ms >> "$work/half.ms"
        index_ms 1 "$folder" >> "$work/findme.ms"
        FINDME_MODELS_PRECISION=f32 index_ms 1 "$folder" >> "$work/f32.ms"
        index_ms 2 "$folder" >> "$work/two.ms"
        # The slowest by far: once on one copy of each is enough to be believed.
        [ "$round" -gt 1 ] || "$programs/dlib_pipeline" build/models "$folder"/*-1.jpg | jq -r .ms >> "$work/dlib.ms"
    done
    half=$(bench_median < "$work/half.ms") dlib=$(bench_median < "$work/dlib.ms") one=$(bench_median < "$work/findme.ms")
    f32=$(bench_median < "$work/f32.ms") two=$(bench_median < "$work/two.ms")
    awk -v s="$set_name" -v h="$half" -v d="$dlib" -v f="$one" -v e="$f32" -v t="$two" 'BEGIN {
        printf "%-6s %9.1f %9.1f %9.1f %9.1f %9.1f | %10.2fx %10.1fx %10.2fx\n", s, h, d, f, e, t, f / h, d / f, f / t }'
    line=$(jq -c --arg s "$set_name" --argjson h "$half" --argjson d "$dlib" --argjson f "$one" --argjson e "$f32" \
        --argjson t "$two" '.[$s] = {half_ms: $h, dlib_ms: $d, findme_ms: $f, findme_f32_ms: $e, two_jobs_ms: $t,
        to_half: ($f / $h), dlib_to_findme: ($d / $f), one_job_to_two: ($f / $t)}' <<< "$line")
done
# shellcheck disable=SC2016
bench_line photos --argjson rounds "$rounds" --argjson copies "$copies" --argjson sets "$line" '{$rounds, $copies} + $sets'
