#!/bin/bash
# Runs the test of pg_upgrade from the PostgreSQL of OLD_PG_CONFIG to that of PG_CONFIG: in a sandbox
# of the new one inside a sandbox of the old one.
set -euo pipefail

new=$PG_CONFIG
export PG_CONFIG=$OLD_PG_CONFIG TESTS=026_pg_upgrade
# shellcheck disable=SC2016 # The old sandbox's shell is to expand it.
"$(dirname "$0")/sandbox.sh" env PG_CONFIG="$new" \
    sh -c 'OLD_BINDIR=$(pg_config --bindir) exec tools/sandbox.sh tools/check.sh'
