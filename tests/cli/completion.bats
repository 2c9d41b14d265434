#!/usr/bin/env bats
# What bash, zsh and fish make of the scripts, and that these know everything --help knows.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/commands.bash
load ../support/commands

setup() {
    fresh_home
    mkdir -p functions
    findme completion bash > findme.bash
    findme completion zsh > functions/_findme
    findme completion fish > findme.fish
}

# What may be typed at a command: `event list --event`, of its own help and of the help of those around it. Behind `help`
# stand the names of commands.
everything() {
    { commands | of_commands && commands | sed -nE 's/^[a-z-]+$/help &/p'; } | sed 's/^ //' | sort -u
}

of_commands() {
    awk '
        {
            command[NR] = $0
            file = "help/" ($0 == "" ? "findme" : $0)
            while ((getline line < file) > 0) {
                if (line ~ /^(Subcommands|Options):/) section = line
                else if (line == "") section = ""
                split(line, word, " ")
                if (section ~ /^S/ && line ~ /^  [a-z]/) print $0 " " word[1]
                if (section ~ /^O/ && line ~ /^  +-/) flags[$0] = flags[$0] "," word[1]
            }
        }
        END {
            for (i = 1; i <= NR; i++) {
                for (around = command[i]; ; sub(/ ?[^ ]*$/, "", around)) {
                    count = split(flags[around], flag, ",")
                    for (k = 2; k <= count; k++) print command[i] " " flag[k]
                    if (around == "") break
                }
            }
        }'
}

# in_bash WORDS...: what bash offers for the last word, with the words taken apart as bash does it.
in_bash() {
    bash --norc -c '. ./findme.bash
        COMP_WORDBREAKS=$'"' \t\n\"\\'><=;|&(:'"'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _findme 2> complaints; cat complaints; printf "%s\n" "${COMPREPLY[@]}"' - findme "$@" | sort
}

in_fish() { fish --no-config -c 'source findme.fish; complete -C $argv[1]' "findme $*" | cut -f 1 | sort; }

words() { printf '%s\n' "$@"; }

# typed SHELL LINE...: the arguments that findme gets when the lines are typed, tabs and all, at a terminal.
typed() {
    local shell=$1
    shift
    need_command script "$shell"
    {
        echo "findme() { echo \"\$*\" >> $PWD/arguments; }"
        case $shell in
            bash) echo ". $PWD/findme.bash" ;;
            zsh) echo "fpath=($PWD/functions \$fpath); autoload -Uz compinit; compinit -u -D" ;;
        esac
        printf '%b\n' "$@" exit
    } > keys
    case $shell in
        bash) shell="bash --norc --noprofile -i" ;;
        zsh) shell="zsh -f -i" ;;
    esac
    TERM=dumb script -qec "$shell" screen < keys > /dev/null
    cat arguments
}

@test "completion: bash, zsh and fish parse their scripts without a word" {
    need_command zsh fish
    local out
    out=$(bash -n findme.bash && zsh -n functions/_findme && fish --no-execute findme.fish 2>&1)
    [ -z "$out" ]
    out=$(bash --norc -c '. ./findme.bash' 2>&1 && fish --no-config -c 'source findme.fish' 2>&1)
    [ -z "$out" ]
}

@test "completion: another shell is refused with exit code 2, and --help says where the scripts go" {
    expect_exit 2 findme completion tcsh
    expect_exit 2 findme completion
    expect_exit 0 findme completion --help
    has "$output" "~/.config/fish/completions/findme.fish"
    has "$output" "bash-completion/completions/findme"
    has "$output" "fpath"
    [ ! -e "$database" ]
}

