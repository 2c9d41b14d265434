# Sourced by the lint scripts: SOURCE_DIR (the checkout) and BUILD_DIR come from ctest.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C
cd "${SOURCE_DIR:?the checkout}"
export violations=0

violation() {
    echo "$1"
    violations=$((violations + 1))
}

finish() {
    if [ "$violations" -gt 0 ]; then
        echo "$violations violations"
        exit 1
    fi
    echo "ok"
    exit 0
}

# The files of the project, one a line: what git knows, and what is there where there is no git. Neither lists build/.
project_files() {
    if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
        # Files that are new and not yet added count as well; deleted ones do not.
        git ls-files --cached --others --exclude-standard | while read -r file; do
            if [ -f "$file" ]; then echo "$file"; fi
        done
    else
        find . -type f -not -path './.git/*' -not -path './build/*' -not -path './.cache/*' | sed 's|^\./||'
    fi | sort
}

# Those that people write and read as text.
text_files() { project_files | grep -vE '\.(png|jpg|jpeg|tif|tiff|webp|bin|onnx|dat)$'; }
