#!/usr/bin/env bats
# A command line that is wrong: everything that is wrong with it in sentences, nothing of it that may be a secret, exit code 2.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/commands.bash
load ../support/commands

setup() { fresh_home; }

# The options of a command's help that take a value, by their long names.
valued() {
    grep -oE -- '--[a-z][a-z0-9-]*[ =][A-Z]+(=VALUE)?( |$)' "help/${1:-findme}" | grep -oE -- '--[a-z0-9-]+' | sort -u
}

# refused COMMAND...: exit code 2, nothing on stdout, nothing made.
refused() {
    expect_exit 2 findme "$@"
    [ -z "$output" ]
    [ -z "$database" ] || [ ! -e "$database" ]
}

@test "usage: what stands behind a refused option is not repeated, whatever command it is given to" {
    local command attempt
    while read -r command; do
        # shellcheck disable=SC2086
        refused $command --password hunter2 --token=hunter2 -Zhunter2 --nonsense hunter2
        hasnt "$stderr" hunter
        has "$stderr" 'unknown option "--nonsense"'
    done < <(commands)
    for command in "" event "user add anna" "event list"; do
        for attempt in "--password hunter2" "--password=hunter2" "--nonsense=hunter2" "-Zhunter2" \
            "--password -Zhunter2" "--password --hunter2" "--secret hunter2 hunter2"; do
            # shellcheck disable=SC2086
            refused $command $attempt
            hasnt "$stderr" hunter
            has "$stderr" "unknown option \"${attempt:0:2}"
            # shellcheck disable=SC2086
            refused -o json $command $attempt
            hasnt "$stderr" hunter
        done
    done
}

@test "usage: an option that looks like no option's name is not repeated, and it is said why" {
    local secret
    for secret in --Hunter2 --hunter2hunter --correct-horse-battery-staple; do
        refused event list "$secret"
        hasnt "$stderr" "$secret"
        has "$stderr" "an unknown option, not repeated here in case it is a secret"
        refused -o json event list "$secret"
        hasnt "$stderr" "$secret"
    done
}

@test "usage: a secret that is given as an argument is not repeated either" {
    refused user set-password anna hunter2
    hasnt "$stderr" hunter
    has "$stderr" "takes NAME"
    refused user add anna --email a@example.org hunter2 hunter3
    hasnt "$stderr" hunter
    refused token redeem hunter2
    hasnt "$stderr" hunter
    refused token revoke hunter2
    hasnt "$stderr" hunter
    has "$stderr" "ID must be a whole number"
    refused user verify anna --password-fd hunter2
    hasnt "$stderr" hunter
    has "$stderr" "--password-fd must be a whole number"
    refused --password hunter2 user verify anna
    hasnt "$stderr" hunter
    refused user add anna --password hunter2 --role hunter3 --quiet=hunter4
    hasnt "$stderr" hunter
    refused token redeem --token-stdin=hunter2
    hasnt "$stderr" hunter
    has "$stderr" "--token-stdin takes no value"
    # What looks like a command that was meant may be what a password looks like.
    refused user add anna --email a@example.org --password lists
    hasnt "$stderr" lists
    refused --password indexx
    hasnt "$stderr" indexx
}

@test "usage: a secret's option that is not there leads to those that are" {
    refused user verify anna --password hunter2
    has "$stderr" 'unknown option "--password": a secret is never given on the command line, use --password-stdin, --password-file or --password-fd'
}

@test "usage: a bad value is told with the option, what was given and what may be" {
    refused -o xml event list
    [ "$stderr" = 'findme: --output is "xml", it must be text, json or jsonl' ]
    refused user list --limit 0
    [ "$stderr" = 'findme: --limit is "0", it must be a whole number from 1 up' ]
    refused user list --limit -3
    [ "$stderr" = 'findme: --limit is "-3", it must be a whole number from 1 up' ]
    refused user list --limit many
    [ "$stderr" = 'findme: --limit is "many", it must be a whole number from 1 up' ]
    refused user list --limit 99999999999999999999
    has "$stderr" '--limit is "99999999999999999999", it must be a whole number from 1'
    refused user list --role x
    [ "$stderr" = 'findme: --role is "x", it must be guest, photographer or admin' ]
    refused user list --after x
    [ "$stderr" = 'findme: --after is "x", it must be a whole number from 0 up' ]
    refused --timeout 0 event list
    [ "$stderr" = 'findme: --timeout is "0", it must be a whole number from 1 to 31536000' ]
    refused index --jobs 1025 .
    [ "$stderr" = 'findme: --jobs is "1025", it must be a whole number from 0 to 1024' ]
    refused match --min-score 100.5 selfie.jpg
    [ "$stderr" = 'findme: --min-score is "100.5", it must be a number from 0 to 100' ]
    refused match --min-score nan selfie.jpg
    has "$stderr" "it must be a number from 0 to 100"
    refused migrate down --to x
    [ "$stderr" = 'findme: --to is "x", it must be a whole number from 0 up' ]
    refused migrate --lock-timeout -1
    [ "$stderr" = 'findme: --lock-timeout is "-1", it must be a number from 0 to 86400' ]
    refused token prune --wait=soon
    [ "$stderr" = 'findme: --wait is "soon", it must be a whole number of seconds, or nothing to wait for ever' ]
    refused event create Party --date 2026-02-30
    [ "$stderr" = 'findme: --date is "2026-02-30", it must be a day as in 2026-06-20' ]
    refused completion ksh
    [ "$stderr" = 'findme: SHELL must be bash, zsh or fish' ]
    refused event list --quiet=perhaps
    [ "$stderr" = 'findme: --quiet takes no value' ]
    refused -o $'\x1b[31m' event list
    has "$stderr" '\x1b[31m'
    hasnt "$stderr" $'\x1b'
}

