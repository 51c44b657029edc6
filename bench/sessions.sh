# Sessions that ingest new contents of 2 kB, a transaction each.
#     make bench BENCH=sessions
#
# The other two are given the hash, and no content; in ours the server makes the content up.
set -euo pipefail

. bench/common.sh

script ledgers.sql

cat >"$TMPDIR/docs.pgbench" <<'END'
\set n random(1, 9000000000000000000)
SELECT * FROM docs.ingest_document('archive/' || :n::text, decode(repeat(md5(:n::text), 128), 'hex'), 'text/plain', 'bench');
END
cat >"$TMPDIR/bare.pgbench" <<'END'
\set n random(1, 9000000000000000000)
INSERT INTO bare.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source) VALUES ('archive/' || :n::text, 2048, md5(:n::text) || md5('-' || :n::text), 'text/plain', 'bench');
END
cat >"$TMPDIR/peer.pgbench" <<'END'
\set n random(1, 9000000000000000000)
BEGIN;
SELECT id, ingestion_status FROM peer.documents WHERE file_hash = md5(:n::text) || md5('-' || :n::text);
INSERT INTO peer.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source) VALUES ('archive/' || :n::text, 2048, md5(:n::text) || md5('-' || :n::text), 'text/plain', 'bench') RETURNING id \gset
INSERT INTO peer.hash_index (file_hash, document_id) VALUES (md5(:n::text) || md5('-' || :n::text), :id::int);
INSERT INTO peer.audit_log (document_id, action, user_or_system, db_user, new_value) VALUES (:id::int, 'ingested', session_user, session_user, format('{"file_name":"archive/%1$s","file_size_bytes":2048,"file_hash":"%2$s%2$s","file_type":"text/plain","ingestion_source":"bench","ingestion_status":"success"}', :n::text, md5(:n::text))::json);
COMMIT;
END

declare -A variant=([bare]='INSERT into documents, no triggers' [docs]='ingest_document()'
    [peer]='four statements and COMMIT')
for ((round = 0; round <= BENCH_ROUNDS; round++)); do
    case $((round % 3)) in
        0) ledgers='bare docs peer' ;;
        1) ledgers='docs peer bare' ;;
        2) ledgers='peer bare docs' ;;
    esac
    number=0
    for clients in 1 2 4 8; do
        if ((clients > 1)); then s=s; else s=; fi
        for ledger in $ledgers; do
            sql "$(sql "SELECT bench.empty('$ledger')")"
            count=$(sessions sessions "$clients client${s}" "${variant[$ledger]}" "$clients" "$round" "$clients" "$TMPDIR/$ledger.pgbench")
            derived=$count
            if [ "$ledger" = bare ]; then
                derived=0
            fi
            sql "SELECT bench.expect((SELECT count(*) FROM $ledger.documents) = $count
                 AND (SELECT count(*) FROM $ledger.hash_index) = $derived
                 AND (SELECT count(*) FROM $ledger.audit_log) = $derived, '$count rows')" >/dev/null
        done
    done
done

sql "INSERT INTO bench.target (part, workload, target, ours, other, at_most)
     VALUES ('sessions', '8 clients', 'INSERT''s documents/s / ours',
             ARRAY['ingest_document()'], 'INSERT into documents, no triggers', 1.25)"
echo 'Sessions that ingest new documents, a transaction each.'
script report.sql -v part=sessions -v base='INSERT into documents, no triggers' -v heading='x INSERT'
script teardown.sql
