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
forbidden="^($(tr '\n' '|' <<< "$forbidden" | sed 's/|$//'))(@.*)?(\\(.*\\))?$"

# Object file, pattern, reason. dlib's headers include <iostream>, report broken preconditions to std::cerr before they throw,
# and abort where a destructor meets one; what findme hands to dlib is checked before.
excused() {
    case $1 in
        src/face/aligner.cpp.o | src/face/dlib_resnet.cpp.o | src/face/landmark_model.cpp.o)
            [[ $2 == std::* || $2 =~ ^abort(@.*)?$ ]]
            ;;
        *) return 1 ;;
    esac
}

# Not a symbol to look for: compilers put it wherever something that must not throw could, and behind every std::thread.
while IFS= read -r found; do
    violation "$found: the library does not end the process"
done < <(grep -rn 'std::terminate' libfindme/src libfindme/include || true)

count=0
while read -r object; do
    name=src/${object##*.dir/src/}
    count=$((count + 1))
    while read -r symbol; do
        [ -n "$symbol" ] || continue
        excused "$name" "$symbol" || violation "$name refers to $symbol"
    done < <(nm --undefined-only --demangle "$object" | sed -E 's/^ *[A-Za-z] //' | grep -E "$forbidden" || true)
done < <(find "${objects[@]}" -name '*.o' | sort)
[ "$count" -gt 30 ] || violation "only $count object files were found"

inside='base|config|image|face|search|db|store|access|ingest|match|deliver|ops'
prefix='(typeinfo for |typeinfo name for |vtable for |VTT for |guard variable for |(non-)?virtual thunk to )?'
exported=0
while read -r kind symbol; do
    exported=$((exported + 1))
    if grep -qE "^${prefix}findme::($inside)::" <<< "$symbol"; then
        violation "libfindme.so exports its inside: $symbol"
    elif grep -qE "^${prefix}findme::" <<< "$symbol"; then
        continue
    elif grep -qE '^(_end|_edata|__bss_start|_init|_fini)$' <<< "$symbol"; then
        continue
    elif grep -qE '^[WVu]$' <<< "$kind"; then
        # Weak: instances of the standard library's templates, which every C++ library carries.
        grep -qE '(^| |<|\*|&)(std|__gnu_cxx)::' <<< "$symbol" || violation "libfindme.so exports a vendor's $symbol"
    elif grep -qE 'findme::' <<< "$symbol"; then
        continue
    else
        violation "libfindme.so exports $symbol"
    fi
done < <(nm --dynamic --defined-only --demangle "$library" | sed -E 's/^[0-9a-f]* //')
[ "$exported" -gt 20 ] || violation "libfindme.so exports only $exported symbols"

finish
