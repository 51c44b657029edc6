#!/bin/bash
# Runs a command on several majors of PostgreSQL, each in a Debian of its own (debian.sh), and prints
# a line for each: passed, failed or skipped, and why.
#     tools/versions.sh make check
# VERSIONS="15 17" chooses; BUDGET bounds the whole, in seconds. Exit status 1: something failed;
# 77: nothing failed, and nothing could be run. All output is in results/.
set -euo pipefail

cd "$(dirname "$0")/.."
. tools/cases.sh

for major in ${VERSIONS:-15 17 18 19}; do
    run_case "$major" tools/debian.sh "$major" "$@"
done
print_counts

if [ "$failed" -gt 0 ]; then
    exit 1
elif [ "$passed" -eq 0 ]; then
    exit 77
fi
