#!/usr/bin/env bash
# Which Debian 12 packages findme needs, and how they are installed. Sourced by tests/run.sh and examples/quickstart.sh:
#
#   . tests/support/packages.sh
#   findme_install_packages $(findme_build_packages)

# What builds and runs the library and the tool.
findme_build_packages() {
    echo g++ cmake ninja-build ccache pkg-config git ca-certificates \
        libcli11-dev libspdlog-dev nlohmann-json3-dev libsqlite3-dev libpqxx-dev libpq-dev libsodium-dev libssl-dev \
        libcrypt-dev libutf8proc-dev libxxhash-dev \
        libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libexiv2-dev libheif-dev libraw-dev \
        libopencv-core-dev libopencv-imgproc-dev libtbb-dev libdnnl-dev libyaml-cpp-dev libmicrohttpd-dev \
        libdlib-dev
    # npm fetches the models. Where it comes from elsewhere, Debian's own would only get in its way.
    command -v npm > /dev/null || echo npm
}

# What the tests need on top.
findme_test_packages() {
    echo catch2 libblas-dev liblapack-dev libopencv-dnn-dev bats jq mandoc man-db clang-format clang-tidy shellcheck binutils \
        sqlite3 postgresql libjpeg-turbo-progs strace faketime curl hey zsh fish systemd libseccomp-dev
}

# What tests/bench compares findme with, on top of what builds it.
findme_bench_packages() {
    echo jq libbenchmark-dev libopencv-dev libblas-dev liblapack-dev libopenblas-dev libjpeg-turbo-progs sqlite3 postgresql
}

# findme_fetch_promtool FOLDER: puts promtool there, out of Debian's package prometheus. Installing that would start a
# server, so that its one file is taken, once.
findme_fetch_promtool() {
    local folder=$1 work status=0
    if command -v promtool > /dev/null || [ -x "$folder/promtool" ]; then return 0; fi
    if ! command -v apt-get > /dev/null; then
        echo "this is not Debian: put promtool into the PATH" >&2
        return 1
    fi
    mkdir -p "$folder"
    work=$(mktemp -d "$folder/prometheus.XXXXXX") || return 1
    (
        cd "$work" || exit 1
        # A machine that never asked has no list of packages.
        apt-get download -q prometheus || { [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get download -q prometheus; }
    ) && dpkg-deb -x "$work"/prometheus_*.deb "$work/root" &&
        mv "$work/root/usr/bin/promtool" "$folder/promtool" || status=1
    rm -rf "$work"
    [ "$status" -eq 0 ] || echo "promtool cannot be had from Debian's package prometheus" >&2
    return "$status"
}

findme_is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2> /dev/null | cut -c2)" = i ]
}

# Installs those of the packages that are missing; asks nothing, and does nothing when none is.
findme_install_packages() {
    local missing=() package
    for package in "$@"; do
        findme_is_installed "$package" || missing+=("$package")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        echo "all $# packages are installed"
        return 0
    fi
    echo "installing ${missing[*]}"
    if ! command -v apt-get > /dev/null; then
        echo "this is not Debian: install the equivalents of: ${missing[*]}" >&2
        return 1
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo > /dev/null || ! sudo -n true 2> /dev/null; then
            echo "root is needed: run 'apt-get install ${missing[*]}' as root, then again" >&2
            return 1
        fi
        as_root=(sudo -n)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q < /dev/null > /dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        "${missing[@]}" < /dev/null > /dev/null
}
