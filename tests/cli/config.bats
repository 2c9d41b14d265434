#!/usr/bin/env bats
# Settings: who wins, what is refused, what is never shown.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

# origin and value of a setting, as `environment 3`
setting() { findme -o json "$@" config show | jq -r ".settings[] | select(.key == \"$key\") | .origin + \" \" + .value"; }

@test "config: a flag beats the environment beats --config beats the user's file beats the default" {
    key=database
    [ "$(setting)" = "default " ]
    mkdir -p "$HOME/.config/findme"
    echo "database: sqlite:/user" > "$HOME/.config/findme/findme.yaml"
    [ "$(setting)" = "user file sqlite:/user" ]
    echo "database: sqlite:/file" > mine.yaml
    [ "$(setting --config mine.yaml)" = "file sqlite:/file" ]
    export FINDME_DATABASE_URL=sqlite:/environment
    [ "$(setting --config mine.yaml)" = "environment sqlite:/environment" ]
    [ "$(setting --config mine.yaml --database sqlite:/flag)" = "flag sqlite:/flag" ]
}

@test "config: XDG_CONFIG_HOME and XDG_DATA_HOME are honoured" {
    key=index.jobs
    mkdir -p x/findme
    echo "index: {jobs: 3}" > x/findme/findme.yaml
    XDG_CONFIG_HOME=$PWD/x
    export XDG_CONFIG_HOME
    [ "$(setting)" = "user file 3" ]
    XDG_DATA_HOME=$PWD/data findme -q event create One > /dev/null
    [ -f data/findme/findme.db ]
}

@test "config: --origin names file and line, and the variable" {
    printf '# mine\nindex:\n  jobs: 3\n' > mine.yaml
    FINDME_MATCH_MIN_SCORE=80 expect_exit 0 findme --config mine.yaml config show --origin
    has "$output" "file (mine.yaml:3)"
    has "$output" "environment (FINDME_MATCH_MIN_SCORE)"
}

@test "config: every setting's variable is read, and a bad value names it" {
    local name
    while read -r key; do
        name=FINDME_$(tr 'a-z.' 'A-Z_' <<< "$key")
        [ "$key" = database ] && name=FINDME_DATABASE_URL
        [ "$key" = models.dir ] && continue # any text will do
        run --separate-stderr env "$name=nonsense" "$FINDME_BIN" config show
        [ "$status" -eq 2 ]
        has "$stderr" "$name"
    done < <(findme -o json config show | jq -r '.settings[].key')
}

@test "config: a password in a database URL is never shown" {
    local url="postgresql://anna:hunter2@db.example/findme?password=hunter3"
    FINDME_DATABASE_URL=$url expect_exit 0 findme config show --origin
    hasnt "$output$stderr" hunter
    has "$output" "anna:***@db.example"
    FINDME_DATABASE_URL=$url run findme event list
    [ "$status" -ne 0 ]
    hasnt "$output" hunter
    expect_exit 2 findme --database "mysql://anna:hunter2@db.example/x" event list
    hasnt "$stderr" hunter
}

@test "config: files with carriage returns and a byte order mark are read" {
    key=index.jobs
    printf '\xef\xbb\xbfindex:\r\n  jobs: 3\r\n' > mine.yaml
    [ "$(setting --config mine.yaml)" = "file 3" ]
}

@test "config: a key given twice, broken YAML, and a file that is not there are refused" {
    printf 'index.jobs: 1\nindex:\n  jobs: 2\n' > twice.yaml
    expect_exit 2 findme --config twice.yaml config show
    has "$stderr" twice.yaml:3
    printf 'index: [\n' > broken.yaml
    expect_exit 2 findme --config broken.yaml config show
    has "$stderr" broken.yaml
    expect_exit 2 findme --config gone.yaml config show
}

@test "config: without HOME the message says what to set" {
    run --separate-stderr env -u HOME -u FINDME_MODELS_DIR "$FINDME_BIN" event list
    [ "$status" -eq 2 ]
    has "$stderr" "--database"
}

@test "config: examples/findme.yaml holds every setting with its default, and nothing else" {
    local example=$findme_root/examples/findme.yaml
    findme --config "$example" -o json config show | jq -e 'all(.settings[]; .origin == "default" or .key == "models.dir")'
    sed 's/^\( *\)#\([a-z_]*: \)/\1\2/' "$example" > full.yaml
    unset FINDME_MODELS_DIR
    findme --config full.yaml -o json config show > full
    findme -o json config show > defaults
    jq -e 'all(.settings[]; .origin == "file")' full
    diff <(jq '.settings[] | select(.key != "database" and .key != "models.dir") | [.key, .value]' full) \
        <(jq '.settings[] | select(.key != "database" and .key != "models.dir") | [.key, .value]' defaults)
}

@test "config: a password on the command line is warned of and never repeated" {
    expect_exit 0 findme --database postgresql://anna:s3cret@localhost/party config show
    has "$stderr" .pgpass
    hasnt "$stderr$output" s3cret
    expect_exit 0 findme --database postgresql://anna@localhost/party config show
    hasnt "$stderr" .pgpass
}
