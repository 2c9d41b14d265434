# The command that was typed so far, without flags and their values: `event list`.
function __findme_path
    set -l path
    set -l skips no
    for word in (commandline -opc)[2..-1]
        if test $skips = yes
            set skips no
        else if test "$word" = --
            break
        else if string match -q -- '-*' $word
            if not string match -q -- '*=*' $word; and contains -- "$word" $__findme_value_flags
                set skips yes
            end
        else if contains -- "$path $word" $__findme_commands
            set path "$path $word"
        end
    end
    string trim -- "$path"
end

function __findme_at
    test (__findme_path) = "$argv"
end

function __findme_within
    set -l path (__findme_path)
    test "$path" = "$argv"; or string match -q -- "$argv *" $path
end

# KEY=, or KEY= with each of its values.
function __findme_set
    set -l token (commandline -ct | string replace -r '^--set=' '')
    if string match -q -- '*=*' $token
        set -l key (string split -m 1 = -- $token)[1]
        for value in (__findme_setting_values $key)
            echo $key=$value
        end
    else
        __findme_settings
    end
end
