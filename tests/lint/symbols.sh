#!/usr/bin/env bash
# The library never prints, exits, aborts, reads the environment or installs signal handlers; and it exports the promise,
# nothing of its inside and nothing of a vendor's.
. "$(dirname "$0")/common.sh"
mapfile -t objects < <(find "${BUILD_DIR:?}" -type d -path '*libfindme/CMakeFiles/findme_*.dir/src')
library=$BUILD_DIR/libfindme/libfindme.so
if [ "${#objects[@]}" -eq 0 ] || [ ! -e "$library" ]; then
    echo "the library is not built in $BUILD_DIR"
    exit 1
fi

forbidden='puts|printf|putchar|fputs|fprintf|vprintf|vfprintf|fwrite|fputc|putc|perror|__v?f?printf_chk|psignal
stdout|stderr|std::cout|std::cerr|std::clog|std::ios_base::Init::.*
abort|exit|_exit|_Exit|quick_exit|at_quick_exit
getenv|secure_getenv|setenv|unsetenv|putenv|clearenv|environ
signal|sigaction|sigprocmask|pthread_sigmask|raise|kill'
forbidden="($(tr '\n' '|' <<< "$forbidden" | sed 's/|$//'))(@.*)?(\\(.*\\))?$"

# Object file, pattern, reason. dlib's headers include <iostream>, report broken preconditions to std::cerr before they throw,
# and abort where a destructor meets one; what findme hands to dlib is checked before.
excused() {
    case $1 in
        src/face/aligner.cpp.o | src/face/chip.cpp.o | src/face/dlib_resnet.cpp.o | src/face/landmark_model.cpp.o)
            [[ $2 == std::* || $2 =~ ^abort(@.*)?$ ]]
            ;;
        *) return 1 ;;
    esac
}

# Not a symbol to look for: compilers put it wherever something that must not throw could, and behind every std::thread.
while IFS= read -r found; do
    violation "$found: the library does not end the process"
done < <(grep -rn 'std::terminate' libfindme/src libfindme/include || true)

mapfile -t object_files < <(find "${objects[@]}" -name '*.o' | sort)
[ "${#object_files[@]}" -gt 30 ] || violation "only ${#object_files[@]} object files were found"
while IFS=$'\t' read -r object symbol; do
    name=src/${object##*.dir/src/}
    excused "$name" "$symbol" || violation "$name refers to $symbol"
done < <(nm --undefined-only --demangle --print-file-name "${object_files[@]}" |
    sed -E 's/^(.*\.o): *[A-Za-z] /\1\t/' | grep -P "\t$forbidden" || true)

inside='base|config|image|face|search|db|store|access|ingest|match|deliver|ops'
of='^(typeinfo for |typeinfo name for |vtable for |VTT for |guard variable for |(non-)?virtual thunk to )?'
ours="${of}findme::"
its_inside="${ours}($inside)::"
linkers='^(_end|_edata|__bss_start|_init|_fini)$'
weak='^[WVu]$'
standard='(^| |<|\*|&)(std|__gnu_cxx)::'
exported=0
while read -r kind symbol; do
    exported=$((exported + 1))
    if [[ $symbol =~ $its_inside ]]; then
        violation "libfindme.so exports its inside: $symbol"
    elif [[ $symbol =~ $ours || $symbol =~ $linkers ]]; then
        continue
    elif [[ $kind =~ $weak ]]; then
        # Instances of the standard library's templates, which every C++ library carries.
        [[ $symbol =~ $standard ]] || violation "libfindme.so exports a vendor's $symbol"
    elif [[ $symbol == *findme::* ]]; then
        continue
    else
        violation "libfindme.so exports $symbol"
    fi
done < <(nm --dynamic --defined-only --demangle "$library" | sed -E 's/^[0-9a-f]* //')
[ "$exported" -gt 20 ] || violation "libfindme.so exports only $exported symbols"

finish
