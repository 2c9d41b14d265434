# shellcheck shell=bash
# The database of a command-line test, loaded by cli.bash. ctest runs a test marked `# database: any` once with SQLite and
# once with FINDME_TEST_BACKEND=postgresql; there every test gets a database of its own on the server that
# FINDME_TEST_POSTGRESQL_URL names (tests/run.sh starts one), a copy of a template that the first test makes. What tests
# share is kept in $FINDME_TEST_KEPT, a folder; without it, for one bats run.

: "${FINDME_TEST_BACKEND:=sqlite}"

# shellcheck source=tests/support/postgresql.sh
. "$findme_root/tests/support/postgresql.sh"

# psql and pg_dump as such: on Debian their names in the usual place are scripts, which take three times as long to find them.
for findme_programs in /usr/lib/postgresql/*/bin; do
    [ ! -x "$findme_programs/psql" ] || PATH=$findme_programs:$PATH
done

database_kind() { echo "$FINDME_TEST_BACKEND"; }

need_postgresql() {
    [ -n "${FINDME_TEST_POSTGRESQL_URL:-}" ] ||
        missing "no PostgreSQL server: FINDME_TEST_POSTGRESQL_URL is not set (tests/run.sh starts one)"
    need_command psql pg_dump
}

# The URL of another database on the server.
server_database() {
    [[ $FINDME_TEST_POSTGRESQL_URL =~ ^([a-z]*://[^/]*/)[^?]*(.*)$ ]] && echo "${BASH_REMATCH[1]}$1${BASH_REMATCH[2]}"
}

# sql URL [QUERY]: what a query gives, fields separated by |; without a query, those of the standard input. hex(COLUMN) is
# understood by both.
sql() {
    local query=${2:-$(cat)}
    case $1 in
        sqlite:*) sqlite3 "${1#sqlite:}" "$query" ;;
        *)
            [[ $query != *hex\(* ]] || query=$(sed -E "s/hex\(([a-z_.]+)\)/upper(encode(\1, 'hex'))/g" <<< "$query")
            psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$1" <<< "$query"
            ;;
    esac
}

# dump [URL]: everything a database holds, as text that is equal when nothing has changed.
dump() {
    local url=${1:-$database_url}
    case $url in
        sqlite:*) sqlite3 "${url#sqlite:}" .dump ;;
        # Newer servers' dumps carry a random key.
        *) pg_dump "$url" | grep -v '^\\\(un\)\?restrict ' ;;
    esac
}

# Tells one build of the tool from another: what is built is a new file. In a build tree the library's place is known; to ask
# ldd loads all that there is.
tool_stamp() {
    local library=${FINDME_BIN%/*}/../libfindme/libfindme.so numbers
    [ -e "$library" ] || library=$(ldd "$FINDME_BIN" | awk '/libfindme/ { print $3; exit }')
    # shellcheck disable=SC2046
    printf -v numbers '%x' $(stat -L -c '%i %Y' "$FINDME_BIN" "$library") && echo "$numbers"
}

kept_folder() {
    local folder=${FINDME_TEST_KEPT:-$BATS_FILE_TMPDIR}
    mkdir -p "$folder"
    echo "$folder"
}

# What the shared databases hold: nothing but the schema, or the party.
fill_current() {
    case $1 in sqlite:*) ;; *) findme --quiet --database "$1" migrate up ;; esac
}

fill_party() {
    findme --quiet --database "$1" event create "Office party" --code PARTY &&
        findme --quiet --database "$1" index "$FINDME_TEST_SAMPLES"/sample?.jpg
}

# postgresql_template KIND: the name of a database of that kind, which nobody is connected to. It gets its name when it is
# complete: a test that dies on the way leaves none.
postgresql_template() {
    local kind=$1 stamp name kept made
    stamp=$(tool_stamp)
    name=findme_${kind}_$stamp
    kept=$(kept_folder)
    # Beside the server, and gone with it.
    made=${FINDME_TEST_POSTGRESQL_URL##*host=}/$name.made
    if [ -e "$made" ]; then
        echo "$name"
        return 0
    fi
    (
        flock 9
        [ -z "$(sql "$FINDME_TEST_POSTGRESQL_URL" "SELECT 1 FROM pg_database WHERE datname = '$name'")" ] || exit 0
        local from=template0
        [ "$kind" = current ] || from=findme_current_$stamp
        sql "$FINDME_TEST_POSTGRESQL_URL" "DROP DATABASE IF EXISTS ${name}_new WITH (FORCE)" 2> /dev/null &&
            sql "$FINDME_TEST_POSTGRESQL_URL" "CREATE DATABASE ${name}_new TEMPLATE $from STRATEGY file_copy" &&
            "fill_$kind" "$(server_database "${name}_new")" &&
            sql "$FINDME_TEST_POSTGRESQL_URL" "ALTER DATABASE ${name}_new RENAME TO $name"
    ) 9> "$kept/$name.lock" > "$kept/$name.log" 2>&1 || { cat "$kept/$name.log" >&2; return 1; }
    # A server that is not ours to write beside is asked each time.
    touch "$made" 2> /dev/null || true
    echo "$name"
}

# new_database NAME [KIND]: makes one more database for this test and prints its URL. KIND is current (the default), party,
# or empty: without a schema. An embedded one makes itself at its first use.
new_database() {
    local kind=${2:-current} name from=template0
    if [ "$FINDME_TEST_BACKEND" = sqlite ]; then
        [ "$kind" != party ] || cp "$(sqlite_party)" "$PWD/$1.db" || return 1
        echo "sqlite:$PWD/$1.db"
        return 0
    fi
    if [ "$kind" != empty ]; then
        [ "$kind" = current ] || postgresql_template current > /dev/null || return 1
        from=$(postgresql_template "$kind") || return 1
    fi
    name=findme_${BATS_RUN_TMPDIR##*/}_${BATS_TEST_NUMBER}_$1
    # A copied file is quicker than pages through the log of a server that flushes nothing.
    sql "$FINDME_TEST_POSTGRESQL_URL" "CREATE DATABASE \"$name\" TEMPLATE $from STRATEGY file_copy" || return 1
    echo "$FINDME_TEST_POSTGRESQL_URL $name" >> "$BATS_TEST_TMPDIR/databases"
    server_database "$name"
}

