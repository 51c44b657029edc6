# Measures new documents of 2 kB through the router over 1, 2 and 4 shards, beside a ledger without a router.
# All of them are on one server: that shows what the router costs, not what more servers bring.
#     make bench BENCH=router
set -euo pipefail

. bench/common.sh

if [ ! -e "$(pg_config --sharedir)/extension/plproxy.control" ]; then
    echo 'skipped: PL/Proxy is not installed for this PostgreSQL'
    exit 0
fi

base='a ledger without router'

# Makes a router over so many shards, in databases of their own; 0: a ledger alone.
make_databases() {
    local shards=$1 shard addresses=()
    sql "CREATE DATABASE bench_$shards"
    if [ "$shards" -eq 0 ]; then
        PGDATABASE=bench_0 sql 'CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs'
        return
    fi
    for ((shard = 0; shard < shards; shard++)); do
        sql "CREATE DATABASE bench_${shards}_$shard"
        addresses+=("host=$PGHOST dbname=bench_${shards}_$shard")
    done
    doc_extractor_shards "host=$PGHOST dbname=bench_$shards" "${addresses[@]}" >/dev/null
}

# Prints the names of all databases of a variant.
databases() { sql "SELECT datname FROM pg_database WHERE datname ~ '^bench_$1(_|$)'"; }

# Fails unless the variant has as many documents as it was sent.
expect_documents() {
    local shards=$1 count
    count=$(PGDATABASE=bench_$shards sql 'SELECT documents FROM docs.ingestion_stats')
    [ "$count" -eq "${sent[$shards]}" ] || {
        echo "bench_$shards has $count documents, not ${sent[$shards]}" >&2
        return 1
    }
}

# A document is new, unless two random numbers of 62 bits are the same.
cat >"$TMPDIR/one.pgbench" <<'END'
\set n random(1, 4611686018427387904)
SELECT * FROM docs.ingest_document('name.txt', convert_to(repeat(md5((:n)::text), 64), 'UTF8'), 'text/plain');
END
cat >"$TMPDIR/batch.pgbench" <<'END'
\set n random(1, 4611686018427387904)
SELECT count(document_id) FROM docs.ingest_documents(array_fill('name.txt'::text, ARRAY[1000]), ARRAY(SELECT convert_to(repeat(md5((:n)::text || ':' || g), 64), 'UTF8') FROM generate_series(1, 1000) AS g), array_fill('text/plain'::text, ARRAY[1000]));
END

# Measures a workload for all variants, in turns.
#     compare WORKLOAD NUMBER CLIENTS SCRIPT DOCUMENTS
compare() {
    local workload=$1 number=$2 clients=$3 script=$4 documents=$5 round turn shards count
    local order=(0 1 2 4)
    for ((round = 0; round <= BENCH_ROUNDS; round++)); do
        for ((turn = 0; turn < 4; turn++)); do
            shards=${order[(turn + round) % 4]}
            count=$(sessions router "$workload" "$(name_of "$shards")" $((number + shards)) "$round" \
                "$clients" "$TMPDIR/$script" "bench_$shards" "$documents")
            sent[shards]=$((sent[shards] + count * documents))
        done
    done
}
name_of() {
    case $1 in
        0) echo "$base" ;;
        1) echo 'router, 1 shard' ;;
        *) echo "router, $1 shards" ;;
    esac
}

# Prints the processor time of the router's session and of its sessions on 4 shards, in microseconds for a
# document. In the script, NUMBER is replaced by other numbers.
#     measure_cpu NAME SCRIPT TIMES DOCUMENTS
measure_cpu() {
    local name=$1 script=$2 times=$3 documents=$4 ticks
    ticks=$(getconf CLK_TCK)
    {
        for ((i = 0; i < times; i++)); do
            sed "1d; s/:n/$RANDOM$RANDOM$i/" "$TMPDIR/$script"
        done
        # shellcheck disable=SC2016 # awk's.
        cat <<END
SELECT pg_backend_pid() AS router, string_agg(pid::text, ' ') AS shards FROM pg_stat_activity
WHERE usename = 'doc_extractor_router' \gset
\setenv ROUTER :router
\setenv SHARDS :shards
\o
\! for p in \$ROUTER \$SHARDS; do sed 's/.*) //' /proc/\$p/stat; done | awk -v n=$((times * documents)) '{ us = (\$12 + \$13) / $ticks * 1e6 / n; if (NR == 1) router = us; else shards += us } END { printf "$name: router %.1f, shards %.1f µs of processor time for a document\n", router, shards }'
END
    } | psql -X -q -o /dev/null -d bench_4
    sent[4]=$((sent[4] + times * documents))
}

PGOPTIONS='-c client_min_messages=warning'
export PGOPTIONS
sent=([0]=0 [1]=0 [2]=0 [4]=0)
for shards in 0 1 2 4; do
    make_databases "$shards"
done
compare 'one call each, 1 client' 10 1 one.pgbench 1
compare 'one call each, 8 clients' 20 8 one.pgbench 1
compare 'batches of 1,000, 1 client' 30 1 batch.pgbench 1000
compare 'batches of 1,000, 4 clients' 40 4 batch.pgbench 1000
measure_cpu 'one call each' one.pgbench 20000 1
measure_cpu 'batches of 1,000' batch.pgbench 100 1000
# As many documents for each shard as a batch of 1,000 has over 64.
sed 's/1000/64/g' "$TMPDIR/batch.pgbench" >"$TMPDIR/small.pgbench"
measure_cpu 'batches of 64' small.pgbench 500 64
for shards in 0 1 2 4; do
    expect_documents "$shards"
done

echo 'New documents of 2 kB through the router'
script report.sql -v part=router -v base="$base" -v heading="x $base"
for database in $(for shards in 0 1 2 4; do databases "$shards"; done); do
    sql "DROP DATABASE $database"
done
