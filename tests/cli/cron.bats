#!/usr/bin/env bats
# Runs that nobody looks at: silence, metrics files, one run at a time, time limits, signals.
# database: any
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup() { fresh_home; }

# An event with an expired one beside it, of which there is something to purge.
events() {
    findme -q event create Party --code PARTY > /dev/null
    findme -q event create Old --code OLD1 > /dev/null
}

# One photo with a face in the event OLD1, which then is past its retention.
expired_event() {
    events
    findme -q index --event OLD1 "$FINDME_TEST_SAMPLES/sample1.jpg"
    findme -q event update OLD1 --date 2020-01-01 --retention-days 1 > /dev/null
}

# hold_lock NAME: another run, as far as locks go, until release_lock.
hold_lock() {
    rm -f held release
    mkfifo release
    case $(database_kind) in
        sqlite)
            need_command flock
            flock "$database-$1.lock" sh -c 'touch held; read -r _ < release' 3>&- &
            ;;
        *)
            need_command perl psql
            local key
            key=$(printf 'findme:%s' "$1" | sha256sum | perl -ne 'print unpack("q<", pack("H16", $_))')
            { echo "SELECT pg_advisory_lock($key);" && echo '\! touch held' && cat release; } |
                psql -q -X "$database_url" > /dev/null 3>&- &
            ;;
    esac
    holder=$!
    before_end_of "$holder" test -e held
}

release_lock() {
    echo > release
    wait "$holder" || true
}

# A run that indexes PARTY until the descriptor 7 is closed; its lock is taken, because a photo is indexed. Its exit code
# goes into the file status.
begin_indexing() {
    mkfifo list items
    {
        local code=0
        "$FINDME_BIN" -o jsonl "$@" index --event PARTY --files-from list > items 2> err || code=$?
        echo "$code" > status
    } 3>&- &
    indexing=$!
    exec 8< items 7> list
    echo "$FINDME_TEST_SAMPLES/sample1.jpg" >&7
    read -r -u 8
}

end_indexing() {
    exec 7>&-
    cat <&8 > rest
    exec 8<&-
    wait "$indexing" || true
}

value_of() { sed -n "s/^$1{command=\"[a-z ]*\"} //p" metrics.prom; }

# database: none
@test "cron: a metrics file is in the exporter's form, for others to read, with nothing beside it" {
    umask 077
    mkdir textfile
    expect_exit 0 findme --metrics-file textfile/findme.prom version
    [ -z "$stderr" ]
    [ "$(stat -c %a textfile/findme.prom)" = 644 ]
    [ "$(ls -A textfile)" = findme.prom ]
    [ "$(grep -c '{command="version"} ' textfile/findme.prom)" -eq 4 ]
    local promtool
    promtool=$(command -v promtool || echo "$findme_root/build/tools/promtool")
    [ -x "$promtool" ] || missing "there is no promtool here"
    "$promtool" check metrics < textfile/findme.prom
}

# database: none
@test "cron: a reader never sees half a metrics file" {
    findme --metrics-file metrics.prom version > out
    local lines reads=0
    lines=$(wc -l < metrics.prom)
    # It writes until there is a file `enough`.
    while [ ! -e enough ]; do
        "$FINDME_BIN" --metrics-file metrics.prom version > out && echo written >> written
    done 3>&- &
    local writer=$!
    until [ "$reads" -ge 500 ] && has_lines 25 written; do
        mapfile -t seen < metrics.prom
        [ "${#seen[@]}" -eq "$lines" ]
        [[ ${seen[lines - 1]} == 'findme_last_exit_code{command="version"} 0' ]]
        reads=$((reads + 1))
        kill -0 "$writer"
    done
    touch enough
    wait "$writer"
}