@test "usage: a number is what it looks like" {
    # Neither octal nor hexadecimal, nor the number behind a word of -o.
    refused user list --limit 0x10
    refused user list --limit 1e3
    refused user list --limit ' 1'
    refused -o 1 event list
    # 0365 was 245 days.
    refused event create Two --retention-days 0365
    has "$stderr" "without a zero before it"
    refused config show --timeout 010
    expect_exit 0 findme -o json event create Two --retention-days 365
    [ "$(jq .retention_days <<< "$output")" -eq 365 ]
}

@test "usage: no message of any option of any command speaks the parser's language" {
    local command option options wrong
    local -A seen=()
    while read -r command; do
        mapfile -t options < <(valued "$command")
        wrong=()
        for option in "${options[@]}"; do wrong+=("$option" '<?>'); done
        # shellcheck disable=SC2086
        refused $command "${wrong[@]}" --nonsense
        says_it_in_its_own_words
        for option in "${options[@]}"; do
            # Those that every command has are the tool's own.
            [ -z "${seen[$option]:-}" ] || continue
            seen[$option]=yes
            # shellcheck disable=SC2086
            refused $command --nonsense "$option"
            says_it_in_its_own_words
            has "$stderr" "$option needs a value"
        done
    done < <(commands)
}

says_it_in_its_own_words() {
    has "$stderr" 'findme: unknown option "--nonsense"'
    ! grep -E ' (INT|UINT|FLOAT|TEXT|BOOLEAN|ENUM)\b|[Vv]alue .* not |not in \{|in \[|FAILED|[Cc]ould not convert|required|excludes|were not expected' <<< "$stderr" ||
        return 1
}

@test "usage: everything that is wrong with a line is told at once, a line each" {
    refused -o xml --foo user add --bar --role king --limitt=3 --timeout never
    diff <(sort <<< "$stderr") <(sort << 'END'
findme: unknown option "--foo"
findme: unknown option "--bar"
findme: unknown option "--limitt"
findme: --output is "xml", it must be text, json or jsonl
findme: --timeout is "never", it must be a whole number from 1 to 31536000
findme: --role is "king", it must be guest, photographer or admin
findme: NAME is missing (see `findme user add --help`)
findme: --email is missing (see `findme user add --help`)
END
)
    refused index --watch --shared --reindex --jobs x
    has "$stderr" '--jobs is "x"'
    has "$stderr" "--reindex and --watch exclude each other"
    has "$stderr" "--reindex and --shared exclude each other"
    has "$stderr" "--watch and --shared exclude each other"
    [ "$(grep -c . <<< "$stderr")" -eq 4 ]
    refused user list --limit 1 --limit 2 --after
    has "$stderr" "--limit is given more than once"
    has "$stderr" "--after needs a value"
}

@test "usage: everything that is wrong is one error in JSON, with the problems" {
    need_command jq
    refused -o json user add --foo --role king
    jq -e '.type == "error" and .code == "invalid_argument" and .exit_code == 2 and (.problems | length) == 4
        and .message == .problems[0].message' <<< "$stderr"
    # Also where the option for it stands behind what is wrong.
    refused user list --limit x -o jsonl
    jq -e '.message | startswith("--limit is")' <<< "$stderr"
}

@test "usage: a command that is missing or mistyped is told with those there are" {
    refused
    has "$stderr" "a command is missing (see \`findme --help\`)"
    refused photo
    [ "$stderr" = 'findme: a command is missing: `findme photo` takes list, show or forget' ]
    refused photo sow
    [ "$stderr" = 'findme: unknown command "sow" (did you mean "show"?)' ]
    refused photo nonsense
    [ "$stderr" = 'findme: unknown command: `findme photo` takes list, show or forget' ]
    refused nonsense
    [ "$stderr" = 'findme: unknown command (see `findme --help`)' ]
    refused migrate plna
    has "$stderr" 'did you mean "plan"?'
    refused event list more
    [ "$stderr" = 'findme: `findme event list` takes no argument, and was given 1' ]
    refused completion bash zsh fish
    [ "$stderr" = 'findme: `findme completion` takes SHELL, and was given 2 more' ]
}

@test "help: the verb prints what --help prints, for the tool and for every command" {
    local command
    while read -r command; do
        # shellcheck disable=SC2086
        findme $command --help > wanted
        # shellcheck disable=SC2086
        findme help $command > got 2> err
        [ ! -s err ]
        diff wanted got
    done < <(commands)
    [ -z "$database" ] || [ ! -e "$database" ]
}

@test "help: an unknown verb is refused with the nearest ones" {
    refused help indx
    has "$stderr" 'did you mean "index"?'
    refused help event crate
    has "$stderr" 'did you mean "create"?'
    refused help index more
    has "$stderr" "findme index"
    # Options around it are no part of the name.
    expect_exit 0 findme -q help event create --no-progress
    has "$output" "Usage: findme event create"
}
