#!/usr/bin/env bats
# What a start of the tool costs.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

@test "start: the tool loads neither imgcodecs nor its train of libraries" {
    need_command ldd
    ldd "$FINDME_BIN" > libraries
    lacks 'imgcodecs\|highgui\|videoio\|gdal\|not found' libraries
    echo "# $(wc -l < libraries) shared objects" >&3
}

# On a busy machine the median says more about the neighbours: the fastest of 20 starts is judged, both are printed.
@test "start: event list answers in less than 15 ms (release build)" {
    local tool=$FINDME_BIN release=$findme_root/build/release/cli/findme
    [ ! -x "$release" ] || tool=$release
    "$tool" -q event create One > /dev/null
    local n begin end
    for ((n = 0; n < 21; n++)); do
        begin=$EPOCHREALTIME
        "$tool" event list > /dev/null
        end=$EPOCHREALTIME
        echo $((${end/./} - ${begin/./}))
    done | tail -n 20 | sort -n > times_us
    local fastest median
    fastest=$(sed -n 1p times_us)
    median=$(sed -n 10p times_us)
    echo "# event list: median $median us, fastest $fastest us" >&3
    [ "$tool" = "$release" ] || skip "no release build: $median us is not judged"
    [ "$fastest" -lt 15000 ]
}
