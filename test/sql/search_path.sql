-- The extension finds its own objects, whatever search_path is, and wherever it is installed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;

-- A schema full of traps: each of its functions, operators and types that is used in place of
-- PostgreSQL's own raises an error.
CREATE FUNCTION public.regress_docs_set_traps(schema text) RETURNS void LANGUAGE plpgsql AS $traps$
DECLARE
    types text[] := ARRAY['text', 'varchar', 'int4', 'int8', 'json', 'bytea', 'timestamp', 'bool',
                          'name', 'text[]', 'bytea[]', 'json[]', 'int8[]'];
    body text;
    l text;
    r text;
    operator text;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);
    body := 'LANGUAGE plpgsql AS $f$BEGIN RAISE EXCEPTION ''trapped by %s''; END$f$';
    EXECUTE format('CREATE FUNCTION %I.now() RETURNS timestamptz ' || body, schema, 'now()');
    EXECUTE format('CREATE FUNCTION %I.pg_extension_config_dump(regclass, text) RETURNS void ' ||
                   body, schema, 'pg_extension_config_dump()');
    FOREACH l IN ARRAY types LOOP
        EXECUTE format('CREATE FUNCTION %I.sha256(%s) RETURNS bytea ' || body,
                       schema, l, 'sha256()');
        EXECUTE format('CREATE FUNCTION %I.unnest(%s) RETURNS SETOF text ' || body,
                       schema, l, 'unnest()');
        EXECUTE format('CREATE FUNCTION %I.to_json(%s) RETURNS json ' || body,
                       schema, l, 'to_json()');
        EXECUTE format('CREATE FUNCTION %I.length(%s) RETURNS int ' || body,
                       schema, l, 'length()');
        EXECUTE format('CREATE FUNCTION %I.concat(%s, text, text) RETURNS text ' || body,
                       schema, l, 'concat()');
        EXECUTE format('CREATE FUNCTION %I.sum(%s) RETURNS numeric ' || body,
                       schema, l, 'sum()');
        EXECUTE format('CREATE FUNCTION %I.min(%s) RETURNS timestamp ' || body,
                       schema, l, 'min()');
        EXECUTE format('CREATE FUNCTION %I.nextval(%s) RETURNS int ' || body,
                       schema, l, 'nextval()');
        FOREACH r IN ARRAY types LOOP
            EXECUTE format('CREATE FUNCTION %I.operator(%s, %s) RETURNS bool ' || body,
                           schema, l, r, 'an operator');
            FOREACH operator IN ARRAY ARRAY['=', '<>', '<', '>', '+', '*', '||'] LOOP
                EXECUTE format('CREATE OPERATOR %I.%s
                                    (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.operator)',
                               schema, operator, l, r, schema);
            END LOOP;
        END LOOP;
    END LOOP;
    FOREACH l IN ARRAY ARRAY['text', 'varchar', 'int4', 'int8', 'json', 'bytea', 'timestamp',
                             'timestamptz', 'bool', 'record', 'trigger'] LOOP
        EXECUTE format('CREATE TYPE %I.%I AS (trapped int)', schema, l);
    END LOOP;
END
$traps$;
CREATE SCHEMA trap;
SELECT public.regress_docs_set_traps('trap');
CREATE TABLE trap.documents (LIKE docs.documents);
CREATE TABLE trap.hash_index (LIKE docs.hash_index);
CREATE TABLE trap.audit_log (LIKE docs.audit_log);
CREATE TABLE trap.error_log (LIKE docs.error_log);
CREATE FUNCTION trap.ingest_document(text, bytea, text) RETURNS int LANGUAGE sql AS 'SELECT -1';
CREATE TEMPORARY TABLE documents (LIKE docs.documents);
CREATE TEMPORARY TABLE hash_index (LIKE docs.hash_index);
CREATE TEMPORARY TABLE audit_log (LIKE docs.audit_log);

-- The traps work: without them, each of these would use PostgreSQL's own.
SET search_path = trap, pg_catalog, docs;
SELECT now();
SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text;
SELECT '1'::pg_catalog.int4 + '1'::pg_catalog.int4;
SELECT unnest('{a}'::pg_catalog.text[]);
SELECT ('(1)'::text).trapped;

-- With the traps in front, in the first calls of the session: no plan is cached yet.
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_document('a', 'a', 't', 's', 'text', '{"a": 1}');
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
\set hash 'ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789'
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_hashed_document('h', :'hash', 1, 't', ingestion_status => 'failed');
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_hashed_document('h', :'hash', 1, 't',
                                 ingestion_status => 'failed', error_message => 'again');