# The database of this test is another one, without a schema.
empty_database() {
    case $FINDME_TEST_BACKEND in
        sqlite)
            mkdir -p "$(dirname "$database")"
            rm -f "$database"*
            ;;
        *)
            empty_databases=$((${empty_databases:-0} + 1))
            use_database "$(new_database "empty$empty_databases" empty)"
            ;;
    esac
}

drop_databases() {
    local at name
    [ -s "$BATS_TEST_TMPDIR/databases" ] || return 0
    while read -r at name; do
        # With its own server a database is gone already.
        [ "$at" = "$(findme_postgresql_url "${server:-}")" ] ||
            sql "$at" "DROP DATABASE IF EXISTS \"$name\" WITH (FORCE)" < /dev/null
    done < "$BATS_TEST_TMPDIR/databases"
}

# own_server [NAME=VALUE...]: a server for this test alone, in the folder $server, with these settings. From here on the
# test's databases are made there. It lies beside the shared one, whose owner removes it should this test be killed.
own_server() {
    local shared=${FINDME_TEST_POSTGRESQL_URL##*host=}
    [ -d "$shared" ] || shared=/tmp/findme-pg
    server=$(mktemp -u "$shared-XXXXXX")
    findme_postgresql_start "$server" "$@" > server.out 2>&1 || {
        cat server.out
        missing "a PostgreSQL server cannot be started here"
    }
    FINDME_TEST_POSTGRESQL_URL=$(findme_postgresql_url "$server")
}

# server_crashes: the test's own server ends at once, as in a power cut, and stays away until server_returns.
server_crashes() { findme_postgresql_control "$server" --mode immediate stop; }

# server_returns PID...: the server starts again. These processes, which try to reach it a few times and then give up, stand
# still meanwhile: how often they try is what a test is about, and not how quickly a busy machine starts a server.
server_returns() {
    kill -STOP "$@"
    # The server does not keep open what a test feeds its run by.
    findme_postgresql_resume "$server" 7>&- 8>&-
    kill -CONT "$@"
}

stop_own_server() { [ -z "${server:-}" ] || findme_postgresql_stop "$server"; }

# The party's database file of this build, made by the first test that asks.
sqlite_party() {
    local kept file
    kept=$(kept_folder)
    file=$kept/party-$(tool_stamp).db
    (
        flock 9
        [ ! -f "$file" ] || exit 0
        rm -f "$kept"/party-*.db*
        fill_party "sqlite:$file.new" && mv "$file.new" "$file"
    ) 9> "$kept/party.lock" > "$kept/party.log" 2>&1 || { cat "$kept/party.log" >&2; return 1; }
    echo "$file"
}

# What an index run leaves, without ids and times: two runs that did the same print the same.
index_dump() {
    sql "${1:-$database_url}" "
        SELECT p.filename, hex(p.content_hash), p.processing_status, p.width_px, p.height_px, p.captured_at, p.error_code
          FROM photos p ORDER BY p.content_hash;
        SELECT hex(pp.path), pp.size_bytes, pp.mtime_ns, hex(p.content_hash)
          FROM photo_paths pp JOIN photos p ON p.id = pp.photo_id ORDER BY pp.path;
        SELECT hex(p.content_hash), m.model_id, m.face_count
          FROM photo_models m JOIN photos p ON p.id = m.photo_id ORDER BY 1, 2;
        SELECT hex(p.content_hash), f.model_id, f.ordinal, f.box_x, f.box_y, f.box_width, f.box_height, hex(f.landmarks),
               f.detection_score, f.height_px, f.sharpness, f.yaw, f.roll_deg, hex(t.template), t.model_id
          FROM faces f JOIN photos p ON p.id = f.photo_id LEFT JOIN face_templates t ON t.face_id = f.id ORDER BY 1, 2, 3;
        SELECT 'templates', count(*) FROM face_templates;"
}

# An embedded database is whole; a server vouches for its own.
integrity_check() {
    [ "$FINDME_TEST_BACKEND" != sqlite ] || [ "$(sqlite3 "${database_url#sqlite:}" "PRAGMA integrity_check")" = ok ]
}

# black_hole: a port of this machine, in $port, whose packets are dropped: its queue of connections is full, and the
# kernel throws away what knocks then. Ends with end_black_hole. $1 = silent: it takes connections, and never says a word.
black_hole() {
    rm -f knocking
    perl -MSocket -e '
        my $silent = $ARGV[0] eq "silent";
        socket(my $door, PF_INET, SOCK_STREAM, 0) or die $!;
        bind($door, sockaddr_in(0, INADDR_LOOPBACK)) && listen($door, $silent ? 16 : 0) or die $!;
        my ($port) = sockaddr_in(getsockname($door));
        my $full;
        $silent or socket($full, PF_INET, SOCK_STREAM, 0) && connect($full, sockaddr_in($port, INADDR_LOOPBACK)) or die $!;
        open(my $out, ">", "knocking.new") or die $!; print $out $port; close($out); rename("knocking.new", "knocking");
        sleep 300' "${1:-full}" 3>&- &
    hole=$!
    before_end_of "$hole" test -s knocking || return 1
    port=$(cat knocking)
}

end_black_hole() { kill -KILL "$hole" && wait "$hole" || true; }
