#!/usr/bin/env bash
# A room includes itself and the rooms below it, never one above or beside it; the tool includes the promise alone.
. "$(dirname "$0")/common.sh"

# room: rooms it may include besides itself and include/findme. `image` stands for pixels, which a few rooms above face
# handle themselves: match decodes selfies, deliver draws.
declare -A allowed=(
    [base]=""
    [config]="base"
    [image]="base"
    [search]="base"
    [db]="base"
    [face]="base image"
    [store]="base db"
    [access]="base db store"
    [ingest]="base image face db store access"
    [match]="base image face search db store access"
    [deliver]="base image db store match"
    [ops]="base search db store access"
    [findme]="base config image search db face store access ingest match deliver ops"
)

# quoted LINE: sets path to what the line includes. (A process for each include takes a minute.)
quoted() {
    path=${1#*\"}
    path=${path%%\"*}
}

for folder in libfindme/src/*/; do
    room=$(basename "$folder")
    [ -n "${allowed[$room]+known}" ] || violation "$folder: a room that tests/lint/include_direction.sh does not know"
done

while IFS=: read -r file line include; do
    room=${file#libfindme/src/}
    room=${room%%/*}
    quoted "$include"
    target=${path%%/*}
    case $path in
        findme/*) [ -f "libfindme/include/$path" ] && continue ;;
        */*) ;;
        *) violation "$file:$line: includes \"$path\" without its room"; continue ;;
    esac
    [ "$target" = "$room" ] && continue
    case " ${allowed[$room]-} " in
        *" $target "*) ;;
        *) violation "$file:$line: $room includes \"$path\", it may include: ${allowed[$room]-nothing}" ;;
    esac
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' libfindme/src)

# Public headers include public headers.
while IFS=: read -r file line include; do
    violation "$file:$line: a public header includes ${include#*include }"
done < <(grep -rnE '#[[:space:]]*include[[:space:]]*"' libfindme/include | grep -vE '"findme/[a-z_]+\.hpp"' || true)

# The tool sees the promise, and itself.
while IFS=: read -r file line include; do
    quoted "$include"
    [ -f "libfindme/include/$path" ] && continue
    [ -f "cli/src/$path" ] && continue
    violation "$file:$line: the tool includes \"$path\""
done < <(grep -rnE '#[[:space:]]*include[[:space:]]*"' cli/src || true)
while IFS= read -r found; do
    violation "$found: the tool reaches into libfindme/src"
done < <(grep -rnE 'libfindme/src' cli/CMakeLists.txt cli/src || true)

finish
