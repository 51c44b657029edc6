#!/bin/bash
# Runs the SQL and isolation tests, or those of TESTS, and fails where gcc's
# UndefinedBehaviorSanitizer has found something in a doc_extractor that was built with it:
#     COPT=-fsanitize=undefined tools/sandbox.sh tools/ubsan.sh
# What it finds is on stderr, so in the server's log; the tests go on. PostgreSQL's own flags define the
# overflow of signed integers (-fwrapv), so that is nothing it looks for.
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
