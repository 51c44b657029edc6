#!/bin/bash
# Runs the SQL and isolation tests and those of the loader, or those of TESTS, with a doc_extractor and
# a loader that were built with gcc's UndefinedBehaviorSanitizer and with assertions:
#     COPT="-fsanitize=undefined -DUSE_ASSERT_CHECKING -Wno-nonnull" tools/sandbox.sh tools/ubsan.sh
# Fails if the sanitizer reports something. Reports of the server go to its log, and the tests go on;
# the loader, and servers that tests start, end at the first one. A failed assertion ends the server. The sanitizer does not look for overflows of signed
# integers, which PostgreSQL's own flags define (-fwrapv).
set -euo pipefail

all=$(basename -a test/sql/*.sql test/specs/*.spec | sed 's/\..*//' | xargs)
all+=" $(basename -s .pl test/t/05*.pl test/t/06*.pl | xargs)"
export TESTS=${TESTS:-$all}

# A library without the checks would find nothing.
library=$(pg_config --pkglibdir)/doc_extractor.so
grep -q __ubsan_handle "$library"
grep -q ExceptionalCondition "$library"
grep -q __ubsan_handle "$(command -v doc_extractor)"
export UBSAN_OPTIONS=halt_on_error=1

failed=0
tools/check.sh || failed=1
errors=$(grep -c ': runtime error: ' results/server.log || true)
grep ': runtime error: ' results/server.log | sort -u || true
echo "ubsan: $errors errors"
[ "$failed" -eq 0 ] && [ "$errors" -eq 0 ]
