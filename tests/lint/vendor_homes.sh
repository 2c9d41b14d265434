#!/usr/bin/env bash
# Each third-party library has a home room; none shows in a public header.
. "$(dirname "$0")/common.sh"

# Included header, and the folders or files that may include it.
homes=(
    'yaml-cpp/' 'libfindme/src/config'
    'sodium' 'libfindme/src/base libfindme/src/access'
    'xxhash' 'libfindme/src/base'
    'openssl/' 'libfindme/src/base'
    'utf8proc' 'libfindme/src/base'
    'crypt\.h' 'libfindme/src/access'
    'sqlite3' 'libfindme/src/db'
    'pqxx/|libpq' 'libfindme/src/db'
    'tbb/|oneapi/tbb' 'libfindme/src/ingest'
    'oneapi/dnnl|dnnl' 'libfindme/src/face/network_onednn.cpp'
    'dlib/' 'libfindme/src/face'
    'omp\.h' 'libfindme/src/face/network_onednn.cpp'
    'jpeglib|jerror|turbojpeg|png\.h|webp/|tiff|libheif/|libraw/' 'libfindme/src/image'
    'opencv2/' 'libfindme/src/deliver/drawing.cpp'
    'exiv2/' 'libfindme/src/image/exif_tags.cpp'
    'microhttpd' 'libfindme/src/ops'
    'CLI/|nlohmann/' 'cli/src'
    'spdlog/' 'cli/src/log_writer.cpp'
)

while IFS=: read -r file line include; do
    [[ $include =~ \<([^>]+)\> ]]
    header=${BASH_REMATCH[1]}
    for ((i = 0; i < ${#homes[@]}; i += 2)); do
        [[ $header =~ ^(${homes[i]}) ]] || continue
        at_home=no
        for folder in ${homes[i + 1]}; do
            if [[ $file == "$folder" || $file == "$folder"/* ]]; then at_home=yes; fi
        done
        [ "$at_home" = yes ] || violation "$file:$line: <$header> is at home in ${homes[i + 1]}"
    done
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' libfindme/include libfindme/src cli/src)

# A public header includes the standard library's headers and findme's own, nothing else.
while IFS=: read -r file line include; do
    violation "$file:$line: a public header includes ${include#*include }"
done < <(grep -rnE '#[[:space:]]*include[[:space:]]*<[^>]*[/.]' libfindme/include || true)

# OpenCV's imgcodecs brings a hundred shared objects along.
while IFS= read -r found; do
    violation "$found: OpenCV's imgcodecs is not for findme"
done < <(grep -rn 'imgcodecs' libfindme/src libfindme/CMakeLists.txt libfindme/cmake cli || true)
# A start loads what most commands need. The rest is loaded when it is needed: by name, see base/vendor_library.hpp, or as a part
# of findme, see base/part.hpp. libdlib and the BLAS behind it are not needed at all, see face/dlib_headers.hpp.
while IFS= read -r found; do
    violation "$found: only base/vendor_library.cpp loads libraries"
done < <(grep -rnE '\bdl(open|m?sym|vsym|addr)\b' libfindme/src cli/src --include='*.[ch]pp' |
    grep -v '^libfindme/src/base/vendor_library.cpp:' || true)
if [ -e "${BUILD_DIR:-}/libfindme/libfindme.so" ]; then
    while IFS= read -r found; do
        violation "libfindme.so is linked with $found"
    done < <(ldd "$BUILD_DIR/libfindme/libfindme.so" | grep -oE 'lib(heif|raw|tiff|webp|exiv2|opencv|dnnl|gomp|pq|microhttpd|gnutls|dlib|blas|lapack|openblas)[^ ]*' | sort -u || true)
fi

finish
