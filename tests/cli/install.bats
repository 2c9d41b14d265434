#!/usr/bin/env bats
# What `cmake --install` leaves works without the build tree: the tool, the library for CMake and for pkg-config, the manual.
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli

setup_file() {
    load ../support/cli
    # The build that the tool under test comes from.
    local build
    build=$(cd "$(dirname "$FINDME_BIN")/.." && pwd)
    export prefix=$BATS_FILE_TMPDIR/prefix
    if [ -f "$build/CMakeCache.txt" ] && command -v cmake > /dev/null; then
        # What it says is shown by the first test, if it fails.
        cmake --install "$build" --prefix "$prefix" > "$BATS_FILE_TMPDIR/install.log" 2>&1 || touch "$BATS_FILE_TMPDIR/failed"
    fi
}

setup() {
    fresh_home
    need_command cmake g++ pkg-config
    [ -x "$prefix/bin/findme" ] && [ ! -e "$BATS_FILE_TMPDIR/failed" ] || {
        cat "$BATS_FILE_TMPDIR/install.log" 2> /dev/null
        [ -f "$BATS_FILE_TMPDIR/install.log" ] && return 1
        unfit "FINDME_BIN is not in a build tree"
    }
    libdir=$(dirname "$(find "$prefix" -name 'libfindme.so')")
    # A build with sanitizers is linked by programs with the same ones.
    flags=$(sed -n 's/^FINDME_SANITIZE:[A-Z]*=//p' "$(dirname "$FINDME_BIN")/../CMakeCache.txt")
    [ -z "$flags" ] || flags=-fsanitize=$flags
}

@test "install: the tool runs from the prefix" {
    expect_exit 0 "$prefix/bin/findme" version
    expect_exit 0 "$prefix/bin/findme" event create One
    ldd "$prefix/bin/findme" > libraries
    lacks "not found" libraries
    grep -q "$(realpath "$libdir")/libfindme" <(sed "s,=> .*/bin/\.\./,=> $(realpath "$prefix")/," libraries)
}

@test "install: its parts are found from the prefix" {
    need_models
    local part
    for part in drawing exif networks postgresql; do [ -f "$libdir/findme/libfindme-$part.so" ]; done
    expect_exit 0 "$prefix/bin/findme" version -v
    has "$output" " on "
    expect_exit 2 "$prefix/bin/findme" --database 'postgresql://%zz' event list
    lacks "cannot be used" <(printf '%s' "$output$stderr")
    expect_exit 0 "$prefix/bin/findme" event create One
    expect_exit 0 "$prefix/bin/findme" index "$FINDME_TEST_SAMPLES/sample1.jpg"
}

@test "install: what an incomplete installation lacks is said at once, and by version and doctor" {
    need_models
    local parts
    cp -a "$prefix" broken
    parts=broken/${libdir#"$prefix"/}/findme
    broken/bin/findme -q event create One
    rm "$parts/libfindme-exif.so"
    expect_exit 1 broken/bin/findme index "$FINDME_TEST_SAMPLES/sample1.jpg"
    has "$stderr" "EXIF cannot be read: "
    has "$stderr" "again, and Exiv2)"
    [ "$(broken/bin/findme -o json event list | jq '.events[0] | .photos + .failed')" -eq 0 ]
    run --separate-stderr broken/bin/findme -o json doctor
    [ "$(jq -r '.. | objects | select(.check? == "models.libraries") | .severity' <<< "$output")" = error ]
    rm "$parts/libfindme-networks.so"
    expect_exit 0 broken/bin/findme version -v
    has "$output" "faces cannot be looked for: "
    rm "$parts/libfindme-postgresql.so"
    expect_exit 1 broken/bin/findme --database postgresql://localhost/none event list
    has "$stderr" "PostgreSQL cannot be used: "
}

@test "install: no path of the build or source tree is left to look in" {
    need_command readelf
    readelf -d "$prefix/bin/findme" "$libdir/libfindme.so" "$libdir"/findme/*.so | grep -E 'RPATH|RUNPATH' > paths || true
    lacks "build\|$findme_root" paths
    grep -rlF "$findme_root" "$libdir/cmake" "$libdir/pkgconfig" "$prefix/include" > leaks || true
    [ ! -s leaks ]
}

@test "install: a program finds it with find_package, builds and runs" {
    cmake -S "$findme_root/examples/app" -B app -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="$flags" > log 2>&1 ||
        { cat log; return 1; }
    cmake --build app > log 2>&1 || { cat log; return 1; }
    mkdir data
    expect_exit 0 app/app data
    has "$output" "as a value: "
    has "$output" "SUMMER  Summer party  0 photos"
    has "$output" "as an exception: already_exists"
    expect_exit 0 "$prefix/bin/findme" --database sqlite:data/app.db event list
    has "$output" "Summer party"
}

@test "install: a program finds it with pkg-config and plain g++" {
    # The .pc file names the prefix that was configured; this one is where it was installed to.
    local pc=$libdir/pkgconfig
    export PKG_CONFIG_PATH=$pc
    local options
    read -ra options <<< "$(pkg-config --define-variable=prefix="$prefix" \
        --define-variable=includedir="$prefix/include" --define-variable=libdir="$libdir" --cflags --libs findme)"
    # shellcheck disable=SC2086
    g++ -std=c++20 $flags "$findme_root/examples/app/main.cpp" "${options[@]}" -Wl,-rpath,"$libdir" -o app
    mkdir data
    expect_exit 0 ./app data
    has "$output" "SUMMER  Summer party"
}

@test "install: the public headers pull in no other library's" {
    g++ -std=c++20 -fsyntax-only -I "$prefix/include" -H -x c++ - <<< '#include <findme/findme.hpp>' 2> included
    lacks '/\(opencv4\|sqlite3.h\|yaml-cpp\|nlohmann\|tbb\|oneapi\|dlib\|spdlog\|CLI\|sodium\)' included
}

@test "install: every man page is there" {
    local page
    for page in "$findme_root"/man/*.1; do [ -f "$prefix/share/man/man1/${page##*/}" ]; done
    [ -f "$prefix/share/man/man5/findme.yaml.5" ]
}

@test "install: the fetch script stands beside its manifest" {
    [ -x "$prefix/share/findme/fetch_models.sh" ]
    [ -f "$prefix/share/findme/manifest.yaml" ]
    expect_exit 0 "$prefix/share/findme/fetch_models.sh" --help
}