# database: none
@test "cron: a command line that is refused is a failed run in the metrics file" {
    findme -q --metrics-file metrics.prom config show > out
    local success
    success=$(value_of findme_last_success_timestamp_seconds)
    [ "$success" != 0.000 ]
    expect_exit 2 findme --metrics-file metrics.prom config show --colour
    has "$stderr" "--colour"
    [ "$(value_of findme_last_exit_code) $(value_of findme_last_success_timestamp_seconds)" = "2 $success" ]
    [ "$(value_of findme_last_run_timestamp_seconds)" != "$success" ]
    # Wherever the option stands, and whatever is wrong.
    expect_exit 2 findme index --jobs many photos --metrics-file=index.prom
    grep -q '^findme_last_exit_code{command="index"} 2$' index.prom
    expect_exit 2 findme --metrics-file none.prom indx photos
    grep -q '^findme_last_exit_code{command=""} 2$' none.prom
    expect_exit 2 findme --metrics-file no/such/folder/x.prom indx
    has "$stderr" "no/such/folder/x.prom"
    expect_exit 0 findme --metrics-file help.prom index --help
    [ ! -e help.prom ]
}

# database: none
@test "cron: a metrics file that cannot be made stops the run before it begins" {
    expect_exit 1 findme --metrics-file no/such/folder/findme.prom config template
    [ -z "$output" ]
    has "$stderr" "no/such/folder/findme.prom"
    mkfifo pipe
    expect_exit 1 findme --metrics-file pipe version
    [ -p pipe ]
}

@test "cron: a metrics file that cannot be written in the end undoes nothing, and the run says so with 1" {
    need_samples
    events
    mkdir textfile
    begin_indexing --metrics-file textfile/findme.prom
    rmdir textfile
    end_indexing
    [ "$(cat status)" -eq 1 ]
    has "$(cat err)" "textfile/findme.prom"
    [ "$(jq -r .indexed rest)" -eq 1 ]
    [ "$(sql "$database_url" "SELECT count(*) FROM photos WHERE processing_status = 'DONE'")" -eq 1 ]
}

@test "cron: index says nothing with -q when all is well, and counts what it did" {
    need_samples
    events
    mkdir photos
    cp "$FINDME_TEST_SAMPLES"/sample[12].jpg photos
    expect_exit 0 findme -q --metrics-file metrics.prom index --event PARTY photos
    [ -z "$output$stderr" ]
    [ "$(value_of findme_last_photos_indexed) $(value_of findme_last_photos_failed) $(value_of findme_last_faces_found)" = "2 0 7" ]
    [ "$(value_of findme_last_exit_code)" -eq 0 ]
    [ "$(value_of findme_last_success_timestamp_seconds)" = "$(value_of findme_last_run_timestamp_seconds)" ]
    expect_exit 0 findme index --event PARTY photos
    has "$output" "2 known already"
    [ -z "$stderr" ]
    # Something is wrong: that is said, and the time of the last success stays.
    local success
    success=$(value_of findme_last_success_timestamp_seconds)
    echo "no picture" > photos/broken.jpg
    expect_exit 3 findme -q --metrics-file metrics.prom index --event PARTY photos
    has "$stderr" broken.jpg
    [ "$(value_of findme_last_photos_indexed) $(value_of findme_last_photos_failed)" = "0 1" ]
    [ "$(value_of findme_last_exit_code)" -eq 3 ]
    [ "$(value_of findme_last_success_timestamp_seconds)" = "$success" ]
    [ "$(value_of findme_last_run_timestamp_seconds)" != "$success" ]
    expect_exit 4 findme -q --metrics-file metrics.prom index --event PARTY /no/such/folder
    [ "$(value_of findme_last_exit_code)" -eq 4 ]
    [ "$(value_of findme_last_success_timestamp_seconds)" = "$success" ]
    # Another command's success is not this one's.
    findme --metrics-file metrics.prom version > out
    expect_exit 4 findme -q --metrics-file metrics.prom index --event PARTY /no/such/folder
    [ "$(value_of findme_last_success_timestamp_seconds)" = 0.000 ]
}

