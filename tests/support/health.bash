# shellcheck shell=bash
# What the tests of serve-health share, besides cli.bash.

pid=
url=

stop_serving() {
    [ -z "$pid" ] || { kill -KILL "$pid" && wait "$pid"; } 2> /dev/null || true
}

is_listening() { [ -s listening ] || ! kill -0 "$pid"; }

# serve [ADDRESS]: starts the server, on a free port unless told otherwise; $pid is the process, $url where it is, and what
# it says is in err.
serve() {
    rm -f listening
    "$FINDME_BIN" -o json -v serve-health --listen "${1:-127.0.0.1:0}" > listening 2> err 3>&- &
    pid=$!
    within 30 is_listening
    url=$(jq -r .url listening)
}

# The exit code of the server, once it has ended, is $status.
# shellcheck disable=SC2034
ended() {
    status=0
    wait "$pid" || status=$?
    pid=
}

code() { curl -s -o body -w '%{http_code}' --max-time "$(patience 60)" "$url$1"; }
answers() { [ "$(code "$1")" = "$2" ]; }
# The memory that it has, and the most that it ever had.
resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }
peak_kib() { awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"; }

# A sanitizer keeps what was given back, to notice who uses it still.
is_sanitized() { nm -D "$FINDME_BIN" | grep -qE ' U __(asan|tsan)_init'; }

# connections_are N: besides the one that asks.
connections_are() { curl -s "$url/metrics" | grep -qx "findme_http_connections $(($1 + 1))"; }