SELECT document_id, is_duplicate, duplicate_count
FROM docs.ingest_hashed_document('h', :'hash', 1, 't');
SELECT is_duplicate, duplicate_count
FROM docs.ingest_documents('{b,a,b}', '{b,a,b}', '{t,t,t}', '{s,s,s}', NULL, '{1,2,3}');
SELECT docs.record_document_event(1, 'tagged', NULL, '1');
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('i', 1, 'i', 't', 's');
INSERT INTO docs.document_inbox (file_name, content, file_type)
VALUES ('n', 'n', 't'), ('o', 'a', 't');
COPY docs.document_inbox (file_name, content, file_type) FROM stdin;
p	p	t
\.
SELECT docs.log_ingestion_error('p', 'e', 'm');
SELECT is_duplicate, error_id FROM docs.try_ingest_document('p', 'p', 't');
SELECT is_duplicate, error_id FROM docs.try_ingest_document('q', NULL, 't');
SELECT docs.resolve_ingestion_error(2, 'r');
SELECT is_duplicate FROM docs.ingest_file('PG_VERSION', 't');
SELECT pg_catalog.lo_from_bytea(20261126, 'l') AS large;
SELECT is_duplicate FROM docs.ingest_large_object(20261126, 'l', 't');
SELECT pg_catalog.lo_unlink(20261126);
SELECT file_name, retry_attempted, resolution_notes IS NOT NULL AS noted
FROM docs.error_log ORDER BY file_name USING OPERATOR(pg_catalog.<);
SELECT documents, duplicates, open_errors FROM docs.ingestion_stats;
SELECT documents, duplicates
FROM docs.ingestion_stats_by_source WHERE ingestion_source OPERATOR(pg_catalog.=) 's';
SELECT documents, duplicates FROM docs.ingestion_stats_by_type;
SELECT check_name FROM docs.doc_extractor_verify() WHERE NOT passed;
ALTER TABLE docs.documents ADD COLUMN day date DEFAULT '2001-01-01',
    ADD COLUMN list pg_catalog.text[];
UPDATE docs.documents
SET file_hash = pg_catalog.concat(file_hash, '.'), day = '2002-02-02', list = '{a,b}'
WHERE file_name OPERATOR(pg_catalog.=) 'i';
-- With an empty search_path, with the temporary schema alone, and with a schema that
-- does not exist.
SET search_path = '';
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('c', 'c', 't');
SET search_path = pg_temp;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('a', 'a', 't');
SET search_path = nowhere;
SELECT document_id, is_duplicate, duplicate_count FROM docs.ingest_document('d', 'd', 't');
RESET search_path;
SELECT d.file_name, h.file_hash = d.file_hash AS in_index, h.duplicate_count,
       string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM docs.documents d
    JOIN docs.hash_index h ON h.document_id = d.id
    JOIN docs.audit_log a ON a.document_id = d.id
GROUP BY d.id, h.id ORDER BY d.file_name;
SELECT (SELECT count(*) FROM trap.documents) + (SELECT count(*) FROM trap.hash_index)
     + (SELECT count(*) FROM trap.audit_log) + (SELECT count(*) FROM pg_temp.documents)
     + (SELECT count(*) FROM pg_temp.hash_index) + (SELECT count(*) FROM pg_temp.audit_log)
           AS trapped;
DROP TABLE pg_temp.documents, pg_temp.hash_index, pg_temp.audit_log;

-- Cached plans follow the schema when it is renamed, also when another schema gets its old name.
ALTER SCHEMA docs RENAME TO archive;
SELECT document_id, is_duplicate, duplicate_count FROM archive.ingest_document('a', 'a', 't');
ALTER SCHEMA trap RENAME TO docs;
SELECT document_id, is_duplicate, duplicate_count FROM archive.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate FROM archive.ingest_document('e', 'e', 't');
ALTER SCHEMA archive RENAME TO library;
ALTER SCHEMA docs RENAME TO archive;
SELECT document_id, is_duplicate, duplicate_count FROM library.ingest_document('a', 'a', 't');
ALTER SCHEMA archive RENAME TO trap;
ALTER SCHEMA library RENAME TO archive;
SELECT document_id, is_duplicate, duplicate_count FROM archive.ingest_document('a', 'a', 't');
UPDATE archive.documents SET file_hash = reverse(file_hash) WHERE file_name = 'e';
SELECT count(*)
FROM archive.hash_index h
    JOIN archive.documents d ON (d.id, d.file_hash) = (h.document_id, h.file_hash);
SELECT count(*) FROM trap.documents;

-- The extension is dropped, and created in another schema, within a session.
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
CREATE SCHEMA other;
CREATE EXTENSION doc_extractor SCHEMA other;
SELECT document_id, is_duplicate FROM other.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate FROM other.ingest_document('a', 'a', 't');
DROP EXTENSION doc_extractor;
DROP SCHEMA archive, other;