@test "cron: a dry run is a run, and no success" {
    need_samples
    expired_event
    expect_exit 0 findme --metrics-file metrics.prom index --event PARTY --dry-run "$FINDME_TEST_SAMPLES/sample1.jpg"
    [ "$(value_of findme_last_exit_code) $(value_of findme_last_success_timestamp_seconds)" = "0 0.000" ]
    expect_exit 0 findme -q --metrics-file metrics.prom index --event PARTY "$FINDME_TEST_SAMPLES/sample1.jpg"
    local success
    success=$(value_of findme_last_success_timestamp_seconds)
    [ "$success" != 0.000 ]
    expect_exit 0 findme --metrics-file metrics.prom index --event PARTY -n "$FINDME_TEST_SAMPLES/sample1.jpg"
    [ "$(value_of findme_last_success_timestamp_seconds)" = "$success" ]
    [ "$(value_of findme_last_run_timestamp_seconds)" != "$success" ]
    expect_exit 0 findme --metrics-file purge.prom event purge --expired --dry-run
    grep -q '^findme_last_success_timestamp_seconds{command="event purge"} 0.000$' purge.prom
}

@test "cron: event purge --expired says nothing with -q when all is well, and counts what it did" {
    need_samples
    expired_event
    expect_exit 0 findme -q --metrics-file metrics.prom event purge --expired
    [ -z "$output$stderr" ]
    grep -qx 'findme_last_events_purged{command="event purge"} 1' metrics.prom
    expect_exit 0 findme -q --metrics-file metrics.prom event purge --expired
    [ -z "$output$stderr" ]
    grep -qx 'findme_last_events_purged{command="event purge"} 0' metrics.prom
}

@test "cron: token prune says nothing with -q when all is well, and counts what it did" {
    events
    findme -q user add anna --email anna@example.org --event PARTY > /dev/null
    sql "$database_url" "UPDATE account_tokens SET created_at = '2020-01-01T00:00:00.000000Z',
        expires_at = '2020-01-01T01:00:00.000000Z'"
    expect_exit 0 findme -q --metrics-file metrics.prom token prune
    [ -z "$output$stderr" ]
    grep -qx 'findme_last_tokens_pruned{command="token prune"} 1' metrics.prom
    expect_exit 0 findme -q token prune
    [ -z "$output$stderr" ]
}

@test "overlap: a second index of an event is refused with 6, other events and dry runs are not" {
    need_samples
    events
    begin_indexing
    expect_exit 6 findme index --event PARTY "$FINDME_TEST_SAMPLES/sample2.jpg"
    has "$stderr" "another findme is indexing this event"
    has "$stderr" "--wait"
    expect_exit 6 findme -o json index --event PARTY --wait=1 "$FINDME_TEST_SAMPLES/sample2.jpg"
    jq -e '.code == "store_locked" and .retry' <<< "$stderr"
    expect_exit 0 findme index --event PARTY --dry-run "$FINDME_TEST_SAMPLES/sample2.jpg"
    expect_exit 0 findme index --event OLD1 "$FINDME_TEST_SAMPLES/sample2.jpg"
    # Who waits gets its turn when the first is through.
    findme -v index --event PARTY --wait "$FINDME_TEST_SAMPLES/sample2.jpg" > second 2> waits 3>&- 7>&- 8<&- &
    local second=$!
    before_end_of "$second" grep -q run_lock_waits waits
    end_indexing
    wait "$second"
    has "$(cat second)" "indexed 1 photo"
    [ "$(cat status)" -eq 0 ]
}

@test "overlap: a run that was killed keeps nobody out" {
    need_samples
    events
    mkfifo list items
    "$FINDME_BIN" -o jsonl index --event PARTY --files-from list > items 2> err 3>&- &
    local killed=$!
    exec 8< items 7> list
    echo "$FINDME_TEST_SAMPLES/sample1.jpg" >&7
    read -r -u 8
    kill -KILL "$killed"
    wait "$killed" || true
    exec 7>&- 8<&-
    expect_exit 0 findme index --event PARTY "--wait=$(patience 60)" "$FINDME_TEST_SAMPLES/sample2.jpg"
}

