#!/usr/bin/env bats
# findme user: accounts as operators handle them. The rules behind it: tests/unit/access.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

password="Orbit-Lampe-Wolke-42"

setup() {
    fresh_home
    need_command jq
    printf '%s\n' "$password" > password
    chmod 600 password
}

events() {
    findme -q event create "Summer party" --code AAAA > /dev/null
    findme -q event create "Winter party" --code BBBB > /dev/null
}

# add NAME [OPTION...]: a guest of AAAA with the password, unless options say otherwise.
add() {
    local name=$1
    shift
    findme -q -o json user add "$name" --email "$name@example.org" --event AAAA --password-file password "$@"
}

@test "user: v88's rules for names, by command" {
    events
    findme user add anna --email anna@example.org --event AAAA > /dev/null
    findme user add anna --email anna@example.org --event BBBB > /dev/null
    expect_exit 6 findme user add other --email ANNA@Example.org --event AAAA
    has "$stderr" "email: taken in this event"
    expect_exit 0 findme user add anna --email anna@example.org --role photographer
    expect_exit 0 findme user delete anna --event AAAA --yes
    expect_exit 0 findme user add anna --email anna@example.org --event AAAA
    [ "$(findme user list --csv | wc -l)" -eq 4 ]
}

@test "user: admin, photographer and guest log in, and every refusal looks alike" {
    events
    add gus > /dev/null
    findme -q user add ada --email ada@example.org --role admin --password-file password > /dev/null
    findme -q user add phil --email phil@example.org --role photographer --password-file password > /dev/null
    expect_exit 0 findme -o json user verify gus --event aa-aa --password-stdin < password
    [ "$(jq -r .role <<< "$output")" = guest ]
    expect_exit 0 findme -o json user verify ADA@example.org --password-file password
    [ "$(jq -r .role <<< "$output")" = admin ]
    expect_exit 0 findme -o json user verify phil --password-fd 3 3< password
    [ "$(jq -r .role <<< "$output")" = photographer ]

    expect_exit 5 findme user verify nobody --password-stdin < password
    [ -z "$output" ]
    local alike=$stderr
    expect_exit 5 findme user verify gus --password-stdin <<< "not the password"
    [ "$stderr" = "$alike" ]
    findme -q user disable gus > /dev/null
    expect_exit 5 findme user verify gus --event AAAA --password-stdin < password
    [ "$stderr" = "$alike" ]
    expect_exit 5 findme -v user verify gus --event AAAA --password-stdin < password
    has "$stderr" " info login_refused "
    has "$stderr" "rule=disabled"
    findme audit list > audit
    grep -q "rule=wrong_password" audit
    grep -q "rule=disabled" audit
    findme -q user enable gus > /dev/null
    expect_exit 0 findme user verify gus --event AAAA --password-stdin < password
}

@test "user: all problems of a registration are told at once, and nothing is written" {
    events
    printf 'kZ7!qv\n' > short
    chmod 600 short
    expect_exit 2 findme -o json user add $'a\nb' --email nowhere --event ZZZZ --password-file short
    [ "$(jq -r '[.problems[].code] | unique | join(" ")' <<< "$stderr")" = "invalid_argument not_found password_refused" ]
    has "$stderr" "username: "
    has "$stderr" "email: "
    [ "$(findme -o json user list | jq '.accounts | length')" -eq 0 ]
    lacks . <(findme user list --csv | tail -n +2)
}

@test "user: without a password a one-time token is printed, and sets one" {
    events
    findme -q -o json user add anna --email anna@example.org --event AAAA > added
    jq -e '.has_password == false' added
    jq -j .token added > token
    chmod 600 token
    expect_exit 5 findme user verify anna --password-stdin < password
    expect_exit 0 findme token redeem --token-file token --password-file password
    expect_exit 0 findme user verify anna --password-stdin < password
    expect_exit 5 findme token redeem --token-file token --password-file password
}

