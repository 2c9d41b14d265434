#!/usr/bin/env bats
# Whose clock counts: the database's, and nothing is erased while this machine's is far from it.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

setup() {
    fresh_home
    need_command faketime jq
    # The sanitizers' runtime wants to be loaded before anything else.
    if is_sanitized; then unfit "a faked clock is a library that is loaded first"; fi
}

# at OFFSET COMMAND...: the tool, on a machine whose clock is off by that: +10y, -10y.
at() {
    local offset=$1
    shift
    # The clock that timeouts go by is left as it is: a machine that is set wrong counts seconds as others do.
    FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$offset" "$FINDME_BIN" "$@"
}

# everyone: an event PARTY with a face and a guest with a selfie, and one OLD1 that is past its retention and holds the same.
everyone() {
    need_samples
    guest_selfie
    local code
    for code in PARTY OLD1; do
        findme -q event create "$code" --code "$code" > /dev/null
        findme -q index --event "$code" "$FINDME_TEST_SAMPLES/sample1.jpg"
        findme -q user add "guest$code" --email "$code@example.org" --event "$code" --selfie selfie.jpg --consent 1 > /dev/null
    done
    findme -q event update OLD1 --date 2020-01-01 --retention-days 1 > /dev/null
}

# A machine ten years ahead erased a live event, and one that was behind opened an expired one.
# database: postgresql
@test "clocks: a retention ends by the database's clock, wherever this machine's stands" {
    everyone
    local offset
    for offset in +10y -10y; do
        expect_exit 0 at "$offset" match --event PARTY selfie.jpg
        expect_exit 0 at "$offset" index --event PARTY "$FINDME_TEST_SAMPLES/sample2.jpg"
        expect_exit 0 at "$offset" user add "noa$offset" --email "noa$offset@example.org" --event PARTY
        expect_exit 5 at "$offset" match --event OLD1 selfie.jpg
        has "$stderr" "past its retention since 2020-01-03"
        expect_exit 5 at "$offset" index --event OLD1 "$FINDME_TEST_SAMPLES/sample2.jpg"
        expect_exit 5 at "$offset" user add "zoe$offset" --email "zoe$offset@example.org" --event OLD1
        expect_exit 0 at "$offset" -o json event purge --expired --dry-run
        [ "$(jq '.receipts | length' <<< "$output")" -eq 1 ]
        # What is made there counts from the database's time.
        expect_exit 0 at "$offset" -o json event create Today
        [ "$(jq -r '.created_at[:10]' <<< "$output")" = "$(sql "$database_url" "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")" ]
    done
}

# database: postgresql
@test "clocks: a day or more apart, nothing is erased: exit code 6, and both times are named" {
    everyone
    findme -q user add lea --email lea@example.org --event PARTY > /dev/null
    # Of something to prune, and something to mend.
    sql "$database_url" "UPDATE account_tokens SET expires_at = '2020-01-01'"
    dump > before
    local offset verb
    for offset in +10y -10y +25h -25h; do
        for verb in "event purge --expired" "event purge PARTY --confirm PARTY" "event delete PARTY --confirm PARTY" \
            "user delete lea --yes" "user selfie remove guestPARTY --all" "token prune" \
            "photo forget --event PARTY $FINDME_TEST_SAMPLES/sample1.jpg"; do
            # shellcheck disable=SC2086
            expect_exit 6 at "$offset" $verb
            has "$stderr" "nothing was erased: this machine's clock says "
            has "$stderr" " and the database's $(date -u +%Y)-"
            has "$stderr" "timedatectl"
            [ -z "$output" ]
        done
        run --separate-stderr at "$offset" doctor --fix
        [ "$status" -ne 0 ]
        has "$output" "nothing was erased: this machine's clock says "
        hasnt "$output" "(mended)"
    done
    dump | diff before -
    expect_exit 6 at +10y -o json event purge --expired
    [ "$(jq -r .code <<< "$stderr")" = clocks_differ ]
    # Some hours are a wrong time zone, and no danger.
    expect_exit 0 at +23h token prune
    expect_exit 0 findme event purge --expired
}

# database: sqlite
@test "clocks: an embedded database goes by this machine's, and there is nothing to differ from" {
    everyone
    expect_exit 5 findme match --event OLD1 selfie.jpg
    expect_exit 0 at -10y match --event OLD1 selfie.jpg
    expect_exit 0 at +10y -o json event purge --expired
    [ "$(jq '.receipts | length' <<< "$output")" -eq 2 ]
}
