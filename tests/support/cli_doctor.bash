# shellcheck shell=bash disable=SC2154
# What the tests of doctor share; loaded after cli.bash. A fault is planted, doctor names it, and it is mended or undone.
# (cli.bash and bats's own run set the variables that are only read here.)

# A home that a doctor calls healthy, with one event.
healthy_home() {
    need_command jq
    need_models
    cd "$BATS_TEST_TMPDIR" || return 1
    # The shared server is not one that a doctor would call healthy: it flushes nothing.
    [ "$FINDME_TEST_BACKEND" = sqlite ] || { need_postgresql && own_server fsync=on full_page_writes=on autovacuum=on; }
    fresh_home
    findme -q event create One --code ONE1 > /dev/null
    # What its templates are named after: what makes them, and the detector in use.
    model=$(sed -n '/^recognisers:/,/^  - id:/s/^  - id: //p' "$findme_root/libfindme/models/manifest.yaml" | head -n 1)+$(findme -o json model list |
        jq -r '.models[] | select(.job == "detector" and .in_use) | .id')
    [[ $model == ?*+?* ]]
}

is_sqlite() { [ "$FINDME_TEST_BACKEND" = sqlite ]; }
query() { sql "$database_url" "$1"; }
# Changes rows without foreign keys and triggers in the way, as a restore in part would.
plant() { if is_sqlite; then query "$1"; else query "SET session_replication_role = replica; $1"; fi; }
# Bytes, given in hexadecimal, as SQL.
bytes() { if is_sqlite; then echo "x'$1'"; else echo "'\\x$1'::bytea"; fi; }
hex_of() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
repeated() { printf "$1%.0s" $(seq "$2"); }

# examine EXIT [ARGUMENT...]: the report, in $output.
examine() {
    local wanted=$1
    shift
    expect_exit "$wanted" findme -o json doctor "$@"
}

# One of the findings of the report in $output, as jq's filter on it says.
finding() { jq -e --arg name "$1" "[.checks[].findings[] | select(.check == \$name)] | length > 0 and all(.[]; $2)" <<< "$output" > /dev/null; }

# finds EXIT NAME: this is found, with something to do about it.
finds() {
    examine "$1" && finding "$2" '(.remedy | length > 10) and (.message | length > 10) and (.fixed | not)' && return 0
    printf 'wanted %s in: %s\n' "$2" "$(jq -c '[.checks[].findings[]]' <<< "$output")"
    return 1
}

# Nothing is found but notes.
clean() {
    examine 0 && jq -e '[.checks[].findings[] | select(.fixed | not) | select(.severity != "note")] == []' <<< "$output" > /dev/null
}

# fault EXIT NAME PLANT UNDO: found when it is there. left_alone plants it again.
fault() {
    plant "$3" || return 1
    finds "$1" "$2" || return 1
    finding "$2" '(.fixable | not)' || { echo "$2 must not be mended"; return 1; }
    plant "$4" || return 1
    faults+=("$2") plants+=("$3") undoes+=("$4")
}

# left_alone EXIT: all faults since the last left_alone are there at once, and --fix leaves them as they are; when they are gone,
# nothing is found.
left_alone() {
    local name i
    for i in "${!plants[@]}"; do plant "${plants[i]}" || return 1; done
    examine "$1" --fix || return 1
    for name in "${faults[@]}"; do finding "$name" '.fixed | not' || { echo "$name was mended"; return 1; }; done
    examine "$1" || return 1
    for name in "${faults[@]}"; do finding "$name" true || { echo "$name is gone"; return 1; }; done
    for ((i = ${#undoes[@]} - 1; i >= 0; i--)); do plant "${undoes[i]}" || return 1; done
    faults=() plants=() undoes=()
    clean
}

# each FILTER NAME...: the report in $output has a finding of each name, and jq's filter is true of each of them.
each() {
    local filter=$1 name
    shift
    for name in "$@"; do
        finding "$name" "$filter" && continue
        printf 'wanted %s with %s in: %s\n' "$name" "$filter" "$(jq -c '[.checks[].findings[]]' <<< "$output")"
        return 1
    done
}

# mends EXIT NAME...: these are found, said to be mendable, left alone by a dry run, and gone after --fix.
mends() {
    local wanted=$1
    shift
    examine "$wanted" && each '(.remedy | length > 10) and (.message | length > 10) and .fixable and (.fixed | not)' "$@" &&
        examine "$wanted" --fix --dry-run && each '.fixable and (.fixed | not)' "$@" &&
        # The dry run changed nothing: all are still there to be mended.
        examine 0 --fix && each .fixed "$@" && clean
}

# Rows that belong together: an account, a photo in a file, a face with its template, a selfie with its consent.
people() {
    grey_picture photo.tif
    plant "
        INSERT INTO users (username, email, hashed_password, user_type, event_id, created_at)
            VALUES ('zerbinetta', 'zerbinetta@private.example', 'x', 'user', 1, '2026-01-01T00:00:00.000Z');
        INSERT INTO photos (filename, photo_type, event_id, processing_status, uploaded_at, content_hash, is_indexed)
            VALUES ('p', 'group', 1, 'DONE', '2026-01-01T00:00:00.000Z', $(bytes "$(repeated ab 32)"), $(is_sqlite && echo 1 || echo true));
        INSERT INTO photo_paths (event_id, photo_id, path, size_bytes, mtime_ns)
            VALUES (1, 1, $(bytes "$(hex_of "$PWD/photo.tif")"), $(stat -c %s photo.tif), 1);
        INSERT INTO photo_models (photo_id, model_id, indexed_at, face_count) VALUES (1, '$model', '2026-01-01T00:00:00.000Z', 1);
        INSERT INTO faces (photo_id, event_id, model_id, ordinal, box_x, box_y, box_width, box_height, landmarks,
                detection_score, height_px, sharpness, yaw, roll_deg)
            VALUES (1, 1, '$model', 0, 0.1, 0.1, 0.1, 0.1, $(bytes "$(repeated 00 40)"), 1, 99, 99, 0, 0);
        INSERT INTO face_templates (face_id, event_id, model_id, template)
            VALUES (1, 1, '$model', $(bytes "$(repeated 00 512)"));
        INSERT INTO consents (user_id, text_version, given_at, recorded_by) VALUES (1, 'v1', '2026-01-01T00:00:00.000Z', 'x');
        INSERT INTO selfies (user_id, consent_id, model_id, template, height_px, sharpness, yaw, created_at)
            VALUES (1, 1, '$model', $(bytes "$(repeated 00 512)"), 99, 99, 0, '2026-01-01T00:00:00.000Z');
        INSERT INTO face_matches (photo_id, user_id, confidence_score) VALUES (1, 1, 90);"
}
