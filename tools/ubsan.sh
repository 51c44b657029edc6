#!/bin/bash
# Runs the SQL and isolation tests, or those of TESTS, with a doc_extractor that was built with gcc's
# UndefinedBehaviorSanitizer and with assertions:
#     COPT="-fsanitize=undefined -DUSE_ASSERT_CHECKING" tools/sandbox.sh tools/ubsan.sh
# Fails if the sanitizer reports something. Its reports go to stderr, so to the server's log, and the
# tests go on; a failed assertion ends the server. The sanitizer does not look for overflows of signed
# integers, which PostgreSQL's own flags define (-fwrapv).
set -euo pipefail

all=$(basename -a test/sql/*.sql test/specs/*.spec | sed 's/\..*//' | xargs)
export TESTS=${TESTS:-$all}

# A library without the checks would find nothing.
library=$(pg_config --pkglibdir)/doc_extractor.so
grep -q __ubsan_handle "$library"
grep -q ExceptionalCondition "$library"

failed=0
tools/check.sh || failed=1
errors=$(grep -c ': runtime error: ' results/server.log || true)
grep ': runtime error: ' results/server.log | sort -u || true
echo "ubsan: $errors errors"
[ "$failed" -eq 0 ] && [ "$errors" -eq 0 ]
