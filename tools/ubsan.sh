#!/bin/bash
# Runs the SQL and isolation tests, or those of TESTS, and fails if gcc's UndefinedBehaviorSanitizer finds
# an error in a doc_extractor that was built with it:
#     COPT=-fsanitize=undefined tools/sandbox.sh tools/ubsan.sh
# It reports to stderr, so to the server's log, and the tests go on. It does not look for the overflow of
# signed integers, which PostgreSQL's own flags define (-fwrapv).
set -euo pipefail

all=$(basename -a test/sql/*.sql test/specs/*.spec | sed 's/\..*//' | xargs)
export TESTS=${TESTS:-$all}

# A library without the checks would find nothing.
grep -q __ubsan_handle "$(pg_config --pkglibdir)/doc_extractor.so"

failed=0
tools/check.sh || failed=1
errors=$(grep -c ': runtime error: ' results/server.log || true)
grep ': runtime error: ' results/server.log | sort -u || true
echo "ubsan: $errors errors"
[ "$failed" -eq 0 ] && [ "$errors" -eq 0 ]
