#!/usr/bin/env bash
# examples/findme.yaml and man/findme.yaml.5 are what the settings make of them.
# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"
docs=${BUILD_DIR:?the build}/cli/findme-docs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/examples" "$work/man"
"$docs" "$work" || violation "$docs does not run: build the target findme-docs"
for file in examples/findme.yaml man/findme.yaml.5; do
    diff -u "$file" "$work/$file" || violation "$file is not what the settings make: run '$docs .' here and commit it"
done

finish
