#!/usr/bin/env bats
# The manual says what --help says.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/commands.bash
load ../support/commands

setup() { fresh_home; }

# The long options of a help text, or of a page, one a line.
of_help() { grep -oE -- '(^|[ ,])--[a-z][a-z0-9-]*' | sed 's/^[ ,]*//' | sort -u; }
of_page() { grep -E '^\.(It|Op|Nm|Fl) ' "$1" | grep -oE -- '(Fl |[|,] )-[a-z][a-z0-9-]*' | sed -E 's/^(Fl |[|,] )-/--/' | sort -u; }

@test "man: every page is well-formed" {
    need_command mandoc
    run mandoc -T lint -W warning "$findme_root"/man/*.[15]
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "man: groff and man-db take every page without a warning" {
    need_command man
    local page
    for page in "$findme_root"/man/*.[15]; do
        MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2> warnings > /dev/null
        cat warnings
        [ ! -s warnings ]
    done
}

@test "man: findme(1) has the global options of --help, and no other" {
    diff <(findme --help | sed -n '/^Options:/,/^$/p' | of_help) <(of_page "$findme_root/man/findme.1")
}

@test "man: every verb has a page, with the options of its --help and no other" {
    local verb page
    commands | grep -xE '[a-z-]+' > verbs
    [ -s verbs ]
    while read -r verb; do
        page=$findme_root/man/findme-$verb.1
        [ -f "$page" ] || { echo "no page for $verb"; return 1; }
        grep -q "findme-$verb 1" "$findme_root/man/findme.1"
        cat "help/$verb" "help/$verb "* 2> no_commands_below | of_help > in_help
        diff in_help <(of_page "$page") || { echo "in $page"; return 1; }
    done < verbs
}

@test "man: every page belongs to a verb" {
    local page verb
    for page in "$findme_root"/man/findme-*.1; do
        verb=${page##*/findme-}
        findme "${verb%.1}" --help > /dev/null
    done
}

@test "man: every setting is in findme.yaml(5) and in the example, with its variable" {
    need_command jq
    local key variable
    while read -r key; do
        grep -qx "\.It Cm $key" "$findme_root/man/findme.yaml.5" || { echo "no $key in findme.yaml(5)"; return 1; }
        grep -qE "^ *#${key##*.}: " "$findme_root/examples/findme.yaml" || { echo "no $key in the example"; return 1; }
        variable=FINDME_$(tr 'a-z.' 'A-Z_' <<< "$key")
        [ "$key" = database ] && variable=FINDME_DATABASE_URL
        grep -q "\.Ev $variable" "$findme_root/man/findme.yaml.5"
    done < <(findme -o json config show | jq -r '.settings[].key')
    [ "$(grep -c '^\.It Cm ' "$findme_root/man/findme.yaml.5")" -eq "$(findme -o json config show | jq '.settings | length')" ]
}

@test "man: the defaults in findme.yaml(5) are the tool's" {
    need_command jq
    local key value
    while read -r key value; do
        [ -n "$value" ] || continue
        sed -n "/^\.It Cm $key\$/,/^Variable:/p" "$findme_root/man/findme.yaml.5" | tr '\n' ' ' | grep -q "default ${value}[,. ]" ||
            { echo "$key: the tool's default is $value"; return 1; }
    done < <(env -u FINDME_MODELS_DIR "$FINDME_BIN" -o json config show | jq -r '.settings[] | .key + " " + .value')
}
