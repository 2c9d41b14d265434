#!/usr/bin/env bats
# The file of an embedded database: who makes it, who finds that it is not there, and what is no file of a database.
# database: sqlite
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

# Every command that opens a database and does not make one; with what it cannot do without.
readers() {
    cat << 'END'
event list
event show PARTY
event stats PARTY
event update PARTY --name X
event delete PARTY --confirm PARTY
event purge PARTY --confirm PARTY
event purge --expired
index --dry-run photos
match selfie.jpg
photo list
photo show a.jpg
photo forget a.jpg
queue status
queue retry
queue cancel
user list
user show anna
user disable anna
user enable anna
user join anna --to PARTY
user delete anna --yes
user export anna
user import users.csv --dry-run
user set-password anna --password-file password
user verify anna --password-file password
user selfie add anna selfie.jpg --consent 1
user selfie list anna
user selfie remove anna --all
token issue anna
token redeem --token-file token --password-file password
token list
token revoke 1
token prune
audit list
audit verify
migrate status
migrate verify
migrate adopt
migrate adopt --dry-run
migrate down --to 0 --yes
migrate repair
END
}

some_files() {
    mkdir -p photos
    echo "username,email,role" > users.csv
    echo "ada,ada@example.org,photographer" >> users.csv
    (umask 077 && echo "ein neues wort mit hut 17" > password && echo "fmr_x" > token)
    grey_picture selfie.jpg
}

@test "database file: whatever makes none says that there is none, with its path and what makes it, and leaves nothing" {
    some_files
    local command before
    before=$(ls -A . "$HOME")
    while read -r command; do
        # shellcheck disable=SC2086
        expect_exit 4 findme $command
        has "$stderr" "there is no database \"$database\" yet: \`findme event create\` or \`findme migrate\` makes it"
        # shellcheck disable=SC2086
        expect_exit 4 findme --database sqlite:there/is/none.db $command
        has "$stderr" "there is no database \"$PWD/there/is/none.db\" yet"
        [ "$(ls -A . "$HOME")" = "$before" ] || { echo "left by $command:"; ls -AR . "$HOME"; return 1; }
    done < <(readers)
}

@test "database file: event create, index, migrate, user add and user import make it" {
    need_models
    some_files
    local file command
    for command in "0 event create One" "4 index photos" "0 migrate" "0 migrate up" "4 user add anna --email a@example.org" \
        "0 user add ada --email ada@example.org --role photographer" "0 user import users.csv"; do
        file=$PWD/$((++n)).db
        # shellcheck disable=SC2086
        expect_exit "${command%% *}" findme --database "sqlite:$file" ${command#* }
        [ "$(stat -c '%a' "$file")" = 600 ]
        expect_exit 0 findme --database "sqlite:$file" event list
    done
    # The user's own folder is made as well.
    expect_exit 0 findme event create One
    [ "$(stat -c '%a' "$database" "$(dirname "$database")" | tr '\n' ' ')" = "600 700 " ]
}

@test "database file: migrate plan shows what migrate will run on a database that is not there, and makes nothing" {
    need_command jq
    local id
    id=$(findme -o json migrate plan | jq -r .plan_id)
    [ "$(findme -o json migrate up --dry-run | jq -r .plan_id)" = "$id" ]
    expect_exit 0 findme --database sqlite:no/such/folder.db migrate plan
    has "$output" "CREATE TABLE"
    [ -z "$(find . "$HOME" -mindepth 1)" ] || { ls -AR . "$HOME"; return 1; }
    expect_exit 0 findme migrate up --plan "$id"
}

@test "database file: a folder that is not there is named, and not made" {
    local command
    for command in "event create One" "migrate" "user import -"; do
        # shellcheck disable=SC2086
        expect_exit 2 findme --database sqlite:no/such/party.db $command < /dev/null
        has "$stderr" "there is no folder \"$PWD/no/such\" (make it first" || has "$stderr" "is empty"
    done
    [ ! -e no ]
    FINDME_DATABASE_URL=sqlite:no/party.db expect_exit 2 findme event create One
    has "$stderr" "there is no folder \"$PWD/no\""
    mkdir no
    FINDME_DATABASE_URL=sqlite:no/party.db expect_exit 0 findme event create One
}

@test "database file: parameters, memory and blanks in the URL are refused, and no file is made of them" {
    local url command
    findme -q --database sqlite:a.db event create One > /dev/null
    for url in 'sqlite:a.db?mode=ro' 'sqlite::memory:' 'sqlite:  a.db' 'sqlite:a.db ' 'sqlite:file:a.db'; do
        for command in "event list" "event create Two" "migrate status" "migrate plan"; do
            # shellcheck disable=SC2086
            expect_exit 2 findme --database "$url" $command
            has "$stderr" "write sqlite:PATH"
            [ -z "$output" ]
        done
        run --separate-stderr findme --database "$url" doctor
        [ "$status" -eq 2 ]
    done
    [ "$(ls -A)" = a.db ] || { ls -A; return 1; }
}

@test "database file: one of 0 bytes is a restore that failed: nobody takes it for new" {
    : > b.db
    chmod 644 b.db
    local command
    for command in "event list" "event create One" "index ." "migrate" "migrate plan" "migrate status" "user list"; do
        # shellcheck disable=SC2086
        expect_exit 8 findme --database sqlite:b.db $command
        has "$stderr" "\"$PWD/b.db\" is a file of 0 bytes"
        has "$stderr" "restore it again, or remove it and its -wal, -shm and -journal to begin anew"
    done
    expect_exit 8 findme --database sqlite:b.db doctor
    has "$output" "0 bytes"
    [ ! -s b.db ] && [ "$(stat -c %a b.db)" = 644 ]
    rm b.db
    expect_exit 0 findme --database sqlite:b.db event create One
}

@test "database file: doctor finds that it is not there, and leaves it so" {
    need_command jq
    run --separate-stderr findme -o json doctor
    [ "$(jq -r '.. | objects | select(.check? == "database.missing") | .severity' <<< "$output")" = note ]
    jq -r '.. | objects | select(.check? == "database.missing") | .remedy' <<< "$output" | grep -q 'findme event create'
    findme doctor --fix > /dev/null 2>&1 || true
    [ -z "$(ls -A "$HOME")" ] || { ls -AR "$HOME"; return 1; }
}

@test "database file: one that is being made is made whole: many beginners make one database" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do
        findme event create "Party $i" > "out$i" 2>&1 &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || { cat out?; return 1; }; done
    [ "$(findme -o jsonl event list | wc -l)" -eq 8 ]
    [ -z "$(find "$HOME" -name '*.new-*')" ]
}

