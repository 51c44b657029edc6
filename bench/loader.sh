# Measures the loader, beside what a user would run instead: files hashed, texts extracted, a folder
# in which nothing has changed, PDF files; and its memory.
#     make bench BENCH=loader BENCH_FILES=100000
set -euo pipefail

. bench/common.sh
. bench/loader_files.sh

gcc -O2 -o "$TMPDIR/run" bench/run.c
cd "$TMPDIR"
base='what a user would run'

# Runs a command, keeps its figures in $seconds and $memory, and stores the time unless the round only
# warms up:
#     measure WORKLOAD VARIANT NUMBER ROUND FILES COMMAND...
measure() {
    local workload=$1 variant=$2 number=$3 round=$4 files=$5 figures
    shift 5
    sql CHECKPOINT
    figures=$(./run "$@") || {
        echo "failed: $*" >&2
        return 1
    }
    read -r seconds memory <<<"$figures"
    store loader "$workload" "$variant" "$number" "$round" "$files" "$seconds"
}

# Stores a figure: PART WORKLOAD VARIANT NUMBER ROUND FILES SECONDS.
store() {
    [ "$5" -eq 0 ] || sql "INSERT INTO bench.measure VALUES ('$1', '$2', '$3', $4, $5, $6, $7)"
}

# Makes an empty ledger, in a database of its own.
new_ledger() {
    PGOPTIONS='-c client_min_messages=warning' sql 'DROP DATABASE IF EXISTS archive'
    sql 'CREATE DATABASE archive'
    PGDATABASE=archive sql 'CREATE EXTENSION doc_extractor'
}

# Fails unless the ledger has so many current locations.
expect_locations() {
    local locations
    locations=$(PGDATABASE=archive sql 'SELECT count(*) FROM current_locations')
    [ "$locations" -eq "$1" ] || {
        echo "the ledger has $locations locations, not $1" >&2
        return 1
    }
}

# Copies the rows of the ledger, in two sessions, into tables with the same indexes, no triggers and
# no constraints but NOT NULL. Sets $seconds:
#     copy_rows FILES
copy_rows() {
    local files=$1 table half
    for half in 0 1; do
        {
            # The loader has the server compress texts like this, if it can.
            echo "SELECT set_config(name, 'lz4', false) FROM pg_settings
                  WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals);"
            for table in documents hash_index audit_log document_locations; do
                sql "COPY (SELECT * FROM $table WHERE id % 2 = $half ORDER BY id)
                     TO '$PWD/$table.$half' (FORMAT binary)" >&2
                echo "COPY bare.$table FROM '$PWD/$table.$half' (FORMAT binary);"
            done
        } >"copy.$half"
    done
    sql 'CREATE SCHEMA bare;
         CREATE TABLE bare.documents (LIKE documents INCLUDING INDEXES);
         CREATE TABLE bare.hash_index (LIKE hash_index INCLUDING INDEXES);
         CREATE TABLE bare.audit_log (LIKE audit_log INCLUDING INDEXES);
         CREATE TABLE bare.document_locations (LIKE document_locations INCLUDING INDEXES)'
    measure '' '' 0 0 "$files" bash -c \
        'echo 0 1 | xargs -n 1 | xargs -P2 -I{} psql -X -q -1 -v ON_ERROR_STOP=1 -f copy.{}'
    rm {documents,hash_index,audit_log,document_locations}.[01] copy.[01]
}

load=(doc_extractor load -d archive --source bench -j 2)

# Measures the load of a folder into an empty ledger, and a command in turns with it. The limit is the
# command, and then COPY of the rows that the load has stored:
#     compare WORKLOAD FOLDER OPTION COMMAND
# OPTION is one of the loader's, or empty.
compare() {
    local workload=$1 folder=$2 option=$3 command=$4 number=$((++workloads * 10)) files round turn
    local others
    files=$(count_files "$folder")
    for ((round = 0; round <= BENCH_ROUNDS; round++)); do
        for turn in $((round % 2)) $((1 - round % 2)); do
            if [ "$turn" = 0 ]; then
                measure "$workload" "$base" $number "$round" "$files" bash -c "$command"
                others=$seconds
            else
                new_ledger
                measure "$workload" doc_extractor $((number + 1)) "$round" "$files" \
                    "${load[@]}" $option "$folder"
                expect_locations "$files"
            fi
        done
        PGDATABASE=archive copy_rows "$files"
        store loader "$workload" 'limit: the same, and COPY of the rows' $((number + 2)) \
            "$round" "$files" "$others + $seconds"
    done
}

