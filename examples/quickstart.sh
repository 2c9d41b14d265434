#!/usr/bin/env bash
# From a fresh Debian 12 to a guest's photos: installs what is missing, builds findme, fetches the models and six party
# photos, indexes them in a database of its own and finds one guest by a selfie. Asks nothing; a second run takes seconds.
#
#   examples/quickstart.sh
#
# As root or with sudo, when packages are missing. Needs the network once: Debian's packages and npm. Your own database is
# not touched: everything but the models (${XDG_DATA_HOME:-~/.local/share}/findme/models) goes into build/.
# Exit codes: 0 the guest was found, 1 something failed; the last line says what.
set -euo pipefail

case ${1:-} in
    '') ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "quickstart: unknown argument '$1' (try --help)" >&2; exit 2 ;;
esac

cd "$(dirname "$(readlink -f "$0")")/.."
# shellcheck source=tests/support/packages.sh
. tests/support/packages.sh

readonly work=build/quickstart samples=build/samples
readonly findme=build/release/cli/findme
# The guest: one of the people on sample3.jpg, cut out as she would have taken her own picture.
readonly guest_photo=sample3.jpg guest_area=512x512+944+112
# The photos she is on, as a look at all six of them says.
readonly expected=$'sample1.jpg\nsample3.jpg'

step=0
say_step() { step=$((step + 1)); printf '\n=== %d/6 %s (%d s so far)\n' "$step" "$1" "$SECONDS"; }
fail() { echo "quickstart: $1" >&2; exit 1; }
party() { "$findme" --database "sqlite:$work/findme.db" "$@"; }

say_step "Debian packages"
# libjpeg-turbo-progs cuts the selfie; everything else is for the build.
mapfile -t packages < <(findme_build_packages | tr ' ' '\n')
findme_install_packages "${packages[@]}" libjpeg-turbo-progs || fail "the packages could not be installed"

say_step "build"
mkdir -p "$work"
if ! { cmake --preset release && cmake --build --preset release; } > "$work/build.log" 2>&1; then
    tail -n 30 "$work/build.log" >&2
    fail "the build failed; all of it is in $work/build.log"
fi
"$findme" version

say_step "models"
libfindme/models/fetch_models.sh || fail "the models could not be fetched"
party model verify

say_step "photos and a selfie"
libfindme/models/fetch_models.sh --manifest examples/sample_photos.yaml --to "$samples" ||
    fail "the party photos could not be fetched"
jpegtran -copy none -crop "$guest_area" -outfile "$work/selfie.jpg" "$samples/$guest_photo"
echo "the guest's selfie: $work/selfie.jpg"

say_step "event and index"
party --quiet event show party > /dev/null 2>&1 || party event create "Office party" --code PARTY
party index "$samples" --event party

say_step "the guest's photos"
# Never an old picture beside a new answer.
rm -f "$work/contact-sheet.jpg"
party match "$work/selfie.jpg" --event party --sheet "$work/contact-sheet.jpg" | tee "$work/found.txt" ||
    fail "nobody was found"
found=$(grep -o 'sample[0-9]*\.jpg' "$work/found.txt" | sort)
[ "$found" = "$expected" ] ||
    fail "she is on $(tr '\n' ' ' <<< "$expected")but was found on $(tr '\n' ' ' <<< "$found")"
[ -s "$work/contact-sheet.jpg" ] || fail "no contact sheet was drawn"

cat << END

The guest was found on $(wc -l <<< "$found") of 6 photos, and nobody was taken for her. $guest_photo scores 100 because the selfie
is cut from it; the other photo was taken on another day.
Look at the result: $PWD/$work/contact-sheet.jpg

Your own photos:
  $PWD/$findme event create "Our wedding"
  $PWD/$findme index FOLDER
  $PWD/$findme match SELFIE --sheet found.jpg

Done in $SECONDS s.
END
