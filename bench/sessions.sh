# Measures sessions that ingest new documents of 2 kB, each in a transaction of its own.
#     make bench BENCH=sessions
#
# ingest_document() is given bytes, most of them constant, that the server makes up. The other
# variants but one are given the hash and no bytes. The limit writes the same rows and index entries
# as ingest_document() in one statement, but neither computes the hash nor looks it up. "The same with
# SHA-256 and a lookup" does both, and leaves out a document that is there.
set -euo pipefail

. bench/common.sh

script ledgers.sql

cat >"$TMPDIR/docs.pgbench" <<'END'
\set n random(1, 9000000000000000000)
SELECT * FROM docs.ingest_document('archive/' || :n::text,
    decode(repeat('ab', 2040), 'hex') || int8send(:n), 'text/plain', 'bench');
END
cat >"$TMPDIR/bare.pgbench" <<'END'
\set n random(1, 9000000000000000000)
INSERT INTO bare.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('archive/' || :n::text, 2048, md5(:n::text) || md5('-' || :n::text), 'text/plain', 'bench');
END
cat >"$TMPDIR/limit.pgbench" <<'END'
\set n random(1, 9000000000000000000)
WITH document AS (
    INSERT INTO bare.documents
        (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    VALUES ('archive/' || :n::text, 2048, md5(:n::text) || md5('-' || :n::text), 'text/plain',
            'bench')
    RETURNING id, file_hash
), entry AS (
    INSERT INTO bare.hash_index (file_hash, document_id) SELECT file_hash, id FROM document
)
INSERT INTO bare.audit_log (document_id, action, user_or_system, db_user, new_value)
SELECT id, 'ingested', session_user, session_user,
       format('{"file_name":"archive/%1$s","file_size_bytes":2048,"file_hash":"%2$s",'
              '"file_type":"text/plain","ingestion_source":"bench","ingestion_status":"success"}',
              :n::text, file_hash)::json
FROM document;
END
cat >"$TMPDIR/checked.pgbench" <<'END'
\set n random(1, 9000000000000000000)
WITH content AS MATERIALIZED (
    SELECT encode(sha256(decode(repeat('ab', 2040), 'hex') || int8send(:n)), 'hex') AS file_hash
), document AS (
    INSERT INTO bare.documents
        (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
    SELECT 'archive/' || :n::text, 2048, c.file_hash, 'text/plain', 'bench'
    FROM content AS c
    WHERE NOT EXISTS (SELECT FROM bare.hash_index AS h WHERE h.file_hash = c.file_hash)
    ON CONFLICT (file_hash) DO NOTHING
    RETURNING id, file_hash
), entry AS (
    INSERT INTO bare.hash_index (file_hash, document_id) SELECT file_hash, id FROM document
    ON CONFLICT (file_hash) DO NOTHING
)
INSERT INTO bare.audit_log (document_id, action, user_or_system, db_user, new_value)
SELECT id, 'ingested', session_user, session_user,
       format('{"file_name":"archive/%1$s","file_size_bytes":2048,"file_hash":"%2$s",'
              '"file_type":"text/plain","ingestion_source":"bench","ingestion_status":"success"}',
              :n::text, file_hash)::json
FROM document;
END
cat >"$TMPDIR/peer.pgbench" <<'END'
\set n random(1, 9000000000000000000)
BEGIN;
SELECT id, ingestion_status FROM peer.documents
WHERE file_hash = md5(:n::text) || md5('-' || :n::text);
INSERT INTO peer.documents
    (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('archive/' || :n::text, 2048, md5(:n::text) || md5('-' || :n::text), 'text/plain', 'bench')
RETURNING id \gset
INSERT INTO peer.hash_index (file_hash, document_id)
VALUES (md5(:n::text) || md5('-' || :n::text), :id::int);
INSERT INTO peer.audit_log (document_id, action, user_or_system, db_user, new_value)
VALUES (:id::int, 'ingested', session_user, session_user,
        format('{"file_name":"archive/%1$s","file_size_bytes":2048,"file_hash":"%2$s%2$s",'
               '"file_type":"text/plain","ingestion_source":"bench","ingestion_status":"success"}',
               :n::text, md5(:n::text))::json);
COMMIT;
END

declare -A variant=([bare]='INSERT into documents, no triggers' [docs]='ingest_document()'
    [limit]='limit: all rows, one statement' [checked]='the same with SHA-256 and a lookup'
    [peer]='four statements and COMMIT')
for ((round = 0; round <= BENCH_ROUNDS; round++)); do
    case $((round % 5)) in
        0) workloads='bare docs peer limit checked' ;;
        1) workloads='docs peer limit checked bare' ;;
        2) workloads='peer limit checked bare docs' ;;
        3) workloads='limit checked bare docs peer' ;;
        4) workloads='checked bare docs peer limit' ;;
    esac
    for clients in 1 2 4 8; do
        if ((clients > 1)); then s=s; else s=; fi
        for workload in $workloads; do
            ledger=${workload/limit/bare}
            ledger=${ledger/checked/bare}
            sql "$(sql "SELECT bench.empty('$ledger')")"
            count=$(sessions sessions "$clients client${s}" "${variant[$workload]}" "$clients" \
                "$round" "$clients" "$TMPDIR/$workload.pgbench")
            derived=$count
            if [ "$workload" = bare ]; then
                derived=0
            fi
            sql "SELECT bench.expect((SELECT count(*) FROM $ledger.documents) = $count
                 AND (SELECT count(*) FROM $ledger.hash_index) = $derived
                 AND (SELECT count(*) FROM $ledger.audit_log) = $derived, '$count rows')" >/dev/null
        done
    done
done

sql "INSERT INTO bench.target (part, workload, target, ours, other, at_most)
     VALUES ('sessions', '8 clients', 'the limit''s documents/s / ours',
             ARRAY['ingest_document()'], 'limit: all rows, one statement', 1.10)"
echo 'Sessions that ingest new documents, each in a transaction of its own'
script report.sql -v part=sessions -v base='INSERT into documents, no triggers' \
    -v heading='x INSERT'
script teardown.sql
