#!/usr/bin/env bats
# What a start of the tool costs.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

@test "start: the tool loads neither OpenCV nor libheif nor a BLAS, nor their trains of libraries" {
    need_command ldd
    ldd "$FINDME_BIN" > libraries
    lacks 'opencv\|gdal\|libheif\|libraw\|dlib\|blas\|lapack\|not found' libraries
    echo "# $(wc -l < libraries) shared objects" >&3
}

# Judged by processor time, which busy neighbours stretch less than the clock. A start is mostly the loading of shared
# libraries, 12 to 16 ms on two busy cores: the limit is there for the day when one of them brings a train of others along.
@test "start: event list takes less than 30 ms of processor time (release build, mean of 20)" {
    local tool=$FINDME_BIN release=$findme_root/build/release/cli/findme
    [ ! -x "$release" ] || tool=$release
    "$tool" -q event create One > /dev/null
    local n begin end user system TIMEFORMAT='%3U %3S'
    { time for ((n = 0; n < 20; n++)); do
        begin=$EPOCHREALTIME
        "$tool" event list > /dev/null 2> err
        end=$EPOCHREALTIME
        echo $((${end/./} - ${begin/./})) >> times_us
    done; } 2> spent
    read -r user system < spent
    # 20 starts, in milliseconds: the mean in microseconds is 50 times as much.
    local mean=$(((10#${user/./} + 10#${system/./}) * 50))
    echo "# event list: mean $mean us of processor time, median $(sort -n times_us | sed -n 10p) us on the clock" >&3
    [ "$tool" = "$release" ] || skip "no release build: $mean us is not judged"
    [ "$mean" -lt 30000 ]
}
