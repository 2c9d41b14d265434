#!/usr/bin/env bats
# How the tool takes passwords in. What makes a good one: tests/unit/access.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

password="Orbit-Lampe-Wolke-42"

setup() {
    fresh_home
    findme -q user add ada --email ada@example.org --role admin > /dev/null
    printf '%s' "$password" > password
    chmod 600 password
}

set_password() { findme -q user set-password ada "$@"; }

# opens: the password, and nothing else, opens the account now.
opens() { findme -q user verify ada --password-stdin < password > /dev/null; }

# on_terminal SCREEN COMMAND: runs it where it has a terminal, and types the password once it is asked for.
on_terminal() {
    mkfifo keys
    script -qefc "$2" "$1" < keys > /dev/null 3>&- &
    local job=$!
    exec 4> keys
    before_end_of "$job" grep -sq "assword: " "$1" || return 1
    printf '%s\n' "$password" >&4
    local code=0
    wait "$job" || code=$?
    exec 4>&-
    rm keys
    return "$code"
}

@test "passwords: from the standard input, with or without a line end behind" {
    set_password --password-stdin < password > /dev/null
    opens
    printf '%s\n' "$password" | set_password --password-stdin > /dev/null
    opens
    printf '%s\r\n' "$password" | set_password --password-stdin > /dev/null
    opens
    # The first line is it; what follows is for who reads next.
    printf '%s\nNebel.Kran.Tinte.77\n' "$password" | set_password --password-stdin > /dev/null
    opens
}

@test "passwords: a line end behind is no part of one, and all else is" {
    local behind
    for behind in ' ' '\t' '\r' '\n\n' '\r\n\n'; do
        # shellcheck disable=SC2059
        printf "$password$behind" > other
        chmod 600 other
        set_password --password-file other > /dev/null
        expect_exit 5 findme user verify ada --password-file password
        expect_exit 0 findme user verify ada --password-file other
    done
}

@test "passwords: a token and a password come one after the other on the standard input" {
    { findme -q token issue ada && printf '%s\n' "$password"; } |
        findme -q token redeem --token-stdin --password-stdin > /dev/null
    opens
}

@test "passwords: from a file, a pipe with a name, a process and a file descriptor" {
    set_password --password-file password > /dev/null
    opens
    mkfifo pipe
    printf '%s\n' "$password" > pipe &
    set_password --password-file pipe > /dev/null
    opens
    set_password --password-file <(printf '%s\n' "$password") > /dev/null
    opens
    set_password --password-file /dev/stdin < password > /dev/null
    opens
    set_password --password-fd 7 7< password > /dev/null
    opens
    set_password --password-fd 0 < <(printf '%s' "$password") > /dev/null
    opens
}

@test "passwords: a file that others may read or write is refused, and the way out named" {
    local mode
    for mode in 640 620 604 602 644 666 660; do
        chmod "$mode" password
        expect_exit 2 findme user set-password ada --password-file password
        has "$stderr" "chmod 600"
        has "$stderr" 'the password file "password"'
        hasnt "$stderr" "$password"
    done
    chmod 400 password
    set_password --password-file password > /dev/null
}

@test "passwords: what cannot be read says so" {
    expect_exit 1 findme user set-password ada --password-file nowhere
    has "$stderr" '"nowhere"'
    expect_exit 1 findme user set-password ada --password-fd 77
    has "$stderr" "file descriptor 77"
    mkdir -m 700 folder
    expect_exit 1 findme user set-password ada --password-file folder
    expect_exit 2 findme user set-password ada --password-file ""
    expect_exit 2 findme user set-password ada --password-fd -1
    expect_exit 2 findme user set-password ada --password-fd 3x
    expect_exit 2 findme user set-password ada --password-stdin --password-file password
    expect_exit 2 findme user set-password ada --password-stdin --password-fd 3
    expect_exit 2 findme user set-password ada --password-file password --password-fd 3
}

@test "passwords: nothing is no password" {
    local nothing
    for nothing in '' '\n' '\r\n'; do
        # shellcheck disable=SC2059
        printf "$nothing" > empty
        chmod 600 empty
        expect_exit 2 findme user set-password ada --password-file empty
        has "$stderr" "empty"
        expect_exit 2 findme user set-password ada --password-stdin < empty
    done
}

@test "passwords: 1024 bytes are taken, more are refused without being read" {
    seq 1000 1300 | tr -d '\n' | head -c 1024 > longest
    { cat longest && printf '\r\n'; } > longest_line
    { cat longest && printf 'x'; } > longer
    chmod 600 longest longest_line longer
    set_password --password-file longest_line > /dev/null
    findme -q user verify ada --password-file longest > /dev/null
    expect_exit 2 findme user set-password ada --password-file longer
    has "$stderr" "longer than 1024 bytes"
    # Nobody ever closes this one: only a tool that stops at the limit comes back.
    mkfifo endless
    { head -c 1048576 /dev/zero && sleep 60; } > endless 2> /dev/null 3>&- &
    local writer=$!
    expect_exit 2 timeout "$(patience 60)" "$FINDME_BIN" user set-password ada --password-stdin < endless
    has "$stderr" "longer than 1024 bytes"
    kill "$writer" 2> /dev/null || true
}

@test "passwords: without a terminal nothing is asked, and the options are named" {
    expect_exit 2 timeout "$(patience 60)" "$FINDME_BIN" user set-password ada < /dev/null
    has "$stderr" "--password-stdin, --password-file FILE or --password-fd N"
    expect_exit 2 timeout "$(patience 60)" "$FINDME_BIN" user set-password ada < password
    has "$stderr" "--password-stdin"
    expect_exit 2 timeout "$(patience 60)" "$FINDME_BIN" user add eva --email eva@example.org --role admin --ask-password < /dev/null
}

@test "passwords: a terminal is asked, shows nothing of it, and is as before afterwards" {
    need_command script stty
    on_terminal screen "$FINDME_BIN -q user set-password ada; echo ended \$?; stty -a"
    grep -q "New password: " screen
    grep -q "ended 0" screen
    lacks "$password" screen
    grep -q "speed .* baud" screen
    lacks " -echo " screen
    opens
    # Asked for the standard input's, a terminal does not show it either.
    on_terminal screen2 "$FINDME_BIN -q user verify ada --password-stdin; echo ended \$?"
    grep -q "ended 0" screen2
    lacks "$password" screen2
}

@test "passwords: a terminal that would leave the prompt unseen is not asked" {
    need_command script
    run script -qefc "$FINDME_BIN -q user set-password ada 2> complaint" screen < /dev/null
    [ "$status" -eq 2 ]
    grep -q -e "--password-stdin" complaint
}

@test "passwords: while one is read no core can be dumped" {
    mkfifo slow
    "$FINDME_BIN" -q user set-password ada --password-fd 7 7<> slow > /dev/null 3>&- &
    local tool=$!
    before_end_of "$tool" grep -q "^Max core file size *0 *0 " "/proc/$tool/limits"
    kill "$tool"
    wait "$tool" || true
}