@test "completion: in bash every command and every flag of --help is offered, and nothing else" {
    everything > wanted
    bash --norc -c '. ./findme.bash
        offer() { COMP_WORDS=(findme $1 "$2"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _findme
            for reply in "${COMPREPLY[@]}"; do echo "$1 $reply"; done; }
        while read -r command; do
            offer "$command" -
            COMPREPLY=(); for sub in $(_findme_commands "$command"); do echo "$command $sub"; done
        done' < <(commands) 2> complaints | sed 's/^ //' | sort -u > offered
    [ ! -s complaints ]
    diff wanted offered
    [ "$(wc -l < wanted)" -gt 500 ]
}

@test "completion: in zsh every command and every flag of --help is offered, and nothing else" {
    need_command zsh
    everything > wanted
    # In place of zsh's own: walks down to the command, then prints what may be typed there.
    cat > walk.zsh << 'END'
compdef() { }
_describe() { print -rl -- ${commands%%:*} }
_arguments() {
    if (( $#walk )); then state=argument words=($walk[1]); shift walk; return 1; fi
    local spec
    for spec in $flags; do print -r -- ${${${spec#\(*\)}#\*}%%[\[=+]*}; done
    state=command
    return 1
}
. ./functions/_findme
while read -r command; do
    walk=(${=command}); _findme | while read -r offer; do print -r -- "$command $offer"; done
done
END
    commands | zsh -f walk.zsh | sed 's/^ //' | sort -u > offered
    diff wanted offered
}

@test "completion: in fish every command and every flag of --help is offered, and nothing else" {
    need_command fish
    everything > wanted
    # "-" offers the short names and the long ones; nothing offers the commands, where there are some.
    commands | fish --no-config -c 'source findme.fish
        while read -l command
            for offer in (complete -C "findme $command -")
                echo "$command "(string split -f 1 \t -- $offer)
            end
            for inner in (string match -- " $command *" "" $__findme_commands | string trim)
                test "$command" = (string join " " (string split " " -- $inner)[1..-2]); and echo $inner
            end
            if test -z "$command"
                string trim -- $__findme_commands | string match -v "* *"
            end
        end' | sed 's/^ //' | tr -s ' ' | sort -u > offered
    diff wanted offered
}

@test "completion: bash offers formats, roles, files, settings and their values" {
    [ "$(in_bash mi)" = migrate ]
    [ "$(in_bash -o '')" = "$(words json jsonl text)" ]
    [ "$(in_bash --output = jsonl)" = jsonl ]
    [ "$(in_bash --database event event li)" = list ]
    [ "$(in_bash user add --role g)" = guest ]
    [ "$(in_bash --set index.)" = "$(words index.jobs= index.lease_s= index.memory_mib=)" ]
    [ "$(in_bash --set log.level = '')" = "$(words debug error info warning)" ]
    [ "$(in_bash --set = log.level = w)" = warning ]
    [ "$(in_bash config show log)" = "$(words log log.format log.level)" ]
    [ "$(in_bash completion z)" = zsh ]
    [ "$(in_bash help ev)" = event ]
    [ "$(in_bash help event cr)" = create ]
    [ -z "$(in_bash help event create --ret)" ]
    mkdir photos
    touch photo.jpg
    [ "$(in_bash index pho)" = "$(words photo.jpg photos)" ]
    [ "$(in_bash migrate --dir pho)" = photos ]
    [ "$(in_bash --config = photo.)" = photo.jpg ]
    [ "$(in_bash --set models.dir = pho)" = "$(words photo.jpg photos)" ]
}

@test "completion: fish offers formats, roles, files, settings and their values" {
    need_command fish
    [ "$(in_fish mi)" = migrate ]
    [ "$(in_fish -o '')" = "$(words json jsonl text)" ]
    [ "$(in_fish --database event event li)" = list ]
    [ "$(in_fish user add --role g)" = guest ]
    [ "$(in_fish --set index.)" = "$(words index.jobs= index.lease_s= index.memory_mib=)" ]
    [ "$(in_fish --set log.level=)" = "$(words log.level=debug log.level=error log.level=info log.level=warning)" ]
    [ "$(in_fish --set=log.level=w)" = --set=log.level=warning ]
    [ "$(in_fish completion z)" = zsh ]
    [ "$(in_fish help event cr)" = create ]
    mkdir photos
    touch photo.jpg
    [ "$(in_fish index pho)" = "$(words photo.jpg photos/)" ]
    [ "$(in_fish migrate --dir pho)" = photos/ ]
}

@test "completion: typed at a terminal, bash completes commands, flags and settings" {
    touch only.jpg
    typed bash 'findme conf\tsh\t--ori\t' 'findme --set log.lev\tdeb\tuser add --role ph\t' 'findme --set=log.lev\tdeb\t version' \
        'findme --output=jsonl\tindex on\t' 'findme --set database=sq\tx.db version'
    diff arguments - << 'END'
config show --origin
--set log.level=debug user add --role photographer
--set=log.level=debug version
--output=jsonl index only.jpg
--set database=sqlite:x.db version
END
}

@test "completion: typed at a terminal, zsh completes commands, flags and settings" {
    touch only.jpg
    typed zsh 'findme conf\tsh\t--ori\t' 'findme --set log.lev\tdeb\tuser add --role ph\t' 'findme --set=log.lev\tdeb\t version' \
        'findme --output jsonl\tindex on\t' 'findme --set database=sq\tx.db version'
    diff arguments - << 'END'
config show --origin
--set log.level=debug user add --role photographer
--set=log.level=debug version
--output jsonl index only.jpg
--set database=sqlite:x.db version
END
}
