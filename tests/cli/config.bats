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

@test "config: a flag beats the environment beats --config beats the user's file beats the system's beats the default" {
    key=database
    [ "$(setting)" = "default " ]
    echo "database: sqlite:/system" > "$FINDME_SYSTEM_CONFIG"
    [ "$(setting)" = "system file sqlite:/system" ]
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

@test "config: the system's file is refused when it is bad, cannot be read, or shows a password; one that is not there is none" {
    key=index.jobs
    [ "$(setting)" = "default 0" ]
    printf '# ours\nindex:\n  jobs: 3\n' > "$FINDME_SYSTEM_CONFIG"
    expect_exit 0 findme config show --origin index.jobs
    has "$output" "system file ($FINDME_SYSTEM_CONFIG:3)"
    printf 'index:\n  jobs: many\n' > "$FINDME_SYSTEM_CONFIG"
    expect_exit 2 findme event list
    has "$stderr" "$FINDME_SYSTEM_CONFIG:2: index.jobs is \"many\""
    echo "database: postgresql://anna:s3cret@db.invalid/x" > "$FINDME_SYSTEM_CONFIG"
    chmod 644 "$FINDME_SYSTEM_CONFIG"
    expect_exit 2 findme config show
    has "$stderr" "$FINDME_SYSTEM_CONFIG:1: database holds a password that others can read"
    hasnt "$stderr" s3cret
    chmod 600 "$FINDME_SYSTEM_CONFIG"
    expect_exit 0 findme config show
    # Also for root, who may read everything.
    rm "$FINDME_SYSTEM_CONFIG"
    ln -s "$FINDME_SYSTEM_CONFIG" "$FINDME_SYSTEM_CONFIG"
    expect_exit 2 findme config show
    has "$stderr" "cannot read \"$FINDME_SYSTEM_CONFIG\""
}

@test "config: without a word from anybody the system's file is /etc/findme/findme.yaml" {
    need_command strace
    unset FINDME_SYSTEM_CONFIG
    strace -f -qq -e trace=file -o calls "$FINDME_BIN" config show > /dev/null || unfit "strace may not trace here"
    grep -q '"/etc/findme/findme.yaml"' calls
    lacks '"/usr/local/etc' calls
}

@test "config: --origin names file and line, and the variable" {
    printf '# mine\nindex:\n  jobs: 3\n' > mine.yaml
    FINDME_MATCH_MIN_SCORE=80 expect_exit 0 findme --config mine.yaml config show --origin
    has "$output" "file (mine.yaml:3)"
    has "$output" "environment (FINDME_MATCH_MIN_SCORE)"
}

# values: every setting with four good values, made from what the tool says of it: KEY VARIABLE FLAG FILE ENV USER.
values() {
    findme -o json config show | jq -r '.settings[] |
        def nth($i): (.range | split(" to ") | map(tonumber? // empty)) as [$least, $most] |
            if .type == "whole_number" then $least + $i | tostring
            elif .type == "number" then ($least + ($most - $least) * $i / 10) * 100 | round / 100 | tostring
            elif .choices then .choices as $all | $all[($all | index(.)) as $no | $i % ($all | length)]
            elif .type == "address" then "127.0.0.\($i):963\($i)"
            elif .type == "url" then "sqlite:/tmp/\($i).db"
            else "/folder/\($i)" end;
        [.key, .variable, nth(4), nth(3), nth(2), nth(1)] | join(" ")'
}

# shown WHAT: `KEY ORIGIN VALUE` of every setting, sorted.
shown() { jq -r '.settings[] | .key + " " + .origin + " " + .value' "$1" | sort; }

@test "config: every setting by --set, variable, --config file and user's file: each beats the next" {
    unset FINDME_MODELS_DIR
    values > all
    [ "$(wc -l < all)" -eq "$(findme -o json config show | jq '.settings | length')" ]
    mkdir -p "$HOME/.config/findme"
    awk '{ print $1 ": \"" $6 "\"" }' all > "$HOME/.config/findme/findme.yaml"
    findme -o json config show > is
    diff <(shown is) <(awk '{ print $1, "user file", $6 }' all | sort)
    awk '{ print $1 ": \"" $5 "\"" }' all > given.yaml
    findme --config given.yaml -o json config show > is
    diff <(shown is) <(awk '{ print $1, "file", $5 }' all | sort)
    FINDME_CONFIG=given.yaml findme -o json config show > is
    diff <(shown is) <(awk '{ print $1, "file", $5 }' all | sort)
    mapfile -t variables < <(awk '{ print $2 "=" $4 }' all)
    env "${variables[@]}" "$FINDME_BIN" --config given.yaml -o json config show > is
    diff <(shown is) <(awk '{ print $1, "environment", $4 }' all | sort)
    mapfile -t flags < <(awk '{ print "--set\n" $1 "=" $3 }' all)
    env "${variables[@]}" "$FINDME_BIN" --config given.yaml -o json config show "${flags[@]}" > is
    diff <(shown is) <(awk '{ print $1, "flag", $3 }' all | sort)
    diff <(jq -r '.settings[].source' is) <(awk '{ print "--set " $1 }' all)
}

@test "config: a bad value of every setting is refused at every place, all in one run" {
    # Any text is a folder's name, or may be a detector's.
    findme -o json config show | jq -r '.settings[] | select(.type != "path" and .type != "url" and .type != "text") | .key + " " + .variable' > all
    awk '{ print $1 ": nonsense" }' all > bad.yaml
    expect_exit 2 findme --config bad.yaml event list
    diff <(cut -d' ' -f2-5 <<< "$stderr") <(awk '{ print "bad.yaml:" NR ": " $1 " is \"nonsense\"," }' all)
    mapfile -t variables < <(awk '{ print $2 "=nonsense" }' all)
    expect_exit 2 env "${variables[@]}" "$FINDME_BIN" event list
    diff <(cut -d' ' -f2-5 <<< "$stderr") <(awk '{ print $2 ": " $1 " is \"nonsense\"," }' all)
    mapfile -t flags < <(awk '{ print "--set\n" $1 "=nonsense" }' all)
    expect_exit 2 findme event list "${flags[@]}"
    [ "$(grep -c 'it must be ' <<< "$stderr")" -eq "$(wc -l < all)" ]
    while read -r key _; do has "$stderr" "findme: --set $key: $key is \"nonsense\", it must be "; done < all
    # What stands in a URL's place may hold a password: it is not repeated.
    expect_exit 2 findme --set database=postgres//anna:s3cret@db/x config show
    has "$stderr" "--set database: database must be "
    hasnt "$stderr" s3cret
    expect_exit 2 findme --set postgresql://anna:s3cret@db/x config show
    hasnt "$stderr" s3cret
}

@test "config: --set takes any setting; a mistyped key, no value and the same key twice are refused" {
    key=index.jobs
    [ "$(setting --set index.jobs=3)" = "flag 3" ]
    [ "$(setting --set=index.jobs=3 --set match.min_score=80)" = "flag 3" ]
    expect_exit 0 findme config show --set index.jobs=3 --origin index.jobs
    has "$output" "flag (--set index.jobs)"
    expect_exit 2 findme --set index.job=3 config show
    has "$stderr" 'unknown key "index.job" (did you mean "index.jobs"?)'
    expect_exit 2 findme --set index.jobs config show
    has "$stderr" "KEY=VALUE"
    expect_exit 2 findme --set =3 config show
    expect_exit 2 findme --set index.jobs=3 --set index.jobs=4 config show
    has "$stderr" "the same setting twice"
    # Also where the command would not have asked for it.
    expect_exit 2 findme --set nope=1 version
    expect_exit 2 findme --config /nonexistent completion bash
    # What stands behind the first equals sign is the value, whatever it is.
    key=database
    [ "$(setting --set "database=postgresql://db/x?sslmode=require")" = "flag postgresql://db/x?sslmode=require" ]
}

@test "config: a flag of a setting's own beats --set, and says so" {
    expect_exit 0 findme --set database=sqlite:set.db --database sqlite:own.db config show --origin database
    has "$output" "sqlite:own.db"
    has "$output" "flag (--database)"
    # --set does what the flag does.
    expect_exit 0 findme -q --set "database=sqlite:$PWD/set.db" migrate up
    [ -f set.db ]
}

@test "config: show takes settings and groups, and refuses others" {
    expect_exit 0 findme config show match.min_score log
    [ "$(awk '{ print $1 }' <<< "$output" | tr '\n' ' ')" = "KEY match.min_score log.level log.format " ]
    expect_exit 2 findme config show index.job
    has "$stderr" 'did you mean "index.jobs"?'
    findme -o json config show index.jobs |
        jq -e '.settings == [{key: "index.jobs", value: "0", unit: "photos", origin: "default", source: "", help: .settings[0].help,
            type: "whole_number", default: "0", range: "0 to 1024", variable: "FINDME_INDEX_JOBS", flag: "index --jobs"}]'
    findme -o jsonl config show log.level | jq -e '.settings[0].choices == ["debug", "info", "warning", "error"]'
}

@test "config: check tells everything that is wrong with the files in force, and opens no database" {
    unset FINDME_MODELS_DIR
    mkdir -p "$HOME/.config/findme"
    printf 'index:\n  jobs: 2000\n  jobbs: 1\n' > "$HOME/.config/findme/findme.yaml"
    printf 'log: {level: loud}\nhealth: [1]\n' > given.yaml
    FINDME_MATCH_MIN_SCORE=x expect_exit 2 findme --config given.yaml --set selfie.max_yaw=9 config check
    diff - <(sed "s|$HOME|~|" <<< "$output") << 'END'
~/.config/findme/findme.yaml:2: index.jobs is "2000", it must be a whole number from 0 to 1024
~/.config/findme/findme.yaml:3: unknown key "index.jobbs" (did you mean "index.jobs"?)
given.yaml:1: log.level is "loud", it must be debug, info, warning or error
given.yaml:2: "health" is a group: it needs keys below it, not a list
FINDME_MATCH_MIN_SCORE: match.min_score is "x", it must be a number from 0 to 100
--set selfie.max_yaw: selfie.max_yaw is "9", it must be a number from 0.05 to 2
0 settings, 6 problems
END
    [ ! -e "$database" ]
    expect_exit 2 findme -o json --config given.yaml config check
    jq -e '.ok == false and (.problems | length) == 4 and .problems[2].where == "given.yaml:1" and (.files | length) == 2' \
        <<< "$output"
    # Any other command says the same, in its own way.
    expect_exit 2 findme -o json --config given.yaml event list
    jq -e '.code == "config_invalid" and (.problems | length) == 4 and .message == .problems[0].message' <<< "$stderr"
}

@test "config: check is content with good files, and judges a file alone" {
    unset FINDME_MODELS_DIR
    expect_exit 0 findme config check
    [ "$output" = "0 settings, no problem" ]
    printf 'index.jobs: 3\nmatch.min_score: 80\n' > good.yaml
    expect_exit 0 findme --config good.yaml config check
    [ "$output" = "2 settings, no problem" ]
    mkdir -p "$HOME/.config/findme"
    echo "index.jobs: many" > "$HOME/.config/findme/findme.yaml"
    FINDME_INDEX_JOBS=x expect_exit 0 findme config check good.yaml
    [ "$output" = "2 settings, no problem" ]
    expect_exit 2 findme config check gone.yaml
    has "$output" gone.yaml
}

@test "config: check warns of a password in the URL, of files that set nothing and of mistyped variables" {
    echo "# nothing" > empty.yaml
    FINDME_DATABASE_URL=postgresql://anna:s3cret@db/x FINDME_INDEX_JOB=3 expect_exit 0 findme --config empty.yaml config check
    has "$output" "warning: FINDME_DATABASE_URL: database holds a password: put it into ~/.pgpass"
    has "$output" 'warning: "empty.yaml" sets nothing'
    has "$output" 'did you mean "FINDME_INDEX_JOBS"?'
    has "$output" "no problem, 3 warnings"
    hasnt "$output$stderr" s3cret
}

@test "config: a file with a password that others can read is refused, one without may be open" {
    echo "database: postgresql://anna:s3cret@db.invalid/x" > mine.yaml
    local mode
    for mode in 644 640 604; do
        chmod "$mode" mine.yaml
        expect_exit 2 findme --config mine.yaml config show
        has "$stderr" "mine.yaml:1: database holds a password that others can read: chmod 600"
        hasnt "$stderr" s3cret
    done
    chmod 600 mine.yaml
    expect_exit 0 findme --config mine.yaml config show
    echo "database: postgresql://anna@db.invalid/x" > mine.yaml
    chmod 644 mine.yaml
    expect_exit 0 findme --config mine.yaml config show
}

@test "config: --config takes a FIFO, a descriptor and a process substitution" {
    key=index.jobs
    [ "$(setting --config <(echo "index.jobs: 5"))" = "file 5" ]
    [ "$(setting --config /dev/fd/7 7< <(echo "index.jobs: 6"))" = "file 6" ]
    [ "$(echo "index.jobs: 7" | setting --config /dev/stdin)" = "file 7" ]
    mkfifo pipe
    echo "index.jobs: 8" > pipe &
    [ "$(setting --config pipe)" = "file 8" ]
    wait
    [ "$(setting --config <(echo "database: postgresql://anna:s3cret@db/x"))" = "default 0" ]
    expect_exit 2 findme --config . config show
    has "$stderr" "it is a folder"
}

@test "config: template prints examples/findme.yaml, which sets nothing" {
    findme config template > template.yaml
    diff template.yaml "$findme_root/examples/findme.yaml"
    unset FINDME_MODELS_DIR
    expect_exit 0 findme --config template.yaml config check
    has "$output" "0 settings, no problem, 1 warning"
}

@test "config: the help of a flag names the setting it stands in for, with its range" {
    local flag command key range
    findme -o json config show | jq -r '.settings[] | select(.flag != "") | .key + " " + .flag' > all
    [ -s all ]
    while read -r key flag; do
        command=${flag%--*}
        # shellcheck disable=SC2086
        findme $command --help | tr -s ' \n' ' ' > help
        grep -E -e "--${flag##*--} [^(]*.* \(setting $key[,)]" help
        # What is no number has no such range.
        range=$(findme -o json config show "$key" | jq -r '.settings[0] | select(.type | endswith("number")) | .range')
        [ -z "$range" ] || has "$(cat help)" "(setting $key, ${range#* from }"
    done < all
    FINDME_INDEX_JOBS=4 expect_exit 2 findme index --jobs 1025 .
    expect_exit 2 findme match --min-score 100.5 selfie.jpg
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
