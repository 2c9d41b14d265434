#!/usr/bin/env bats
# Many at once: what a service sees when an event's doors open.
# database: postgresql
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
    party
    guest_selfie
    printf 'Orbit-Lampe-Wolke-42\n' > password
    chmod 600 password
}

# crowd N FIRST: N guests register at the same moment, each a process with a selfie and a password; prints the seconds until
# the last one is done.
crowd() {
    local i begin
    begin=$(date +%s%N)
    for ((i = $2; i < $2 + $1; i++)); do
        findme -q user add "guest$i" --email "guest$i@example.org" --event PARTY --selfie selfie.jpg --consent v1 \
            --password-file password > "out.$i" 2> "err.$i" || echo "guest$i" >> failed &
    done
    wait
    echo "$(($(date +%s%N) - begin))" | awk '{ printf "%.2f\n", $1 / 1e9 }'
}

@test "crowd: guests who register at once are all registered, once" {
    crowd 10 0
    [ ! -e failed ] || { cat failed err.*; return 1; }
    [ "$(sql "$database_url" "SELECT count(*), count(DISTINCT email) FROM users")" = "10|10" ]
    [ "$(sql "$database_url" "SELECT count(*) FROM selfies")" -eq 10 ]
    expect_exit 0 findme audit verify
}

@test "slow: crowd: thirty guests at once, ten times over, and the last one is done within 6 s" {
    local round took slowest=0
    for ((round = 0; round < 10; round++)); do
        took=$(crowd 30 $((round * 30)))
        echo "# round $round: $took s" >&3
        slowest=$(printf '%s\n%s\n' "$took" "$slowest" | sort -g | tail -n 1)
    done
    [ ! -e failed ] || { cat failed err.*; return 1; }
    [ "$(sql "$database_url" "SELECT count(*), count(DISTINCT email) FROM users")" = "300|300" ]
    [ "$(sql "$database_url" "SELECT count(*) FROM selfies")" -eq 300 ]
    expect_exit 0 findme audit verify
    echo "# the last one was done after $slowest s" >&3
    awk -v took="$slowest" 'BEGIN { exit !(took <= 6) }'
}