@test "overlap: purging, pruning and importing run one at a time" {
    events
    printf 'username,email,event\nanna,anna@example.org,PARTY\n' > guests.csv
    hold_lock purge-expired
    expect_exit 6 findme event purge --expired
    has "$stderr" "another findme is purging expired events"
    expect_exit 0 findme event purge --expired --dry-run
    release_lock
    hold_lock token-prune
    expect_exit 6 findme token prune
    has "$stderr" "another findme is pruning tokens"
    release_lock
    hold_lock user-import
    expect_exit 6 findme user import guests.csv
    has "$stderr" "another findme is importing accounts"
    expect_exit 0 findme user import guests.csv --dry-run
    release_lock
    expect_exit 0 findme event purge --expired
    expect_exit 0 findme token prune --wait=5
    expect_exit 0 findme user import guests.csv --wait
    expect_exit 2 findme token prune --wait=soon
}

@test "timeout: an index run stops cleanly with 6, and the same command goes on" {
    need_samples
    events
    mkfifo list
    while printf '%s\n' "$FINDME_TEST_SAMPLES"/sample?.jpg; do :; done 2> /dev/null > list 3>&- &
    local feeder=$!
    expect_exit 6 findme -o jsonl --metrics-file metrics.prom --timeout 2 index --event PARTY --reindex --files-from list
    wait "$feeder" || true
    [ "$(tail -n 1 <<< "$output" | jq .cancelled)" = true ]
    [ "$(grep '"type":"error"' <<< "$stderr" | jq -r '.code + " " + (.retry | tostring)')" = "timed_out true" ]
    [ "$(value_of findme_last_exit_code)" -eq 6 ]
    expect_exit 0 findme index --event PARTY "$FINDME_TEST_SAMPLES"/sample?.jpg
}

@test "timeout: a run that does not come to its stop is ended" {
    need_samples
    events
    local limit photo
    # Twice as long until one photo is through, on however busy a machine. A path comes, and then none.
    for ((limit = 2; ; limit *= 2)); do
        photo=$PWD/photo$limit.jpg
        { cat "$FINDME_TEST_SAMPLES/sample1.jpg" && echo "$limit"; } > "$photo"
        rm -f list
        mkfifo list
        exec 7<> list
        echo "$photo" >&7
        status=0
        "$FINDME_BIN" -o jsonl --timeout "$limit" --metrics-file metrics.prom index --event PARTY --files-from list \
            > items 2> err 7>&- || status=$?
        exec 7>&-
        [ "$status" -eq 6 ]
        [ ! -s items ] || break
        [ "$limit" -lt "$(patience 60)" ]
    done
    has "$(cat err)" "$limit s are over (--timeout): stopping"
    has "$(cat err)" "ended in the middle"
    [ "$(value_of findme_last_exit_code) $(value_of findme_last_photos_indexed)" = "6 1" ]
    integrity_check
    expect_exit 0 findme index --event PARTY "$photo"
    has "$output" "1 known already"
}

@test "timeout: a wait for a lock is over in time" {
    events
    hold_lock token-prune
    expect_exit 6 findme --timeout 1 token prune --wait
    release_lock
    has "$stderr" "not done within 1 s (--timeout)"
}

# database: none
@test "timeout: a wait for a server that is down is over in time, and one that cannot stop ends where it is" {
    expect_exit 6 findme --timeout 1 --database 'postgresql://nobody@127.0.0.1:1/none' migrate up --wait 60
    has "$stderr" "not done within 1 s (--timeout)"
    mkfifo secret
    exec 7<> secret
    expect_exit 6 findme --timeout 1 --database sqlite:own.db user verify anna --password-fd 7
    exec 7>&-
    has "$stderr" "not done within 1 s (--timeout)"
    [ "${#stderr_lines[@]}" -eq 1 ]
    expect_exit 2 findme --timeout 0 version
    expect_exit 0 findme --timeout 30 version
}

