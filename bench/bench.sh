#!/bin/bash
# Measures doc_extractor, beside the server of sandbox.sh: the parts that BENCH names, or all.
# Each part is a psql script of this folder and prints a table of its own.
set -euo pipefail

# The sandbox serves tests; what is measured here should be as durable as a real server's.
cat >>"$PGDATA/postgresql.conf" <<END
fsync = on
shared_buffers = 1GB
max_wal_size = 16GB
maintenance_work_mem = 256MB
END
pg_ctl restart --silent --log="$PGDATA/server.log"

psql -X -q -c "SELECT version()" -c "
    SELECT name, current_setting(name) AS setting FROM pg_settings
    WHERE name IN ('fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size',
        'maintenance_work_mem', 'work_mem', 'wal_level') ORDER BY name"
for part in ${BENCH:-migrate}; do
    psql -X -q -v ON_ERROR_STOP=1 -f "bench/$part.sql"
done
