# shellcheck shell=bash
# What the shell calls. Bash takes words apart at "=" and ":"; the pieces are put together here first.

# The flag whose value is being typed: what _findme_value says of it, for the command or one around it.
_findme_value_of() {
    local path=$1 flag=$2
    while :; do
        _findme_value "$path $flag" && return
        [[ -n $path ]] || return 1
        _findme_outwards
    done
}

# From `event list` to `event`, and from `event` to nothing.
_findme_outwards() {
    if [[ $path == *' '* ]]; then path=${path% *}; else path=; fi
}

_findme_reply() {
    local word
    typed=$2
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$2")
}

_findme_files() {
    local word
    typed=$2
    compopt -o filenames 2> /dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$2")
}

# KEY=, or the values of KEY behind its "=".
_findme_setting() {
    if [[ $1 == *=* ]]; then
        local values
        values=$(_findme_setting_values "${1%%=*}")
        if [[ $values == '<path>' ]]; then
            _findme_files -f "${1#*=}"
        else
            _findme_reply "$values" "${1#*=}"
            [[ ${COMPREPLY[0]-} != *[:/] ]] || compopt -o nospace 2> /dev/null
        fi
    else
        compopt -o nospace 2> /dev/null
        _findme_reply "$(_findme_settings)" "$1"
    fi
}

_findme_complete_value() {
    case $1 in
        words:*) _findme_reply "${1#words:}" "$2" ;;
        files) _findme_files -f "$2" ;;
        folders) _findme_files -d "$2" ;;
        settings) _findme_setting "$2" ;;
    esac
}

# Every flag of the command and of those around it.
_findme_complete_flag() {
    local path=$1 flags
    _findme_reply "$(_findme_flags "$path")" "$2"
    while [[ -n $path ]]; do
        _findme_outwards
        flags=$(_findme_flags "$path")
        _findme_reply "${flags/-h --help/}" "$2"
    done
}

# Puts the words as they were typed into `words`.
_findme_join_words() {
    local i piece joins=''
    for ((i = 1; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if ((${#words[@]} > 0)) && [[ -n $joins || $piece == [=:]* ]]; then
            words[${#words[@]} - 1]+=$piece
        else
            words+=("$piece")
        fi
        joins=
        if [[ -n $piece && -z ${piece//[=:]/} ]]; then joins=1; fi
    done
}

# Bash replaces what stands behind the last "=" or ":" only, where these take words apart.
_findme_cut_replies() {
    local current=$1 i piece rest=$1
    local whole=${current%"$typed"}
    [[ $COMP_WORDBREAKS == *=* ]] && rest=${rest##*=}
    [[ $COMP_WORDBREAKS == *:* ]] && rest=${rest##*:}
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        piece=$whole${COMPREPLY[i]}
        COMPREPLY[i]=${piece#"${current%"$rest"}"}
    done
}

_findme() {
    COMPREPLY=()
    local -a words=()
    local word path='' flag='' no_flags='' typed=''
    _findme_join_words
    local current=${words[${#words[@]} - 1]}
    for word in "${words[@]:0:${#words[@]}-1}"; do
        if [[ -n $flag ]]; then
            flag=
        elif [[ $word == -- ]]; then
            no_flags=1
        elif [[ -n $no_flags ]]; then
            continue
        elif [[ $word == -* ]]; then
            if [[ $word != *=* ]] && _findme_value_of "$path" "$word" > /dev/null; then flag=$word; fi
        elif [[ " $(_findme_commands "$path") " == *" $word "* ]]; then
            path+=${path:+ }$word
        fi
    done
    if [[ -n $flag ]]; then
        _findme_complete_value "$(_findme_value_of "$path" "$flag")" "$current"
    elif [[ -z $no_flags && $current == --*=* ]]; then
        _findme_complete_value "$(_findme_value_of "$path" "${current%%=*}")" "${current#*=}"
    elif [[ -z $no_flags && $current == -* ]]; then
        _findme_complete_flag "$path" "$current"
    else
        [[ -n $no_flags ]] || _findme_reply "$(_findme_commands "$path")" "$current"
        _findme_complete_value "$(_findme_arguments "$path")" "$current"
    fi
    _findme_cut_replies "$current"
}

complete -F _findme findme
