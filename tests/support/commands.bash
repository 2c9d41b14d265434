# shellcheck shell=bash
# What commands there are, as --help tells it.

# Every command, one a line; that of nothing is the tool. The --help of each is in the folder help from then on.
commands() {
    if [ ! -e commands ]; then
        mkdir help
        walk "" > commands.new
        mv commands.new commands
    fi
    cat commands
}

# walk COMMAND: itself and every command below it. Without any other program: there are many.
walk() {
    local line word within=no inner=()
    echo "$1"
    # shellcheck disable=SC2086
    "$FINDME_BIN" $1 --help > "help/${1:-findme}"
    while IFS= read -r line; do
        case $line in
            Subcommands:*) within=yes ;;
            "") within=no ;;
            "  "[a-z]*)
                read -r word _ <<< "$line"
                [ "$within" = no ] || inner+=("${1:+$1 }$word")
                ;;
        esac
    done < "help/${1:-findme}"
    for line in "${inner[@]}"; do walk "$line"; done
}
