# Functions that the bash scripts of the benchmark share.

export BENCH_ROUNDS=${BENCH_ROUNDS:-5} BENCH_SECONDS=${BENCH_SECONDS:-5}

# Runs a psql script of this folder:
#     script FILE [OPTION...]
script() {
    local file=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -v rounds="$BENCH_ROUNDS" -v files="$TMPDIR" \
        -v documents="${BENCH_DOCUMENTS:-100000}" \
        -v large_documents="${BENCH_LARGE_DOCUMENTS:-5000}" \
        -v locations="${BENCH_LOCATIONS:-500000}" -v vanished="${BENCH_VANISHED:-100000}" \
        -v sizes="${BENCH_SIZES:-500000 5000000}" "$@" -f "bench/$file"
}

# Runs a statement and prints what it returns.
sql() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"
}

# Runs pgbench for $BENCH_SECONDS and stores its figure; round 0 only warms up:
#     sessions PART WORKLOAD VARIANT NUMBER ROUND CLIENTS SCRIPT [DATABASE [DOCUMENTS]]
# NUMBER is the variant's position in the report, DOCUMENTS how many a transaction ingests (1). Prints the
# number of transactions.
sessions() {
    local part=$1 workload=$2 variant=$3 number=$4 round=$5 clients=$6 script=$7 database=${8:-$PGDATABASE} documents=${9:-1}
    local log=$TMPDIR/pgbench.log count tps seconds=$BENCH_SECONDS
    if [ "$round" = 0 ]; then
        seconds=1
    fi
    sql CHECKPOINT
    pgbench -n -M prepared -c "$clients" -j "$(nproc)" -T "$seconds" -f "$script" "$database" >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
    count=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$log")
    tps=$(sed -n 's/^tps = \([0-9.]*\) (without.*/\1/p' "$log")
    if [ "$round" -gt 0 ]; then
        sql "INSERT INTO bench.measure
             VALUES ('$part', '$workload', '$variant', $number, $round,
                     $count * $documents, $count / $tps)"
    fi
    echo "$count"
}