@test "user: a password is no flag and no variable, and a file of it is nobody else's" {
    events
    expect_exit 2 findme user add anna --email a@example.org --event AAAA --password "$password"
    chmod 644 password
    expect_exit 2 findme user add anna --email a@example.org --event AAAA --password-file password
    has "$stderr" "chmod 600"
    hasnt "$stderr" "$password"
    head -c 1048576 /dev/zero | tr '\0' x > long
    chmod 600 long
    expect_exit 2 findme user add anna --email a@example.org --event AAAA --password-file long
    printf 'Orbit-Lampe\0-Wolke-42' > nul
    printf 'Orbit-Lampe' > first_part
    chmod 600 nul first_part
    expect_exit 0 findme user add anna --email a@example.org --event AAAA --password-file nul
    expect_exit 0 findme user verify anna --password-file nul
    expect_exit 5 findme user verify anna --password-file first_part
    expect_exit 2 findme user set-password anna < /dev/null
    has "$stderr" "nobody is at the terminal"
}

@test "user: a first admin is made once" {
    expect_exit 0 findme user add ada --email ada@example.org --role admin --first
    expect_exit 6 findme user add eve --email eve@example.org --role admin --first
    has "$stderr" "there is an admin already"
}

@test "user: a guest with a selfie is matched, and removing it takes the matches along" {
    party
    guest_selfie
    findme -q -o json user add anna --email anna@example.org --event PARTY --selfie selfie.jpg --consent 2026-03 > added
    [ "$(jq .selfies added)" -eq 1 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM face_matches")" -eq 2 ]
    [ "$(sql "$database_url" "SELECT max(confidence_score) FROM face_matches")" -eq 100 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM users WHERE selfie_path IS NOT NULL OR selfie_data IS NOT NULL")" -eq 0 ]
    findme -o json user selfie list anna | jq -e '.selfies[0].consent == "2026-03"'
    expect_exit 0 findme -o json user selfie remove anna --all
    jq -e '.left == 0' <<< "$output"
    [ "$(sql "$database_url" "SELECT count(*) FROM face_matches")" -eq 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM selfies")" -eq 0 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM consents")" -eq 0 ]
}

@test "user: a selfie is refused with a reason and an advice, and without consent nothing is kept" {
    party
    guest_selfie
    grey_picture grey.tif
    findme -q user add anna --email anna@example.org --event PARTY > /dev/null
    expect_exit 1 findme user selfie add anna selfie.jpg grey.tif --consent v1
    has "$stderr" "no face was found: take a picture"
    has "$stderr" "nothing was kept"
    expect_exit 1 findme user selfie add anna "$FINDME_TEST_SAMPLES/sample1.jpg" --consent v1
    has "$stderr" "take a picture of one person alone"
    expect_exit 2 findme user selfie add anna selfie.jpg
    expect_exit 2 findme user add bert --email bert@example.org --event PARTY --selfie selfie.jpg
    has "$stderr" "consent"
    [ "$(sql "$database_url" "SELECT count(*) FROM selfies")" -eq 0 ]
    [ "$(findme -o json user list | jq '.accounts | length')" -eq 1 ]
}

@test "user: delete previews, asks, erases and proves it" {
    party
    guest_selfie
    findme -q user add anna --email anna@example.org --event PARTY --selfie selfie.jpg --consent v1 > /dev/null
    expect_exit 2 findme user delete anna
    has "$stderr" "--yes"
    expect_exit 0 findme -o json user delete anna --dry-run
    jq -e '.dry_run and ([.tables[] | select(.table == "selfies") | .found] == [1])' <<< "$output"
    [ "$(sql "$database_url" "SELECT count(*) FROM users")" -eq 1 ]
    expect_exit 0 findme -o json user delete anna --yes
    jq -e '.left == 0 and (.dry_run | not)' <<< "$output"
    [ "$(sql "$database_url" "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM selfies)
        + (SELECT count(*) FROM consents) + (SELECT count(*) FROM face_matches) + (SELECT count(*) FROM user_events)")" -eq 0 ]
    expect_exit 0 findme audit verify
}

@test "user: a photographer with events is not deleted, and the refusal names them" {
    findme -q user add phil --email phil@example.org --role photographer > /dev/null
    findme -q user add petra --email petra@example.org --role photographer > /dev/null
    findme -q event create "Summer party" --code AAAA --photographer phil > /dev/null
    expect_exit 6 findme user delete phil --yes
    has "$stderr" AAAA
    expect_exit 0 findme user delete phil --reassign-to petra --yes
    [ "$(sql "$database_url" "SELECT u.username FROM events e JOIN users u ON u.id = e.photographer_id")" = petra ]
}

