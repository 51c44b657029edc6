#!/bin/bash
# Puts random load on a ledger for a long time, beside the server of sandbox.sh, and checks the ledger
# and the sessions' memory at the end:
#     make soak
#     make soak SOAK_MINUTES=5 SEED=1
set -euo pipefail

seed=${SEED:-$RANDOM}
echo "SEED=$seed, ${SOAK_MINUTES:-60} minutes"

# The load's own errors would fill the log, and waiting for its deadlocks would slow it down.
psql -X -q >/dev/null <<END
ALTER SYSTEM SET log_min_messages = log;
ALTER SYSTEM SET deadlock_timeout = '100ms';
SELECT FROM pg_reload_conf();
CREATE DATABASE soak;
\c soak
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
END
export PGDATABASE=soak
exec /usr/bin/python3 -u test/helpers/random_load/soak.py "${SOAK_MINUTES:-60}" "$seed"
