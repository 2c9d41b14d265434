#!/usr/bin/env bats
# The container image of examples/docker, as far as it can be checked where no container runs.
# database: none
bats_require_minimum_version 1.5.0
# shellcheck source=tests/support/cli.bash
load ../support/cli
# shellcheck source=tests/support/health.bash
load ../support/health

dockerfile=$findme_root/examples/docker/Dockerfile

setup() {
    fresh_home
    pid=
}

teardown() { stop_serving; }

# The instructions of the last stage, or of all of them: one a line.
instructions() { sed -e '/^#/d' -e ':a; /\\$/N; s/\\\n//; ta' "$dockerfile"; }
final_stage() { instructions | tac | sed '/^FROM/q' | tac; }

# What the image installs to run the tool.
runtime_packages() {
    final_stage | grep '^RUN apt-get' | sed 's/.*--no-install-recommends//; s/&&.*//' | tr -s ' ' '\n' | sed '/^$/d'
}

owner_of() { dpkg-query -S "$1" 2> /dev/null | cut -d: -f1 | sort -u; }

# Libraries that the tool and its library ask for themselves, when they start or when they need them, without a sanitizer's.
needed_libraries() {
    local own
    own=$(ldd "$FINDME_BIN" | awk '/libfindme/ { print $3; exit }')
    {
        readelf -d "$FINDME_BIN" "$own" "$(dirname "$own")"/findme/*.so | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
        grep -rhoE '"lib[a-z_]+\.so\.[0-9]+"' "$findme_root/libfindme/src" --include='*.[ch]pp' | tr -d '"'
        # libfmt is spdlog's own, and called from here only where nothing is inlined.
    } | grep -vE 'libfindme|libfmt|lib(a|ub|t)san' | sort -u
}

@test "docker: what the image copies is in the source tree, and reaches the builder" {
    local instruction source found=0
    while read -r instruction; do
        # The last word is where to.
        for source in $(awk '{ $NF = ""; $1 = ""; print }' <<< "$instruction"); do
            found=$((found + 1))
            # The models may be there, or are fetched.
            [ "$source" != 'build/model[s]' ] || source=build/models
            [ "$source" = build/models ] || [ -e "$findme_root/$source" ] || { echo "no $source"; return 1; }
            while [ "$source" != . ] && ! grep -qx "!$source" "$dockerfile.dockerignore"; do
                source=$(dirname "$source")
            done
            [ "$source" != . ] || { echo "not let through: $instruction"; return 1; }
        done
    done < <(instructions | grep '^COPY' | grep -v -- --from=)
    [ "$found" -ge 8 ]
    [ "$(head -n 2 "$dockerfile.dockerignore" | tail -n 1)" = '*' ]
}

@test "docker: the image installs what the tool is linked with, and no more" {
    need_command readelf ldd dpkg-query
    local library package
    runtime_packages | sort > listed
    while read -r library; do
        package=$(owner_of "*-linux-gnu/$library")
        # Of several that offer the same, the one that its folder is named after.
        [ -n "$package" ] || { package=${library%%.*} && package=$(owner_of "*-linux-gnu/${package#lib}/$library"); }
        # Part of every Debian.
        [[ $package =~ ^(libc6|libgcc-s1|libcrypt1)$ ]] || echo "$package"
    done < <(needed_libraries) | sort -u > needed
    diff needed listed
}

@test "docker: every package is one of this Debian" {
    need_command apt-cache
    { runtime_packages; (. "$findme_root/tests/support/packages.sh" && findme_build_packages | tr ' ' '\n'); } | sort -u > wanted
    apt-cache pkgnames | sort > known
    [ -z "$(comm -23 wanted known)" ] || { echo "no package $(comm -23 wanted known)"; return 1; }
}

@test "docker: the container's user is a number, and not root's" {
    local user
    user=$(final_stage | sed -n 's/^USER //p')
    [[ $user =~ ^[1-9][0-9]+:[1-9][0-9]+$ ]]
    final_stage | grep -q -- "--uid ${user%:*} --gid ${user#*:}"
    # Whatever comes after it is not undone by another one.
    [ "$(final_stage | grep -c '^USER')" -eq 1 ]
}

@test "docker: line ends of another system stop the build" {
    local check
    check=$(instructions | sed -n 's/^RUN \(if grep -rIl.*\)/\1/p')
    [ -n "$check" ]
    mkdir tree
    cp "$findme_root"/migrations/sqlite/*.sql tree
    expect_exit 0 sh -c "cd tree && $check"
    sed -i 's/$/\r/' tree/0001_base.up.sql
    expect_exit 1 sh -c "cd tree && $check"
    has "$output" 0001_base.up.sql
}

@test "docker: the health check sees a server that answers, and one that is gone" {
    need_command curl jq
    local check
    check=$(instructions | sed -n 's/^HEALTHCHECK.* CMD //p')
    serve
    mapfile -t command < <(jq -r '.[]' <<< "${check//9631/${url##*:}}")
    expect_exit 0 "${command[@]}"
    kill -STOP "$pid"
    expect_exit 1 "${command[@]}"
    kill -KILL "$pid"
    ended
    expect_exit 1 "${command[@]}"
    # The port that it asks is the one that the server is told, and that is published.
    final_stage | grep -qx 'EXPOSE 9631'
    final_stage | grep -qF '"0.0.0.0:9631"]'
    [[ $check == */9631* ]]
}
