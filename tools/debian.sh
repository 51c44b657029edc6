#!/bin/bash
# Runs a command in a copy of the checkout, in a folder with a Debian that has a given PostgreSQL:
#     tools/debian.sh 17 make check
# PG_CONFIG names that PostgreSQL to the command; its results/ folder, if any, becomes results/17
# here. The folder is made once and kept, as $FOLDERS/17; removing it renews it. OLD=15 puts the
# older PostgreSQL of that major beside the other. Exit status 77: there was nothing to run it in,
# and the last line printed says why.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/debian_folder.sh"
major=$1
suites_of "$major" >/dev/null
contain "$@"
shift
results=$checkout/results/$major
root=$folders/$major

mkdir -p "$folders"
exec 9>"$folders/$major.lock"
flock 9
[ -d "$root" ] || create_folder "$root" "$major"
open_folder

# What its prerequisites.sh has fetched is of its Debian, and stays.
mkdir -p "$root/checkout"
find "$root/checkout" -mindepth 1 -maxdepth 1 ! -name .tools -exec rm -rf {} +
copy_checkout /checkout
for each in "$major" ${OLD:-}; do
    add_suites "$each"
    inside env FOR_TESTS=1 PG_CONFIG="$(config_of "$each")" /checkout/tools/prerequisites.sh ||
        skip "PostgreSQL $each, or what its tests need, does not install from $(suites_of "$each")"
done

status=0
inside env FOR_TESTS=1 PG_CONFIG="$(config_of "$major")" OLD_PG_CONFIG="$(config_of "${OLD:-}")" \
    sh -c 'cd /checkout && exec "$@"' - "$@" || status=$?
rm -rf "$results"
if [ -d "$root/checkout/results" ]; then
    mkdir -p "$checkout/results"
    cp -R "$root/checkout/results" "$results"
fi
exit "$status"
