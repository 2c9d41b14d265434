#!/usr/bin/env bats
# The units of examples/systemd: systemd understands them, scores them, and under their own restrictions each service does
# its real work. systemd itself is not needed for that: tests/support/confine builds the same filters from the unit.
# database: none
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

examples=$findme_root/examples/systemd

setup() {
    fresh_home
    need_command systemd-analyze perl jq
    pid=
    mkdir -p units etc/watch lib/findme credentials
    chmod 0700 lib/findme
    : > etc/findme.yaml
}

teardown() {
    stop_serving
    drop_databases
    stop_own_server
}

# The units in units/, with the paths of this test instead of the installation's; prints the one that is named.
unit() {
    local file
    for file in "$examples"/*.service "$examples"/*.timer; do
        sed "s|/usr/local/bin/findme|$FINDME_BIN|; s|/etc/findme|$PWD/etc|; s|=/var/lib\$|=$PWD/lib|" "$file" \
            > "units/${file##*/}"
    done
    [ ! -f etc/watch/party.conf ] || cp units/findme-watch@.service units/findme-watch@party.service
    echo "$PWD/units/$1"
}

services() { (cd "$examples" && printf '%s\n' *.service); }

need_confine() {
    [ -x "${FINDME_TEST_CONFINE:=$(dirname "$FINDME_BIN")/../tests/confine}" ] ||
        missing "no program at FINDME_TEST_CONFINE=$FINDME_TEST_CONFINE (it is built where libseccomp-dev is installed)"
}

# confined [--strict] UNIT [PROGRAM...]: without a program, what the unit starts. Nothing of this test's surroundings
# reaches it but what a service has, and what a sanitizer needs that cannot look for leaks without ptrace.
confined() {
    local kept=()
    [ -z "${NOTIFY_SOCKET:-}" ] || kept+=(NOTIFY_SOCKET="$NOTIFY_SOCKET" WATCHDOG_USEC="${WATCHDOG_USEC:-}")
    [ -z "${ASAN_OPTIONS:-}" ] || kept+=(ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}")
    exec env -i PATH="$PATH" HOME="$PWD/lib/findme" LC_ALL=C.UTF-8 CREDENTIALS_DIRECTORY="$PWD/credentials" \
        FINDME_SYSTEM_CONFIG="$PWD/etc/findme.yaml" "${kept[@]}" \
        "$FINDME_TEST_CONFINE" --writable "$PWD/lib/findme" "$@"
}

# expect_confined CODE [--strict] UNIT [PROGRAM...]
expect_confined() {
    local wanted=$1
    shift
    expect_exit "$wanted" confined "$@"
}

# The party where the services look for it.
service_party() {
    : > etc/findme.yaml
    party
    if [ "$FINDME_TEST_BACKEND" = sqlite ]; then
        mv "$database" lib/findme/findme.db
        use_database "sqlite:$PWD/lib/findme/findme.db"
    else
        echo "database: $database_url" > etc/findme.yaml
    fi
    printf 'models:\n  dir: %s\n' "$FINDME_TEST_MODELS" >> etc/findme.yaml
}

count() { sql "$database_url" "SELECT count(*) FROM $1"; }

@test "systemd: it understands every unit" {
    local file
    unit > /dev/null
    for file in units/*; do
        expect_exit 0 systemd-analyze verify --man=no "$PWD/$file"
        [ -z "$output$stderr" ] || { echo "$file: $output $stderr"; return 1; }
    done
    # What it does not understand, it says, and goes on.
    echo 'Nonsense=yes' >> units/findme-purge.service
    run systemd-analyze verify --man=no "$PWD/units/findme-purge.service"
    has "$output" "Unknown key"
}

@test "systemd: it understands every drop-in, and one for findme-.service is for all services" {
    local file service
    for file in "$examples"/drop-ins/*.conf; do
        unit > /dev/null
        mkdir -p units/findme-.service.d
        cp "$file" units/findme-.service.d/
        for service in $(services); do
            expect_exit 0 systemd-analyze verify --man=no "$PWD/units/$service"
            [ -z "$output$stderr" ] || { echo "${file##*/}: $output $stderr"; return 1; }
        done
        rm -r units/findme-.service.d
    done
    mkdir units/findme-.service.d
    printf '[Service]\nNonsense=yes\n' > units/findme-.service.d/nonsense.conf
    for service in $(services); do
        run systemd-analyze verify --man=no "$PWD/units/$service"
        has "$output" "nonsense.conf:2: Unknown key"
    done
}

