#!/usr/bin/env bash
# newcomer.sh usual|slow: the README's first command as a newcomer gives it, in a fresh clone and with an empty home, then once
# more: the second run must build nothing. The compiler's cache may be what it is, but not with slow. What is not committed is
# not cloned.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
mode=${1:-usual}

git rev-parse HEAD > /dev/null 2>&1 || { echo "NOTE: this is no git checkout, so that there is nothing to clone"; exit 1; }
if [ -n "$(git status --porcelain)" ]; then echo "NOTE: what is not committed is not part of it"; fi
place=$(mktemp -d "${PWD}/build/newcomer.XXXXXX")
trap 'rm -rf "$place"' EXIT
# Before HOME changes: it is where ccache looks.
if [ "$mode" = slow ]; then
    CCACHE_DIR=$place/ccache
else
    CCACHE_DIR=$(ccache --get-config cache_dir)
fi
export CCACHE_DIR HOME=$place/home
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
mkdir "$HOME"
git clone --quiet . "$place/findme"
cd "$place/findme"
examples/quickstart.sh
examples/quickstart.sh > second.log || { cat second.log; exit 1; }
# Ninja's word for it.
if ! grep -q 'no work to do' build/quickstart/build.log; then
    echo "the second run built something again:"
    cat build/quickstart/build.log
    exit 1
fi
echo "the second run had nothing to build"