# database: none
@test "timeout: a host that drops what it is sent, and one that never says a word, are given up after connect_timeout" {
    need_command perl
    local kind
    for kind in full silent; do
        black_hole "$kind"
        # Its own words for it: the kernel gives up after two minutes, and calls that "Connection timed out".
        expect_exit 6 findme --database "postgresql://a@127.0.0.1:$port/b?connect_timeout=2&sslmode=disable" migrate status
        has "$stderr" '"timeout expired" (check that the server runs'
        expect_exit 6 findme -o json --database "postgresql://a@127.0.0.1:$port/b?connect_timeout=2&sslmode=disable" doctor
        [ "$(jq -r '.checks[].findings[].check | select(startswith("database."))' <<< "$output")" = database.unreachable ]
        end_black_hole
    done
}

# database: none
@test "slow: timeout: without a word in the URL a host that drops what it is sent is given up all the same" {
    need_command perl
    black_hole
    expect_exit 6 findme --database "postgresql://a@127.0.0.1:$port/b?sslmode=disable" migrate status
    end_black_hole
    has "$stderr" '"timeout expired"'
}

# database: none
@test "timeout: a run in the background leaves the terminal as whoever is in front has set it" {
    need_command script
    mkfifo secret
    export findme_root
    cat > job <<'END'
. "$findme_root/tests/support/cli.bash"
set -m
exec 7<> secret
"$FINDME_BIN" -v --timeout 2 --database sqlite:own.db user verify anna --password-fd 7 2> err &
before_end_of $! grep -q run_started err
stty -echo
wait
stty -a > tty
END
    script -qec "bash job" screen < /dev/null > /dev/null
    has "$(cat err)" "not done within 2 s (--timeout)"
    grep -q -e "-echo " tty
}

@test "signals: a command that waits for a lock dies by each of them, after its metrics are written" {
    need_command perl
    events
    findme -q --metrics-file metrics.prom token prune
    local success signal number
    success=$(value_of findme_last_success_timestamp_seconds)
    hold_lock token-prune
    for signal in INT TERM HUP; do
        rm -f pid err
        how_it_ended "$FINDME_BIN" -v --metrics-file metrics.prom token prune --wait > ended 2> err 3>&- &
        local watcher=$!
        before_end_of "$watcher" grep -sq run_lock_waits err
        kill "-$signal" "$(cat pid)"
        wait "$watcher"
        number=$(kill -l "$signal")
        [ "$(cat ended)" = "signal $number" ]
        has "$(cat err)" "stopping when the tokens are removed"
        grep -q "run_finished command=\"token prune\" exit=$((128 + number))" err
        [ "$(value_of findme_last_exit_code)" -eq $((128 + number)) ]
        [ "$(value_of findme_last_success_timestamp_seconds)" = "$success" ]
    done
    release_lock
}

# database: none
@test "signals: a migration that waits for its server dies by the signal, and nohup keeps SIGHUP away" {
    need_command perl
    how_it_ended "$FINDME_BIN" --database 'postgresql://nobody@127.0.0.1:1/none' migrate up --wait 60 > ended 2> err 3>&- &
    local watcher=$!
    before_end_of "$watcher" grep -sq waiting err
    kill -TERM "$(cat pid)"
    wait "$watcher"
    [ "$(cat ended)" = "signal 15" ]
    (
        trap '' HUP
        exec "$FINDME_BIN" --database 'postgresql://nobody@127.0.0.1:1/none' --timeout 2 migrate up --wait 60 > out 2> ignored 3>&-
    ) &
    local run=$! status=0
    before_end_of "$run" grep -sq waiting ignored
    kill -HUP "$run"
    wait "$run" || status=$?
    [ "$status" -eq 6 ]
}