@test "systemd: no service is exposed more than 2.0" {
    local service
    for service in $(services); do
        expect_exit 0 systemd-analyze security --offline=true --threshold=20 --no-pager "$examples/$service"
        grep -o 'exposure level for.*: [0-9.]*' <<< "$output" | sed 's/^/# /' >&3
    done
    printf '[Service]\nExecStart=/bin/true\n' > units/bare.service
    run systemd-analyze security --offline=true --threshold=20 --no-pager "$PWD/units/bare.service"
    [ "$status" -ne 0 ]
}

@test "systemd: no service is started again for what no restart mends" {
    local service
    for service in $(services); do
        grep -qx 'Restart=on-failure' "$examples/$service"
        grep -qE '^RestartPreventExitStatus=2 (3 )?(4 )?(5 )?7$' "$examples/$service"
    done
}

@test "systemd: the user and the folders are made, and the password is root's" {
    need_command systemd-sysusers systemd-tmpfiles
    mkdir -p root/etc
    expect_exit 0 systemd-sysusers --root="$PWD/root" "$examples/findme.sysusers"
    grep -qE '^findme:x:[0-9]+:[0-9]+:findme:/var/lib/findme:/usr/sbin/nologin$' root/etc/passwd
    [ "$(id -u)" -eq 0 ] || unfit "only root can give files away"
    expect_exit 0 systemd-tmpfiles --root="$PWD/root" --create "$examples/findme.tmpfiles"
    local id
    id=$(awk -F: '/^findme/ { print $3 }' root/etc/passwd)
    [ "$(stat -c '%a %u' root/var/lib/findme)" = "700 $id" ]
    [ "$(stat -c '%a %u %g' root/etc/findme root/etc/findme/findme.yaml root/etc/findme/pgpass)" = "755 0 0
644 0 0
600 0 0" ]
    # The settings that it makes are settings.
    expect_exit 0 findme --config root/etc/findme/findme.yaml config check
}

@test "systemd: what a unit forbids is refused, and with --strict a refused system call ends the process" {
    need_confine
    need_command setarch unshare
    local service ptrace mount
    ptrace='require "syscall.ph"; $! = 0; syscall(&SYS_ptrace, 0, 0, 0, 0); exit $!'
    mount='require "syscall.ph"; $! = 0; my ($what, $where) = ("tmpfs", "/nowhere");
        syscall(&SYS_mount, $what, $where, $what, 0, 0); exit $!'
    # Nobody needs a privilege for these two.
    perl -e "$ptrace"
    setarch -R true
    printf 'FOLDER=%s\nEVENT=PARTY\n' "$PWD" > etc/watch/party.conf
    unit > /dev/null
    for service in findme-health.service findme-purge.service findme-watch@party.service; do
        service=$PWD/units/$service
        expect_confined 0 "$service" true
        expect_confined 0 --strict "$service" true
        # 1 is EPERM, 97 EAFNOSUPPORT.
        expect_confined 1 "$service" perl -e "$ptrace"
        expect_confined 159 --strict "$service" perl -e "$ptrace"
        expect_confined 1 "$service" perl -e "$mount"
        expect_confined 159 --strict "$service" perl -e "$mount"
        expect_confined 1 "$service" setarch -R true
        expect_confined 1 "$service" unshare --user true
        : > lib/findme/file
        expect_confined 1 "$service" chmod u+s "$PWD/lib/findme/file"
        expect_confined 0 "$service" chmod u+w "$PWD/lib/findme/file"
        expect_confined 0 "$service" perl -MSocket -e 'socket my $s, AF_INET6, SOCK_STREAM, 0 or die $!'
        expect_confined 97 "$service" perl -MSocket -e 'socket my $s, 16, SOCK_RAW, 0 or exit $!'
        expect_confined 0 "$service" sh -c '[ "$(id -u)" -ne 0 ] && grep -q "^CapPrm:.0*$" /proc/self/status &&
            grep -q "^NoNewPrivs:.1$" /proc/self/status'
        # What it takes root to set up.
        [ "$(id -u)" -eq 0 ] || continue
        expect_confined 0 "$service" grep -q '^CapBnd:.0*$' /proc/self/status
        expect_confined 1 "$service" touch "$PWD/lib/elsewhere"
        expect_confined 1 "$service" test -e /proc/cpuinfo
    done
}

# database: any
@test "systemd: purge erases and prunes under its unit's filter, and finds nothing to do the next time" {
    need_confine
    local strict
    for strict in "" --strict; do
        [ -z "$strict" ] || drop_databases
        service_party
        findme -q user add anna --email anna@example.org --event PARTY > /dev/null
        sql "$database_url" "UPDATE account_tokens SET expires_at = '2020-01-01T00:00:00.000Z'"
        findme -q event update PARTY --date 2020-01-01 --retention-days 1 > /dev/null
        [ "$(count faces)" -gt 0 ]
        [ "$(count account_tokens)" -eq 1 ]
        expect_confined 0 $strict "$(unit findme-purge.service)"
        has "$stderr" "removed 1 token"
        [ "$(count faces) $(count face_templates) $(count account_tokens)" = "0 0 0" ]
        expect_confined 0 $strict "$(unit findme-purge.service)"
        has "$stderr" "no event past its retention"
        has "$stderr" "removed 0 tokens"
        integrity_check
        expect_exit 0 findme audit verify
    done
}

# database: any
@test "systemd: purge that cannot begin erases nothing, and says why" {
    need_confine
    service_party
    sql "$database_url" "DELETE FROM findme_schema_history"
    expect_confined 7 --strict "$(unit findme-purge.service)"
    hasnt "$stderr" removed
    hasnt "$stderr" "past its retention"
}

# database: any
@test "systemd: an event whose retention nobody has set keeps tokens from nothing, and is named" {
    need_confine
    service_party
    findme -q user add anna --email anna@example.org --event PARTY > /dev/null
    sql "$database_url" "UPDATE account_tokens SET expires_at = '2020-01-01T00:00:00.000Z'"
    sql "$database_url" "INSERT INTO events (name, event_code) VALUES ('Gala', 'GALA22')"
    expect_confined 3 --strict "$(unit findme-purge.service)"
    has "$stderr" "removed 1 token"
    has "$stderr" GALA22
}

# What a service tells its manager, a message a line in the file notices.
listen_to_notices() {
    rm -f notices notify
    perl -MSocket -e '
        socket my $s, AF_UNIX, SOCK_DGRAM, 0 or die; bind $s, pack_sockaddr_un("notify") or die;
        open my $out, ">", "notices"; select $out; $| = 1;
        while (defined recv $s, my $said, 4096, 0) { $said =~ s/\n/;/g; print "$said\n"; exit if $said =~ /STOPPING/ }' 3>&- &
    notices=$!
    within 60 test -e notices
}

said() { grep -q "$1" notices; }

# database: any
@test "systemd: health answers, reports to its manager and stops under its unit's filter" {
    need_confine
    need_command curl
    service_party
    printf 'health:\n  listen: 127.0.0.1:0\n' >> etc/findme.yaml
    local strict service
    service=$(unit findme-health.service)
    for strict in "" --strict; do
        listen_to_notices
        NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=200000 confined $strict "$service" > out 2> err 3>&- &
        pid=$!
        within 30 said READY=1
        url=http://$(sed -n 's/.*Listening on //p' notices | head -n 1)
        answers /livez 200
        within 60 answers /readyz 200
        answers /api/health-check 200
        # Of itself it sees what the metrics need, of others nothing.
        curl -s "$url/metrics" > metrics
        grep -qE '^process_resident_memory_bytes [1-9]' metrics
        grep -qE '^process_open_fds [1-9]' metrics
        within 60 said WATCHDOG=1
        kill -TERM "$pid"
        ended
        [ "$status" -eq 0 ] || { cat err; return 1; }
        wait "$notices"
        [ "$(tail -n 1 notices)" = "STOPPING=1;STATUS=Stopping" ]
    done
}

# database: postgresql
@test "systemd: a password is read from the credential, which only its owner may read" {
    need_confine
    need_command curl
    own_server
    use_database "$(new_database guarded)"
    local name=${database_url##*postgres@/} service
    name=${name%%\?*}
    sql "$FINDME_TEST_POSTGRESQL_URL" "ALTER ROLE postgres PASSWORD 'Orbit-Lampe-Wolke-42'"
    echo 'local all all scram-sha-256' > "$server/data/pg_hba.conf"
    findme_postgresql_control "$server" reload
    echo "database: $database_url" > etc/findme.yaml
    service=$(unit findme-purge.service)
    (umask 077 && echo "*:*:*:postgres:Orbit-Lampe-Wolke-42" > credentials/pgpass)
    chmod 0400 credentials/pgpass
    expect_confined 0 --strict "$service"
    # As newer systemds show it, libpq does not take it: see drop-ins/password-file.conf.
    chmod 0440 credentials/pgpass
    expect_confined 5 --strict "$service"
    hasnt "$stderr" Orbit
}

# database: any
@test "systemd: photos are indexed under the watching unit's filter, and not without memory to compile the network in" {
    need_confine
    service_party
    sql "$database_url" "DELETE FROM face_templates; DELETE FROM faces; DELETE FROM photo_models; DELETE FROM photo_paths; DELETE FROM photos"
    printf 'FOLDER=%s\nEVENT=PARTY\n' "$FINDME_TEST_SAMPLES" > etc/watch/party.conf
    local strict watch index
    watch=$(unit findme-watch@party.service)
    index=("$FINDME_BIN" index --event PARTY --reindex)
    for strict in "" --strict; do
        expect_confined 0 $strict "$watch" "${index[@]}" "$FINDME_TEST_SAMPLES"/sample{1,2,3}.jpg
        has "$output" "indexed 3 photos"
    done
    # Why that unit is the one without MemoryDenyWriteExecute=.
    run confined "$(unit findme-purge.service)" "${index[@]}" "$FINDME_TEST_SAMPLES/sample1.jpg"
    [ "$status" -ne 0 ]
    has "$output" oneDNN
}

# database: any
@test "systemd: a folder is watched under its unit's filter: what is there, what comes, until it is told to stop" {
    need_confine
    local strict watch
    for strict in "" --strict; do
        [ -z "$strict" ] || drop_databases
        service_party
        sql "$database_url" "DELETE FROM face_templates; DELETE FROM faces; DELETE FROM photo_models; DELETE FROM photo_paths; DELETE FROM photos"
        rm -rf photos
        mkdir photos
        cp "$FINDME_TEST_SAMPLES"/sample[12].jpg photos
        printf 'FOLDER=%s\nEVENT=PARTY\n' "$PWD/photos" > etc/watch/party.conf
        watch=$(unit findme-watch@party.service)
        listen_to_notices
        NOTIFY_SOCKET=$PWD/notify confined $strict "$watch" > out 2> err 3>&- &
        pid=$!
        within 60 said READY=1
        [ "$(count photos)" -eq 2 ]
        cp "$FINDME_TEST_SAMPLES/sample3.jpg" photos
        within 60 three_photos
        kill -TERM "$pid"
        ended
        kill "$notices"
        # As systemd sees a service that ends when it is told to.
        [ "$status" -eq 143 ] || { cat err; return 1; }
        integrity_check
    done
}

three_photos() { [ "$(count photos)" -eq 3 ]; }
