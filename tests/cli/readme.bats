#!/usr/bin/env bats
# The command lines of README.md and of the manual's examples, as a newcomer types them in a fresh home.
# database: none
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

# Where the photos of the tour, a selfie and the tool are at hand.
setup() {
    fresh_home
    need_command jq
    unset FINDME_DATABASE_URL
    guest_selfie
    mkdir party bin
    cp "$FINDME_TEST_SAMPLES"/sample[1-6].jpg party
    # The photos of the tour came this week.
    touch party/*
    ln -s "$FINDME_BIN" bin/findme
    PATH=$PWD/bin:$PATH
}

# The commands of the file's blocks: all lines of those in sh, and what stands behind the prompt in those in console. A line
# that goes on in the next is one command.
commands_of_readme() {
    awk '/^```(sh|console)$/ { kind = substr($0, 4); next }
         /^```$/ { kind = "" }
         kind == "sh" { print }
         kind == "console" && /^\$ / { print substr($0, 3) }' "$findme_root/README.md" |
        sed -e ':more' -e '/\(\\\|&&\)$/{ N; s/\\\n */ /; s/&&\n */\&\& /; b more' -e '}' | sed 's/  *#.*//' | grep .
}

# What cannot run here: a pattern a line, and the reason.
cannot_run() {
    cat << 'END'
^sudo |needs root and systemd
^cd examples/systemd|needs root and systemd
^journalctl |needs systemd
^curl |needs the service
^examples/quickstart\.sh|a run of minutes, with the network
^tests/run\.sh|a run of all tests
^cmake --preset|builds
^/usr/local/share/findme/fetch_models\.sh|needs the network
postgresql://.*db\.example|a server that there is not
^findme queue |of a server's database
^findme token redeem|asks at the terminal
^findme user verify anna|asks at the terminal
^findme model (add|remove) |a file of one's own
END
}

@test "readme: every command runs as it is written, in the order of the file" {
    commands_of_readme > commands
    [ "$(wc -l < commands)" -gt 25 ]
    cannot_run | sed 's/|[^|]*$//' > patterns
    local command pattern
    while read -r pattern; do
        grep -qE -- "$pattern" commands || { echo "no command is like '$pattern' any more"; return 1; }
    done < patterns
    grep -vEf patterns commands > runs
    while read -r command <&3; do
        # The code of the tour's event is another one each time.
        command=${command//C79WKERP/${code:-}}
        echo "\$ $command"
        bash -euo pipefail -c "$command" < /dev/null > out 2> err || { echo "exit code $?"; cat out err; return 1; }
        [ -n "${code:-}" ] || code=$(sed -n 's/^code: *//p' out)
    done 3< runs
    # They did what they say.
    [ -s found.jpg ]
    [ -n "$(ls for-anna)" ]
    [ -s anna.json ]
}

@test "readme: copying what was found copies nothing where nobody was found" {
    findme -q event create Empty > /dev/null
    local command
    command=$(commands_of_readme | grep xargs)
    run bash -c "$command"
    [ "$status" -eq 0 ]
    has "$output" nobody
    [ -z "$(ls for-anna)" ]
}

@test "readme: the completions' examples make their folders" {
    local page=$findme_root/man/findme-completion.1 command
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$page" | grep -E '^(mkdir|findme) ' > commands
    [ "$(wc -l < commands)" -eq 6 ]
    while read -r command <&3; do bash -euc "$command"; done 3< commands
    [ -s ~/.local/share/bash-completion/completions/findme ]
    [ -s ~/.zfunc/_findme ]
    [ -s ~/.config/fish/completions/findme.fish ]
}
