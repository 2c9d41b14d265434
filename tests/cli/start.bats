#!/usr/bin/env bats
# What a start of the tool costs.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

@test "start: the tool loads no library that only some commands need, nor their trains of libraries" {
    need_command ldd
    ldd "$FINDME_BIN" > libraries
    lacks 'opencv\|gdal\|libheif\|libraw\|tiff\|webp\|exiv2\|dnnl\|gomp\|libpq\|microhttpd\|gnutls\|dlib\|blas\|lapack\|not found' libraries
    echo "# $(wc -l < libraries) shared objects" >&3
}

# five COMMAND...: processor time of five runs, in milliseconds.
five() {
    local user system TIMEFORMAT='%3U %3S'
    { time for _ in 1 2 3 4 5; do "$@" > /dev/null 2> err; done; } 2> spent
    read -r user system < spent
    echo $((10#${user/./} + 10#${system/./}))
}

# Judged by processor time, which busy neighbours stretch less than the clock, and beside a program that loads about as many
# shared libraries, because that is what a start is. They take turns, and the least of each counts, so that a neighbour who comes
# or goes meanwhile counts for neither. The limit is there for the day when one of them brings a train along.
@test "start: event list takes less than twice the processor time of curl --version (release build)" {
    need_command curl
    local tool=$FINDME_BIN release=$findme_root/build/release/cli/findme ours floor
    [ ! -x "$release" ] || tool=$release
    "$tool" -q event create One > /dev/null
    for _ in 1 2 3 4 5 6; do
        five curl --version >> floors
        five "$tool" event list >> all_ours
    done
    floor=$(sort -n floors | head -n 1)
    ours=$(sort -n all_ours | head -n 1)
    echo "# event list: $((ours / 5)) ms of processor time, curl --version: $((floor / 5)) ms" >&3
    [ "$tool" = "$release" ] || unfit "no release build: the time is not judged"
    [ "$ours" -lt $((floor * 2)) ]
}
