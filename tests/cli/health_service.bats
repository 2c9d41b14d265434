#!/usr/bin/env bats
# serve-health as a service: where it listens, how it ends, what it tells a service manager, and that nothing stops it from
# answering.
# database: none
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

setup() {
    fresh_home
    need_command curl jq perl
    pid=
}

teardown() {
    stop_serving
    drop_databases
    stop_own_server
}

@test "service: TERM and INT end it with 0, and what was begun is answered" {
    local signal
    for signal in TERM INT; do
        rm -f listening pid
        how_it_ended "$FINDME_BIN" -o json serve-health --listen 127.0.0.1:0 > listening 2> err 3>&- &
        local watcher=$!
        within 30 test -s listening
        url=$(head -n 1 listening | jq -r .url)
        local address=${url#http://}
        exec 8<> "/dev/tcp/${address%:*}/${address#*:}"
        printf 'GET /livez HTTP/1.1\r\nHost: a\r\n' >&8
        within 30 connections_are 1
        kill "-$signal" "$(cat pid)"
        within 30 grep -q "stopping after the requests" err
        printf '\r\n' >&8
        has "$(cat <&8)" "200 OK"
        exec 8>&-
        wait "$watcher"
        [ "$(tail -n 1 listening)" = "exit 0" ]
    done
}

@test "service: half a request does not hold the end up for longer than it may" {
    serve
    local address=${url#http://} drips=0
    # Written to when it is closed already: an error, and not the end of this test.
    trap '' PIPE
    exec 8<> "/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET /livez HTTP/1.1\r\nX: ' >&8
    within 30 connections_are 1
    kill -TERM "$pid"
    # A byte now and then: it is never silent. The limit is 5 s, and five bytes a second come at most; a busy machine sends fewer.
    within 60 drip_until_gone
    exec 8>&-
    echo "$drips bytes"
    [ "$drips" -le 50 ]
    ended
    [ "$status" -eq 0 ]
}

drip_until_gone() {
    printf 'x' >&8 2> /dev/null
    drips=$((drips + 1))
    sleep 0.2
    ! kill -0 "$pid" 2> /dev/null
}

@test "service: a second signal ends it at once" {
    how_it_ended "$FINDME_BIN" -o json serve-health --listen 127.0.0.1:0 > listening 2> err 3>&- &
    local watcher=$!
    within 30 test -s listening
    url=$(head -n 1 listening | jq -r .url)
    local address=${url#http://}
    exec 8<> "/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET /livez HTTP/1.1\r\nHost: a\r\n' >&8
    within 30 connections_are 1
    kill -TERM "$(cat pid)"
    within 30 grep -q "once more to stop at once" err
    kill -TERM "$(cat pid)"
    wait "$watcher"
    exec 8>&-
    [ "$(tail -n 1 listening)" = "signal 15" ]
}

@test "service: a UNIX socket is for owner and group, a dead one is replaced, a living one is 6" {
    local path=$PWD/health.sock
    serve "unix:$path"
    [ "$(jq -r .address listening)" = "unix:$path" ]
    [ "$(stat -c %a "$path")" = 660 ]
    [ "$(curl -s --unix-socket "$path" http://localhost/livez)" = alive ]
    expect_exit 6 findme serve-health --listen "unix:$path"
    has "$stderr" "another program listens there"
    kill -KILL "$pid"
    ended
    [ -S "$path" ]
    serve "unix:$path"
    [ "$(curl -s --unix-socket "$path" http://localhost/livez)" = alive ]
    kill -TERM "$pid"
    ended
    [ "$status" -eq 0 ]
    [ ! -e "$path" ]
}

@test "service: an address in use is 6, and one that is none is 2" {
    serve
    expect_exit 6 findme serve-health --listen "${url#http://}"
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    local address
    for address in 127.0.0.1 127.0.0.1:http example.org:80 ::1:80 unix: 192.0.2.1:80; do
        expect_exit 2 findme serve-health --listen "$address"
    done
}

@test "service: it says where it listens, in text and in JSON, and warns beyond this machine" {
    serve
    jq -e '.type == "listening" and .v == 1 and .url == "http://" + .address' listening
    lacks beyond_this_machine err
    kill -TERM "$pid"
    ended
    "$FINDME_BIN" -v serve-health --listen 0.0.0.0:0 > out 2> err 3>&- &
    pid=$!
    within 30 grep -q 'findme: listening on http://0.0.0.0:[1-9]' err
    [ "$(grep -c health_listens_beyond_this_machine err)" -eq 1 ]
    [ ! -s out ]
}

# listen_to_notices ADDRESS: what is sent to a datagram socket goes into the file notices, a message a line.
listen_to_notices() {
    perl -MSocket -e '
        socket my $s, AF_UNIX, SOCK_DGRAM, 0 or die; my $name = shift; $name =~ s/^@/\0/;
        bind $s, pack_sockaddr_un($name) or die; open my $out, ">>", "notices"; select $out; $| = 1;
        while (defined recv $s, my $said, 4096, 0) { $said =~ s/\n/;/g; print "$said\n"; exit if $said =~ /STOPPING/ }' \
        "$1" 3>&- &
    notices=$!
}

@test "service: a service manager hears of the begin, of its life and of the end" {
    local address
    for address in "$PWD/notify" "@findme-test-$$-$BATS_TEST_NUMBER"; do
        rm -f notices
        listen_to_notices "$address"
        within 30 test -e notices
        NOTIFY_SOCKET=$address WATCHDOG_USEC=200000 serve
        alive_twice() { [ "$(grep -cx WATCHDOG=1 notices)" -ge 2 ]; }
        within 30 alive_twice
        kill -TERM "$pid"
        ended
        wait "$notices"
        [ "$(head -n 1 notices)" = "READY=1;STATUS=Listening on ${url#http://}" ]
        [ "$(tail -n 1 notices)" = "STOPPING=1;STATUS=Stopping" ]
    done
}

@test "service: a watchdog that means another process hears nothing" {
    listen_to_notices "$PWD/notify"
    within 30 test -e notices
    NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=20000 WATCHDOG_PID=1 serve
    for _ in 1 2 3 4 5; do curl -s "$url/livez" > /dev/null; done
    kill -TERM "$pid"
    ended
    wait "$notices"
    lacks WATCHDOG notices
}

@test "service: a socket that a service manager hands over is used" {
    perl -MSocket -MPOSIX -e '
        socket my $s, AF_INET, SOCK_STREAM, 0 or die; bind $s, pack_sockaddr_in(0, INADDR_LOOPBACK) or die;
        listen $s, 5 or die; POSIX::dup2(fileno $s, 3) if fileno $s != 3; $^F = 3; require Fcntl;
        open my $three, "+<&=", 3 or die; fcntl $three, Fcntl::F_SETFD(), 0;
        $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$; exec @ARGV' "$FINDME_BIN" -o json serve-health > listening 2> err 3>&- &
    pid=$!
    within 30 is_listening
    url=$(jq -r .url listening)
    has "$url" http://127.0.0.1:
    answers /livez 200
}

# A client that has begun a request, in the list slow.
slow_client() {
    local client
    exec {client}<> "$tcp"
    slow+=("$client")
    printf 'GET /livez HTTP/1.1\r\nX-Slow: ' >&"$client"
}

# Each of them sends one byte more.
drip() {
    local client
    for client in "${slow[@]}"; do printf x >&"$client"; done 2> /dev/null
}

close_slow() {
    local client
    for client in "${slow[@]}"; do exec {client}>&-; done
    slow=()
}

# wave: two hundred clients that never come to an end, and beside them a header and a body that have none either.
wave() {
    local n
    for ((n = 0; n < 200; n++)); do slow_client; done
    for _ in 1 2 3 4; do
        drip
        answers /livez 200
        [ "$(cat body)" = alive ]
    done
    # The writers end when the server has closed the connection.
    { printf 'GET /livez HTTP/1.1\r\nX: '; head -c 1G /dev/zero | tr '\0' x; } 2> /dev/null > "$tcp" || true
    answers /livez 200
    { printf 'GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'; while printf '400\r\n%01024d\r\n' 0; do :; done; } \
        2> /dev/null > "$tcp" || true
    answers /livez 200
}

@test "service: two hundred slow clients, a header without end and a body without end change nothing" {
    serve
    local address=${url#http://} slow=() kib=() n drips=0
    local tcp=/dev/tcp/${address%:*}/${address#*:}
    trap '' PIPE
    for n in 1 2 3 4 5; do answers /readyz 503; done
    # What it needs for such clients it has after the first wave; what it would keep of them, or never give back, it has more of
    # after each.
    for n in 0 1 2; do
        wave
        # However busily the last ones drip, in twice the timeout of 5 s they are gone; five times a second at most they do.
        if [ "$n" -eq 2 ]; then
            within 60 overdue
            echo "$drips times"
            [ "$drips" -le 100 ]
        fi
        close_slow
        within 60 connections_are 0
        kib[n]=$(resident_kib)
    done
    echo "memory: ${kib[*]} KiB after each wave, $(peak_kib) KiB at most"
    # A sanitizer keeps what was given back, to notice who uses it still.
    if is_sanitized; then return 0; fi
    [ $((kib[2] - kib[1])) -lt 4096 ]
    # A header of 1 GiB is nothing that it holds at any time.
    [ "$(peak_kib)" -lt $((kib[0] + 131072)) ]
}

overdue() {
    drip
    drips=$((drips + 1))
    sleep 0.2
    connections_are 0
}

# database: postgresql
@test "slow: service: 500 requests a second for half a minute are answered within 20 ms, over one connection" {
    need_command hey
    need_models
    findme -q migrate
    serve
    within 30 answers /readyz 200
    local path before most=0 count load probes asked
    connections() {
        sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'findme health' AND datname = '$(sed 's|^[a-z]*://[^/]*/\([^?]*\).*|\1|' <<< "$database_url")'"
    }
    probes() { curl -s "$url/metrics" | awk '/^findme_database_probes_total/ { print $2 }'; }
    for path in /api/health-check /readyz; do
        hey -z 2s -c 10 -q 50 "$url$path" > warm
        before=$(resident_kib)
        asked=$(probes)
        hey -z 30s -c 10 -q 50 "$url$path" > load 3>&- &
        load=$!
        while kill -0 "$load" 2> /dev/null; do
            count=$(connections)
            ((count <= most)) || most=$count
            sleep 0.02
        done
        wait "$load"
        probes=$(($(probes) - asked))
        awk '/Requests\/sec:/ { print "# '"$path"': " $2 " requests/s" } /99% in/ { print "# p99 " $3 * 1000 " ms" }' load >&3
        echo "# $probes probes, $most connections, $before KiB before, $(resident_kib) KiB after" >&3
        grep -qE '\[200\][[:space:]]+1[45][0-9]{3} responses' load || { cat load; return 1; }
        [ "$(grep -c '^  \[[0-9]*\]' load)" -eq 1 ]
        awk '/99% in/ { if ($3 >= 0.020) exit 1; seen = 1 } END { exit !seen }' load
        [ "$most" -eq 1 ]
        ((probes <= 70))
        is_sanitized || [ $(($(resident_kib) - before)) -lt 1024 ]
        # What was needed once, to read a model's file for one, is given back.
        is_sanitized || [ "$(resident_kib)" -lt 28000 ]
    done
}