@test "user: export holds everything about an account and no secret" {
    events
    add anna > /dev/null
    findme user export anna > export.json
    jq -e '.type == "account_export" and .tables.users[0].email == "anna@example.org" and (.tables.user_events | length == 1)' export.json
    lacks "argon2" export.json
}

@test "user: import takes LF and CRLF, quotes and a byte-order mark; all or nothing by default" {
    events
    printf '\xEF\xBB\xBFusername,email,role,event\r\n"anna, the first",anna@example.org,,AAAA\r\nphil,phil@example.org,photographer,\r\n' > good.csv
    expect_exit 0 findme user import good.csv --dry-run
    [ "$(findme user list --csv | wc -l)" -eq 1 ]
    expect_exit 0 findme user import good.csv
    findme user list --csv | grep -q '"anna, the first",anna@example.org,guest,AAAA'

    printf 'username,email,event\nbert,bert@example.org,AAAA\ncarl,broken,AAAA\nberta,BERT@example.org,AAAA\n"dora,x\n' > bad.csv
    expect_exit 2 findme user import bad.csv
    has "$stderr" "line 3: "
    has "$stderr" "the same as in line 2"
    has "$stderr" "line 5: a quote is opened"
    has "$stderr" "nothing was imported"
    [ "$(findme user list --csv | wc -l)" -eq 3 ]
    expect_exit 3 findme user import bad.csv --keep-good
    [ "$(findme user list --csv | wc -l)" -eq 4 ]
    expect_exit 2 findme user import - <<< "username,mail"
    has "$stderr" "there is no column"
}

@test "user: imported accounts get tokens when asked, and each opens its account" {
    events
    printf 'username,email\nanna,anna@example.org\nbert,bert@example.org\n' |
        findme -q user import - --event AAAA --tokens > tokens.csv
    [ "$(wc -l < tokens.csv)" -eq 3 ]
    sed -n 's/.*,bert@example.org,AAAA,\([^,]*\),.*/\1/p' tokens.csv | tr -d '\n' > token
    chmod 600 token
    expect_exit 0 findme token redeem --token-file token --password-file password
    expect_exit 0 findme user verify bert --event AAAA --password-stdin < password
}

@test "user: names drive neither the terminal, nor the log, nor the database" {
    events
    expect_exit 2 findme user add $'eve\x1b[2J' --email e@example.org --event AAAA
    hasnt "$stderr" $'\x1b'
    expect_exit 4 findme user show "'; DROP TABLE users; --"
    expect_exit 4 findme user show $'\xff\xfe'
    expect_exit 5 findme -v user verify $'a\nERROR root' --password-stdin < password
    [ "$(grep -c ERROR <<< "$stderr")" -eq 0 ]
    expect_exit 0 findme user add "Robert'); DROP TABLE users;--" --email r@example.org --event AAAA
    [ "$(findme user list --csv | wc -l)" -eq 2 ]
}

@test "user: 101 wrong logins from eight processes are counted exactly, and a token still helps" {
    events
    add anna > /dev/null
    local i
    for i in 1 2 3 4 5 6 7 8; do
        (
            n=13
            [ "$i" -gt 3 ] || n=12
            while [ "$n" -gt 0 ]; do
                status=0
                findme -q user verify anna --event AAAA --password-stdin <<< "wrong" 2> "said.$i" || status=$?
                # Locked for too long by the others is not yet an answer, and must not have counted.
                [ "$status" -ne 6 ] || { echo again >> "again.$i" && continue; }
                [ "$status" -eq 5 ] || printf 'exit code %s: %s\n' "$status" "$(cat "said.$i")" >> "unlike.$i"
                n=$((n - 1))
            done
        ) &
    done
    wait
    [ -z "$(cat unlike.* 2> /dev/null)" ] || { cat unlike.* && false; }
    echo "asked again: $(cat again.* 2> /dev/null | wc -l) times"
    [ "$(findme -o json user show anna | jq .failed_logins)" -eq 101 ]
    [ "$(findme audit list | grep -c "login.refused")" -eq 101 ]
    expect_exit 5 findme user verify anna --event AAAA --password-stdin < password
    findme -q token issue anna --event AAAA > token
    chmod 600 token
    printf 'Nebel.Kran.Tinte.77\n' > new
    chmod 600 new
    expect_exit 0 findme token redeem --token-file token --password-file new
    expect_exit 0 findme user verify anna --event AAAA --password-file new
    expect_exit 0 findme audit verify
}