# The log of a database that is gone was taken for the new one's, and brought its rows back.
@test "database: what is left of an earlier one is never taken for a new one's" {
    findme -q --database sqlite:a.db event create "Once was" --code ONCE22 > /dev/null
    # As a kill leaves it: rows in the log that are not in the file.
    sqlite3 a.db "PRAGMA journal_mode = WAL" "UPDATE events SET name = 'Secret guest'" ".shell cp a.db-wal kept" > /dev/null
    [ -s kept ]
    rm -f a.db a.db-*
    local suffix
    for suffix in -wal -shm -journal; do
        cp kept "a.db$suffix"
        expect_exit 8 findme --database sqlite:a.db event create New
        has "$stderr" "a.db$suffix"
        [ ! -e a.db ]
        rm "a.db$suffix"
    done
    findme -q --database sqlite:a.db event create New > /dev/null
    expect_exit 0 findme --database sqlite:a.db event list
    hasnt "$output" "Secret guest"
}

# A process that has looked for the database and found none stands still; meanwhile another one makes it and works on it.
@test "database: the log of one that another process has just made is no leftover" {
    need_command strace
    # The folder is asked what file system it is on right before the database is made in it.
    strace -f -qq -o calls -P "$PWD" -e inject=statfs:signal=SIGSTOP "$FINDME_BIN" --database sqlite:a.db \
        event create Late --code LATE22 > out 2> err 3>&- &
    local late=$! first
    before_end_of "$late" grep -q "stopped by SIGSTOP" calls
    findme -q --database sqlite:a.db event create First --code FIRST22 > /dev/null
    mkfifo statements
    sqlite3 a.db < statements 3>&- &
    first=$!
    exec 7> statements
    echo "UPDATE events SET name = 'First of all';" >&7
    before_end_of "$first" test -s a.db-wal
    kill -CONT "$(cut -d' ' -f1 calls | head -n 1)"
    wait "$late" || { cat err; return 1; }
    exec 7>&-
    wait "$first"
    [ "$(findme -o jsonl --database sqlite:a.db event list | wc -l)" -eq 2 ]
}

# As on FAT, and on some file systems over a network.
@test "database file: it gets its name where there are neither renames that spare nor second names" {
    need_command strace
    local poor=(strace -f -qq -o calls -e inject=renameat2:error=EINVAL -e "inject=?link,linkat:error=EPERM")
    "${poor[@]}" "$FINDME_BIN" -q --database sqlite:a.db event create First > /dev/null
    grep -q 'renameat2.*INJECTED' calls
    grep -q 'link.*INJECTED' calls
    expect_exit 0 findme --database sqlite:a.db event list
    has "$output" First
    # One that cannot be finished leaves nothing under its name.
    run "${poor[@]}" -e "inject=?rename,renameat:error=EIO" "$FINDME_BIN" -q --database sqlite:b.db event create Second
    [ "$status" -ne 0 ]
    grep -q 'rename.*EIO.*INJECTED' calls
    has "$output" "b.db"
    [ -z "$(find . -name 'b.db*')" ]
}
