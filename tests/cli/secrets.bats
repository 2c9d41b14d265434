#!/usr/bin/env bats
# What must never be seen, and what must be gone: canaries in every input, and templates after erasure.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() {
    fresh_home
    need_command jq
}

# every_byte: all of the database's own files, or what the server holds of them; also dumps.
every_byte() {
    case $database_url in
        sqlite:*) cat "${database_url#sqlite:}"* ;;
        *)
            sql "$database_url" CHECKPOINT > /dev/null
            # The files of this database, its log left out: that is the server's, and a backup's.
            local folder=${server:-${FINDME_TEST_POSTGRESQL_URL##*host=}}
            find "$folder/data/base/$(sql "$database_url" "SELECT oid FROM pg_database WHERE datname = current_database()")" \
                -type f -exec cat {} +
            ;;
    esac
}

# watched FILE ARGUMENT...: runs the tool, which gets the secret of FILE through the pipe `secret`: as a file, or as the standard
# input, or as descriptor 3. While it waits for that, the arguments of all processes are written down.
watched() {
    local file=$1 tool code=0
    shift
    case " $* " in
        *" secret "*) "$FINDME_BIN" "$@" & ;;
        *" --password-fd 3 "*) "$FINDME_BIN" "$@" 3< secret & ;;
        *) "$FINDME_BIN" "$@" < secret & ;;
    esac
    tool=$!
    {
        before_end_of "$tool" is_the_tool "$tool"
        cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' ' ' >> cmdlines
        # Of this tool alone: other tests run tools of their own meanwhile.
        { tr '\0' ' ' < "/proc/$tool/cmdline" && echo; } >> looked_at
        cat "$file"
    } > secret
    wait "$tool" || code=$?
    return "$code"
}

# No longer the shell that became it.
is_the_tool() { [ "/proc/$1/exe" -ef "$FINDME_BIN" ]; }

@test "secrets: canaries in every input are in no output, log, argument list, audit or database file" {
    findme -q event create Party --code PARTY > /dev/null
    printf 'Kanarienvogel-eins-xyz\n' > one
    printf 'Kanarienvogel-zwei-xyz\n' > two
    printf 'Kanarienvogel-drei-xyz\n' > three
    printf 'Kanarienvogel-vier-xyz\n' > four
    chmod 600 one two three four
    mkfifo -m 600 secret
    {
        watched one -v user add anna --email anna@example.org --event PARTY --password-file secret
        watched one -v user verify anna --event PARTY --password-stdin
        watched two -v user verify anna --event PARTY --password-stdin || true
        watched three -v user set-password anna --password-fd 3
        findme -q token issue anna --event PARTY > token
        chmod 600 token
        watched four -v token redeem --token-file token --password-file secret
        watched two -v token redeem --token-file token --password-file secret || true
        findme -v user export anna
        findme -v user list
        findme -v audit list
        findme -v -o json user show anna
        findme -v token list
        findme -q user add bert --email bert@example.org --event PARTY > added
    } > output 2>&1
    every_byte > bytes
    dump > dumped
    sed -n 's/^token: *//p' added > second
    [ -s token ] && [ -s second ]
    local secret
    for secret in Kanarienvogel "$(tr -d '\n' < token)" "$(tr -d '\n' < second)"; do
        lacks "$secret" output
        lacks "$secret" dumped
        lacks "$secret" cmdlines
        if grep -aqF "$secret" bytes; then echo "$secret is in the database"; return 1; fi
    done
    # What scans nothing finds nothing: a name that is no secret is there.
    grep -q anna output
    grep -aq anna bytes
    [ "$(grep -o "user add anna\|user verify anna\|user set-password anna\|token redeem" looked_at | sort | uniq -c | xargs)" = \
        "2 token redeem 1 user add anna 1 user set-password anna 2 user verify anna" ]
}

@test "secrets: an e-mail is in no message, log line or audit entry" {
    findme -q event create Party --code PARTY > /dev/null
    {
        findme -v user add anna --email canary@kanarien.example --event PARTY > /dev/null
        findme -v user add bert --email canary@kanarien.example --event PARTY || true
        findme -v user verify canary@kanarien.example --event PARTY --password-stdin <<< x || true
        findme -v user delete anna --yes
        findme -v audit list
    } > output 2>&1
    lacks kanarien output
    lacks kanarien <(sql "$database_url" "SELECT actor, action, subject, detail FROM audit_log")
}

# part_of_template FILE: 32 bytes out of the middle of a template, as hex on stdin says.
part_of_template() { cut -c257-320 | xxd -r -p > "$1"; }

# bytes_hold PART: whether the database's files hold the bytes of the file PART.
bytes_hold() {
    every_byte > bytes
    perl -e 'local $/; open A, "<:raw", "bytes"; open B, "<:raw", $ARGV[0]; $a = <A>; $b = <B>; exit(index($a, $b) < 0)' "$1"
}

@test "secrets: after user delete the template is in no file of the database" {
    need_command xxd perl
    party
    guest_selfie
    findme -q user add anna --email anna@example.org --event PARTY --selfie selfie.jpg --consent v1 > /dev/null
    sql "$database_url" "SELECT hex(template) FROM selfies" | part_of_template part
    [ "$(stat -c %s part)" -eq 32 ]
    bytes_hold part
    expect_exit 0 findme user delete anna --yes
    if bytes_hold part; then echo "the template is still there"; return 1; fi
    [ -z "$(find "$HOME" -name '*.index')" ]
}

@test "secrets: after an event is purged none of its templates is in a file of the database" {
    need_command xxd perl
    party
    guest_selfie
    findme -q user add anna --email anna@example.org --event PARTY --selfie selfie.jpg --consent v1 > /dev/null
    sql "$database_url" "SELECT hex(template) FROM face_templates ORDER BY face_id LIMIT 1" | part_of_template part
    bytes_hold part
    case $database_url in
        sqlite:*) sql "$database_url" "UPDATE events SET expires_at = '2020-01-01T00:00:00.000Z'" ;;
        *) sql "$database_url" "UPDATE events SET expires_at = '2020-01-01'" ;;
    esac
    expect_exit 5 findme match selfie.jpg
    expect_exit 0 findme event purge --expired
    if bytes_hold part; then echo "a template is still there"; return 1; fi
    expect_exit 0 findme event purge --expired
}
