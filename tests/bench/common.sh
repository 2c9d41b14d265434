# shellcheck shell=bash
# What the benchmark scripts share; sourced from the top of the source tree.

# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh

# bench_build TARGET...: packages, models, sample photos and what is to be measured, in build/bench.
bench_build() {
    {
        # shellcheck disable=SC2046
        findme_install_packages $(findme_build_packages) $(findme_bench_packages)
        libfindme/models/fetch_models.sh --to build/models
        libfindme/models/fetch_models.sh --manifest examples/sample_photos.yaml --to build/samples
        cmake --preset bench && cmake --build --preset bench --target "$@"
    } >&2
}

# bench_selfie FILE: one guest, cut out of a sample photo.
bench_selfie() { jpegtran -copy none -crop 512x512+944+112 -outfile "$1" build/samples/sample3.jpg; }

bench_median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# bench_line NAME JQ_ARGUMENT...: one line for tests/bench/runs: where and when, and what the last argument makes.
bench_line() {
    local name=$1
    shift
    jq -nc --arg name "$name" --arg commit "$(git rev-parse --short HEAD)" --arg date "$(date -u +%F)" \
        --arg machine "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" --argjson cores "$(nproc)" \
        --arg networks "$(build/bench/cli/findme version -v | sed -n 's/^networks: //p')" \
        "${@:1:$#-1}" '{benchmark: $name, $date, $commit, $machine, $cores, $networks} + '"${*: -1}"
}
