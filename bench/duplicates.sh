# Measures the ingestion of documents that are there already.
#     make bench BENCH=duplicates
set -euo pipefail

. bench/common.sh

script duplicates.sql

# Sessions that all ingest the same document, each time in a transaction of its own.
for ledger in peer docs; do
    echo "SELECT * FROM $ledger.ingest_document('same.txt'," \
        "convert_to(repeat('The same. ', 205), 'UTF8'), 'text/plain', 'bench');" \
        >"$TMPDIR/$ledger.pgbench"
done
for ((round = 0; round <= BENCH_ROUNDS; round++)); do
    if ((round % 2)); then ledgers='peer docs'; else ledgers='docs peer'; fi
    for ledger in $ledgers; do
        case $ledger in
            peer) variant='PL/pgSQL, one call each' number=1001 ;;
            docs) variant='ingest_document(), one call each' number=1002 ;;
        esac
        sql "$(sql "SELECT bench.empty('$ledger')")"
        count=$(sessions duplicates '8 sessions, same document' "$variant" "$number" "$round" 8 \
            "$TMPDIR/$ledger.pgbench")
        sql "SELECT bench.expect((SELECT sum(duplicate_count) = $count - 1
             FROM $ledger.hash_index), 'one document')" >/dev/null
    done
done

echo 'Documents that are there already'
script report.sql -v part=duplicates -v base='PL/pgSQL, one call each' \
    -v heading='x PL/pgSQL'
script teardown.sql