-- Traps in the extension's own schema, set before it is installed there, with a hostile
-- search_path.
CREATE SCHEMA trapped;
SELECT public.regress_docs_set_traps('trapped');
SET search_path = trap, trapped, pg_catalog;
CREATE EXTENSION doc_extractor SCHEMA trapped;
SELECT document_id, is_duplicate, duplicate_count
FROM trapped.ingest_document('a', 'a', 't', 's', 'text', '{"a": 1}');
SELECT document_id, is_duplicate, duplicate_count FROM trapped.ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count
FROM trapped.ingest_document('f', 'f', 't', ingestion_status => 'failed');
SELECT document_id, is_duplicate, duplicate_count FROM trapped.ingest_document('f', 'f', 't');
SELECT is_duplicate, duplicate_count FROM trapped.ingest_documents('{b,a,b}', '{b,a,b}', '{t,t,t}');
SELECT trapped.record_document_event(1, 'tagged');
INSERT INTO trapped.document_inbox (file_name, content, file_type)
VALUES ('n', 'n', 't'), ('o', 'a', 't');
COPY trapped.document_inbox (file_name, content, file_type) FROM stdin;
p	p	t
\.
SELECT trapped.log_ingestion_error('p', 'e', 'm');
SELECT is_duplicate, error_id FROM trapped.try_ingest_document('p', 'p', 't');
SELECT is_duplicate, error_id FROM trapped.try_ingest_document('q', NULL, 't');
SELECT trapped.resolve_ingestion_error(2, 'r');
SELECT file_name, retry_attempted, resolution_notes IS NOT NULL AS noted
FROM trapped.error_log ORDER BY file_name USING OPERATOR(pg_catalog.<);
SELECT documents, duplicates, open_errors FROM trapped.ingestion_stats;
SELECT documents, duplicates
FROM trapped.ingestion_stats_by_source WHERE ingestion_source OPERATOR(pg_catalog.=) 's';
SELECT documents, duplicates FROM trapped.ingestion_stats_by_type;
SELECT check_name FROM trapped.doc_extractor_verify() WHERE NOT passed;
UPDATE trapped.documents SET file_hash = pg_catalog.reverse(file_hash);
-- The update to 1.0 and back, with the same traps.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE;
SELECT documents, duplicates, open_errors FROM trapped.ingestion_stats;
SELECT is_duplicate, error_id FROM trapped.try_ingest_document('r', 'a', 't');
RESET search_path;
-- Every type is PostgreSQL's own, and so is every function in a default; ids come from
-- the extension's own sequences.
SELECT count(*)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'trapped'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
  AND t.typnamespace <> 'pg_catalog'::regnamespace;
SELECT pg_get_expr(d.adbin, d.adrelid) AS "default", count(*)
FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
WHERE c.relnamespace = 'trapped'::regnamespace
GROUP BY 1 ORDER BY pg_get_expr(d.adbin, d.adrelid) COLLATE "C";
SELECT array_length(extconfig, 1) FROM pg_extension WHERE extname = 'doc_extractor';
SELECT d.file_name, h.file_hash = d.file_hash AS in_index, h.duplicate_count,
       string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM trapped.documents d
    JOIN trapped.hash_index h ON h.document_id = d.id
    JOIN trapped.audit_log a ON a.document_id = d.id
GROUP BY d.id, h.id ORDER BY d.file_name;
DROP EXTENSION doc_extractor;
DROP SCHEMA trap, trapped CASCADE;
DROP FUNCTION public.regress_docs_set_traps;

-- Odd schema names: blanks, capitals, percent signs, dots, a reserved word, a long one.
CREATE SCHEMA "Do cs %s.documents";
CREATE EXTENSION doc_extractor SCHEMA "Do cs %s.documents";
SELECT document_id, is_duplicate, duplicate_count
FROM "Do cs %s.documents".ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count
FROM "Do cs %s.documents".ingest_document('a', 'a', 't');
SELECT is_duplicate, duplicate_count
FROM "Do cs %s.documents".ingest_documents('{b,a,b}', '{b,a,b}', '{t,t,t}');
UPDATE "Do cs %s.documents".documents SET file_hash = reverse(file_hash) WHERE file_name = 'b';
SELECT "Do cs %s.documents".record_document_event(1, 'tagged');
SELECT d.file_name, h.duplicate_count, string_agg(a.action, ' ' ORDER BY a.id) AS trail
FROM "Do cs %s.documents".documents d
    JOIN "Do cs %s.documents".hash_index h ON (h.document_id, h.file_hash) = (d.id, d.file_hash)
    JOIN "Do cs %s.documents".audit_log a ON a.document_id = d.id
GROUP BY d.id, h.id ORDER BY d.file_name;
-- Renamed to a schema that CREATE EXTENSION itself would refuse, it still works.
ALTER SCHEMA "Do cs %s.documents" RENAME TO "it's ""quoted"" \$1";
SELECT document_id, is_duplicate, duplicate_count
FROM "it's ""quoted"" \$1".ingest_document('a', 'a', 't');
SELECT document_id, is_duplicate, duplicate_count
FROM "it's ""quoted"" \$1".ingest_document('c', 'c', 't');
ALTER SCHEMA "it's ""quoted"" \$1" RENAME TO "select";
SELECT document_id, is_duplicate, duplicate_count FROM "select".ingest_document('a', 'a', 't');
SELECT repeat('é', 31) AS long \gset
ALTER SCHEMA "select" RENAME TO :"long";
SELECT document_id, is_duplicate, duplicate_count FROM :"long".ingest_document('a', 'a', 't');
DROP EXTENSION doc_extractor;
DROP SCHEMA :"long";
