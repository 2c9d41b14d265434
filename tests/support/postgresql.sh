#!/usr/bin/env bash
# A PostgreSQL server for tests: private, on a UNIX socket only, everything of it in one folder, nothing of it durable.
# Run, or sourced for its functions; each command is the function findme_postgresql_COMMAND.
#
#   tests/support/postgresql.sh start DIR [NAME=VALUE...]   makes DIR and a server in it, and prints
#                                                           FINDME_TEST_POSTGRESQL_URL=...
#   tests/support/postgresql.sh crash DIR                   ends the server at once, as a power cut would, and starts it again
#   tests/support/postgresql.sh halt DIR | resume DIR       stops the server and keeps its data | starts it again
#   tests/support/postgresql.sh stop DIR                    stops the server and removes DIR
#
# DIR must not exist yet and must be short: a socket's path holds 107 bytes. NAME=VALUE are settings of the server; a test
# that crashes it wants fsync=on and full_page_writes=on, which are off otherwise. The log is DIR/log. PostgreSQL refuses to run as root, so root
# runs it as the user postgres. Every function ends with 0 or says in one sentence on stderr why not.

# The programs of the newest version that is installed, or nothing.
findme_postgresql_programs() {
    local folder newest=
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && newest=$folder
    done
    echo "$newest"
}

findme_postgresql_url() { echo "postgresql://postgres@/postgres?host=$1"; }

# findme_postgresql_run PROGRAM ARGUMENT...: one of PostgreSQL's programs as the server's own user.
findme_postgresql_run() {
    local programs program=$1
    shift
    programs=$(findme_postgresql_programs)
    if [ -z "$programs" ]; then
        echo "PostgreSQL's server is not installed below /usr/lib/postgresql: install the package postgresql" >&2
        return 1
    fi
    # From /: the user postgres need not be allowed into the folder that the caller stands in.
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "$programs/$program" "$@")
    else
        (cd / && "$programs/$program" "$@")
    fi
}

# findme_postgresql_control DIR ARGUMENT...: pg_ctl, which says something only when it fails.
findme_postgresql_control() {
    local dir=$1 said
    shift
    # Without the descriptors of the caller: bats waits until the last one is closed.
    if ! said=$(findme_postgresql_run pg_ctl --pgdata "$dir/data" --log "$dir/log" --timeout 60 -w "$@" 2>&1 3>&- 4>&-); then
        printf 'pg_ctl %s failed in %s: %s\n' "$*" "$dir" "$(tr '\n' ' ' <<< "$said")" >&2
        [ ! -r "$dir/log" ] || tail -n 5 "$dir/log" >&2
        return 1
    fi
}

# findme_postgresql_new DIR: a new data folder, which takes half a second of a processor; a copy of a prepared one takes a tenth.
findme_postgresql_new() {
    local dir=$1
    if [ -d "${FINDME_TEST_POSTGRESQL_PREPARED:-}/data" ]; then
        cp -a "$FINDME_TEST_POSTGRESQL_PREPARED/data" "$dir/data"
        return
    fi
    findme_postgresql_run initdb --pgdata "$dir/data" --username postgres --auth trust --no-sync --encoding UTF8 \
        --locale C.UTF-8 > "$dir/initdb.log" 2>&1 && return
    echo "initdb failed in $dir: $(tail -n 1 "$dir/initdb.log")" >&2
    return 1
}

findme_postgresql_folder() {
    (umask 077 && mkdir "$1") || return 1
    # Others than the server may reach the socket, not the data.
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$1" && chmod 0755 "$1"; fi
}

# findme_postgresql_prepare DIR: a data folder that servers are copied from where FINDME_TEST_POSTGRESQL_PREPARED names it.
findme_postgresql_prepare() {
    findme_postgresql_folder "$1" && FINDME_TEST_POSTGRESQL_PREPARED='' findme_postgresql_new "$1"
}

findme_postgresql_start() {
    local dir=$1 setting socket
    shift
    socket=$dir/.s.PGSQL.5432
    if [ "${#socket}" -gt 107 ]; then
        echo "the socket path $socket is longer than 107 bytes: choose a shorter folder" >&2
        return 1
    fi
    findme_postgresql_folder "$dir" && findme_postgresql_new "$dir" || return 1
    {
        printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$dir'" "unix_socket_permissions = 0777"
        # Whole suites in parallel, each test with connections of its own; many tables locked in one transaction.
        printf '%s\n' "max_connections = 200" "max_locks_per_transaction = 256" "shared_buffers = 64MB"
        # Data that lives as long as the tests is not worth a write to the disk.
        printf '%s\n' "fsync = off" "full_page_writes = off" "max_wal_size = 256MB" "autovacuum = off"
        printf '%s\n' "log_line_prefix = '%m [%p] %a %d '" "timezone = 'UTC'"
        for setting in "$@"; do printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"; done
    } >> "$dir/data/postgresql.conf" || return 1
    findme_postgresql_control "$dir" start || return 1
    echo "FINDME_TEST_POSTGRESQL_URL=$(findme_postgresql_url "$dir")"
}

findme_postgresql_crash() {
    findme_postgresql_control "$1" --mode immediate restart
}

findme_postgresql_halt() { findme_postgresql_control "$1" --mode fast stop; }
findme_postgresql_resume() { findme_postgresql_control "$1" start; }

# Nothing of it is needed any more, so nothing of it is saved.
findme_postgresql_stop() {
    local dir=$1
    [ -d "$dir" ] || return 0
    if [ -e "$dir/data/postmaster.pid" ]; then
        findme_postgresql_control "$dir" --mode immediate stop || true
    fi
    rm -rf "$dir"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -uo pipefail
    case ${1:-}:$# in
        start:[2-9] | crash:2 | halt:2 | resume:2 | stop:2)
            command=$1
            dir=$(realpath -m "$2")
            shift 2
            "findme_postgresql_$command" "$dir" "$@"
            ;;
        --help:1 | -h:1) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" ;;
        *)
            echo "postgresql.sh: want start|crash|halt|resume|stop and a folder (try --help)" >&2
            exit 2
            ;;
    esac
fi