# Sets the query with which the loader fetches the locations, as the server logs it.
find_transfer() {
    PGOPTIONS='-c log_statement=all' "${load[@]}" unchanged >unchanged.log
    transfer=$(sed -n 's/.* statement: \(COPY (SELECT .* (FORMAT binary)\)$/\1/p' \
        "$PGDATA/server.log" | tail -n 1)
    [ -n "$transfer" ]
}

# Measures the rescan of many files that have not changed, and apart from it the transfer of the
# locations that the ledger knows.
measure_rescan() {
    local files=$BENCH_FILES number=$((++workloads * 10)) round root=$PWD/unchanged transfer
    local workload='unchanged files, to find -printf'
    new_ledger
    measure '' '' 0 0 "$files" "${load[@]}" unchanged
    first_memory=$memory
    expect_locations "$files"
    PGDATABASE=archive sql 'VACUUM ANALYZE'
    find_transfer
    for ((round = 0; round <= BENCH_ROUNDS; round++)); do
        measure "$workload" "$base" $number "$round" "$files" \
            find unchanged -printf '%s %T@ %i\n'
        measure "$workload" doc_extractor $((number + 1)) "$round" "$files" "${load[@]}" unchanged
        rescan=$seconds
        PGOPTIONS="-c doc_extractor_load.source=bench -c doc_extractor_load.root=$root
            -c doc_extractor_load.below=$root/ -c doc_extractor_load.encoded=file://$root/" \
            measure "$workload" 'of this: the locations' $((number + 2)) "$round" "$files" \
            psql -X -q -d archive -c "$transfer"
        store loader "$workload" 'doc_extractor, without these' $((number + 3)) "$round" "$files" \
            "$rescan - $seconds"
    done
    measure '' '' 0 0 "$files" "${load[@]}" unchanged
    second_memory=$memory
}

# Measures the memory for each file, beside a load of a folder with few files.
measure_memory() {
    local run bytes
    new_ledger
    measure '' '' 0 0 "$few" "${load[@]}" few
    for run in "first $first_memory" "second $second_memory"; do
        bytes=${run#* }
        printf 'Memory of a %s run of %s files: %s bytes, of a run of %s: %s\n' "${run% *}" \
            "$BENCH_FILES" "$bytes" "$few" "$memory"
        store 'loader' memory "bytes for a file, ${run% *} run" 100 1 $((BENCH_FILES - few)) \
            "($bytes - $memory) / 1e6"
    done
}

make_files
workloads=0
echo "$(count_files small) small files, $(count_files texts) of them plain texts," \
    "$BENCH_FILES unchanged files, $BENCH_PDFS PDF files"
hash='find %s -type f -print0 | xargs -0 -P2 sha256sum'
compare 'small files, to sha256sum' small --no-extract "${hash/\%s/small}"
compare 'plain texts, to sha256sum' texts '' "${hash/\%s/texts}"
compare 'PDF files, to pdftotext' pdf '' 'find pdf -type f -print0 | xargs -0 -P2 -I{} pdftotext {} -'
measure_rescan
measure_memory
cd "$OLDPWD"

sql "INSERT INTO bench.target (part, workload, target, ours, other, at_most)
     VALUES ('loader', 'small files, to sha256sum', 'doc_extractor --no-extract / sha256sum',
             '{doc_extractor}', '$base', 2.0),
            ('loader', 'plain texts, to sha256sum', 'doc_extractor / sha256sum',
             '{doc_extractor}', '$base', 3.0),
            ('loader', 'PDF files, to pdftotext', 'doc_extractor / pdftotext',
             '{doc_extractor}', '$base', 1.25),
            ('loader', 'unchanged files, to find -printf',
             'doc_extractor, without the locations / find',
             '{\"doc_extractor, without these\"}', '$base', 1.7),
            ('loader', 'memory', 'bytes for a file of the source, first run',
             '{\"bytes for a file, first run\"}', NULL, 300),
            ('loader', 'memory', 'bytes for a file of the source, second run',
             '{\"bytes for a file, second run\"}', NULL, 300)"
echo 'The loader; of memory, bytes for a file'
script report.sql -v part=loader -v base="$base" -v heading='x what a user would run'
sql 'DROP DATABASE archive'
rm -rf "${TMPDIR:?}"/{small,texts,pdf,unchanged,few}
