#!/bin/bash
# Measures doc_extractor on the server of sandbox.sh, and prints a table for each part, and the
# targets at the end:
#     make bench
#     make bench BENCH="new duplicates" BENCH_ROUNDS=3
#
# BENCH                    the parts to run: new duplicates triggers trail sessions locations growth
#                          migrate loader router
# BENCH_ROUNDS             how often it measures each step, after a round to warm up (5)
# BENCH_DOCUMENTS          documents of 2 kB for new, duplicates, triggers, trail and locations
#                          (100000)
# BENCH_LARGE_DOCUMENTS    documents of 100 kB, with a text of 50 kB, for new (5000)
# BENCH_SECONDS            how long each pgbench of duplicates, sessions and router runs (5)
# BENCH_LOCATIONS          current locations that locations reads (500000)
# BENCH_VANISHED           those of a scan that have vanished; not more (100000)
# BENCH_SIZES              sizes of the ledger in growth, ascending ("500000 5000000")
# BENCH_SMALL_FILES        files of this machine below 64 kB that loader loads, if it has as many (60000)
# BENCH_FILES              empty files that loader finds unchanged (1000000)
# BENCH_PDFS               PDF files of one page that loader loads (1000)
#
# A part is a script in this folder, for bash or psql.
set -euo pipefail

. bench/common.sh

# The sandbox's server is for tests; here it must be as durable as a real one. Work that a server
# does on its own, at times that nobody chooses, stays out of the measured steps.
cat >>"$PGDATA/postgresql.conf" <<END
fsync = on
shared_buffers = 2GB
maintenance_work_mem = 256MB
max_wal_size = 32GB
min_wal_size = 4GB
checkpoint_timeout = 1d
autovacuum = off
jit = off
max_parallel_workers_per_gather = 0
END
pg_ctl restart --silent --log="$PGDATA/server.log"

script setup.sql
for part in ${BENCH:-new duplicates triggers trail sessions locations growth migrate loader router}; do
    printf '\n== %s ==\n' "$part"
    if [ -e "bench/$part.sh" ]; then
        bash "bench/$part.sh"
    else
        script "$part.sql"
    fi
done
script targets.sql
