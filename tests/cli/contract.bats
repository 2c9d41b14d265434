#!/usr/bin/env bats
# What every command promises: help, usage errors, streams, output that can be piped.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

commands() {
    printf '%s\n' "" event "event create" "event list" "event show" "event update" "event delete" "event purge" \
        "event stats" index match photo "photo list" "photo show" "photo forget" migrate "migrate up" "migrate plan" \
        "migrate status" "migrate verify" "migrate adopt" "migrate down" "migrate repair" model "model list" "model add" "model remove" \
        "model verify" completion config "config show" "config check" "config template" user "user add" "user list" "user show" "user verify" "user set-password" \
        "user disable" "user enable" "user join" "user delete" "user export" "user import" "user selfie" \
        "user selfie add" "user selfie list" "user selfie remove" token "token issue" "token redeem" "token list" \
        "token revoke" "token prune" queue "queue status" "queue retry" "queue cancel" audit "audit list" "audit verify" serve-health doctor version help
}

@test "help: every command prints it to stdout and ends with 0" {
    local command
    while read -r command; do
        # shellcheck disable=SC2086
        expect_exit 0 findme $command --help
        has "$output" "Usage: findme"
        has "$output" "Exit codes: 0 done"
        [ -z "$stderr" ]
        # shellcheck disable=SC2086
        expect_exit 0 findme $command -h
    done < <(commands)
    [ ! -e "$database" ]
}

@test "help: every command that help names is known to this test" {
    local listed
    listed=$(findme --help | sed -n '/^Subcommands:/,/^$/p' | awk '/^  [a-z]/ { print $1 }' | sort)
    [ "$listed" = "$(commands | awk 'NF { print $1 }' | sort -u)" ]
}

@test "version: --version and the command agree, and need no database" {
    expect_exit 0 findme --version
    local short=$output
    expect_exit 0 findme version
    [ "$output" = "$short" ]
    [[ $output =~ ^findme\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    expect_exit 0 findme version -v
    has "$output" "compiler: "
    [ ! -e "$database" ]
}

@test "usage: a mistyped command suggests the right one" {
    expect_exit 2 findme indx .
    has "$stderr" 'did you mean "index"?'
    [ -z "$output" ]
    expect_exit 2 findme event lst
    has "$stderr" 'did you mean "list"?'
}

@test "usage: a mistyped flag suggests the right one" {
    expect_exit 2 findme match --sheeet x.jpg selfie.jpg
    has "$stderr" 'did you mean "--sheet"?'
}

@test "usage: no command, half a command and a missing argument are refused" {
    expect_exit 2 findme
    expect_exit 2 findme photo
    expect_exit 2 findme match
    expect_exit 2 findme event create
    expect_exit 2 findme index
    [ ! -e "$database" ]
}

@test "usage: flags are not abbreviated" {
    expect_exit 2 findme --out json event list
}

@test "usage: a value out of range names the range" {
    expect_exit 2 findme match --min-score 101 selfie.jpg
    has "$stderr" "100"
    expect_exit 2 findme index --jobs -1 .
    expect_exit 2 findme --output xml event list
}

# database: any
@test "global flags work before and after the command" {
    findme -q event create One --code ONE1 > /dev/null
    expect_exit 0 findme --output json event list
    local before=$output
    expect_exit 0 findme event list --output json
    [ "$output" = "$before" ]
}

# database: any
@test "stdout that is full fails the run" {
    [ -w /dev/full ] || missing "there is no /dev/full here"
    findme -q event create One > /dev/null
    local command
    for command in --help version "event list --output json" "config show" "model list"; do
        # shellcheck disable=SC2086
        if findme $command > /dev/full 2> err; then
            echo "'$command' did not notice"
            return 1
        fi
        has "$(cat err)" "cannot write to the standard output"
    done
}

# database: any
@test "stdout that is closed fails the run, and nothing of it lands in the database" {
    findme -q event create One --code ONE1 > /dev/null
    local before
    before=$(dump | digest)
    if findme event list >&- 2> err; then
        echo "the closed stdout was not noticed"
        return 1
    fi
    has "$(cat err)" "cannot write to the standard output"
    [ "$(dump | digest)" = "$before" ]
}

@test "a reader that leaves early is no error worth a word" {
    run bash -c '"$0" --help 2> err | head -n 1; cat err' "$FINDME_BIN"
    [ "$output" = "Finds people in event photos." ]
}

# database: any
@test "no escape sequence reaches a pipe" {
    party
    {
        findme event list
        findme -v index "$FINDME_TEST_SAMPLES"
        findme photo list
        findme photo show "$FINDME_TEST_SAMPLES/sample1.jpg"
        findme model list
        findme nonsense || true
    } > all 2>&1
    lacks $'\x1b' all
}

# database: any
@test "progress shows on a terminal only, and a flag or TERM=dumb hides it" {
    need_command script
    many_photos photos 2
    findme -q event create One --code ONE1 > /dev/null
    script -qec "$FINDME_BIN index photos" /dev/null > seen < /dev/null
    grep -q $'\x1b\\[K.* of 12 files' seen
    script -qec "$FINDME_BIN index --reindex --no-progress photos" /dev/null > seen < /dev/null
    lacks $'\x1b' seen
    TERM=dumb script -qec "$FINDME_BIN index --reindex photos" /dev/null > seen < /dev/null
    lacks $'\x1b' seen
}

# database: any
@test "nothing waits for an answer: every command ends without a standard input" {
    party
    guest_selfie
    local command
    for command in "event list" "index ." "match selfie.jpg" "photo list" "photo forget $FINDME_TEST_SAMPLES/sample6.jpg" \
        "model verify" "config show"; do
        # shellcheck disable=SC2086
        timeout "$(patience 60)" "$FINDME_BIN" $command < /dev/null > /dev/null
    done
}

@test "no secret has a flag" {
    local command
    while read -r command; do
        # shellcheck disable=SC2086
        findme $command --help > help
        # Only where to read one from: a file, a descriptor, the standard input, the terminal; --tokens asks for new ones.
        grep -oE -- '--[a-z-]*(password|token|secret)[a-z-]*' help |
            { grep -vxE -- '--(password|token)-(stdin|file|fd)|--ask-password|--tokens' || true; } > flags
        [ ! -s flags ] || { cat flags; return 1; }
    done < <(commands)
}

# database: any
@test "the tool opens no network socket" {
    need_command strace
    party
    guest_selfie
    strace -f -qq -e trace=socket,connect -o calls "$FINDME_BIN" version > /dev/null || unfit "strace may not trace here"
    local command
    for command in "match selfie.jpg" "index --reindex $FINDME_TEST_SAMPLES/sample1.jpg" "model verify" "event create Two"; do
        # shellcheck disable=SC2086
        strace -f -qq -e trace=socket,connect -o calls "$FINDME_BIN" $command > /dev/null
        lacks AF_INET calls
    done
}
