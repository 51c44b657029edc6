#!/bin/bash
# Runs the tests, or those of TESTS, with a doc_extractor that writes everything by SQL statements, as it
# else does for tables to which users have attached something:
#     COPT=-DWRITE_BY_SQL=true tools/sandbox.sh tools/by_sql.sh
# A few tests look at what only the other way does. For these, expected/by_sql has other output.
set -euo pipefail

cp expected/by_sql/*.out expected/
exec tools/check.sh
