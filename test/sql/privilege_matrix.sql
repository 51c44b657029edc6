-- Every role with every function, table, view, sequence and setting: ok, or the
-- SQLSTATE. Objects that the matrix lacks are listed.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_docs_owner;
CREATE ROLE regress_docs_functions;
CREATE ROLE regress_docs_tables;
CREATE ROLE regress_docs_inbox;
CREATE ROLE regress_docs_nobody;
CREATE SCHEMA docs AUTHORIZATION regress_docs_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_docs_owner', current_database())
    AS "grant" \gset
:grant;
SET ROLE regress_docs_owner;
CREATE EXTENSION doc_extractor SCHEMA docs;
GRANT USAGE ON SCHEMA docs
    TO regress_docs_functions, regress_docs_tables, regress_docs_inbox, regress_docs_nobody;
-- Each role has everything of one kind, even the trigger functions: more than anybody would grant.
GRANT ALL ON docs.documents, docs.hash_index, docs.audit_log, docs.error_log,
    docs.document_locations, docs.scans TO regress_docs_tables;
GRANT ALL ON ALL SEQUENCES IN SCHEMA docs TO regress_docs_tables;
GRANT INSERT ON docs.document_inbox TO regress_docs_inbox;
SELECT document_id, is_duplicate FROM docs.ingest_document('a', 'a', 't');
SELECT docs.log_ingestion_error('b', 'e', 'm');
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA docs TO regress_docs_functions;
SELECT lo_from_bytea(20261125, 'large');
GRANT SELECT ON LARGE OBJECT 20261125 TO PUBLIC;

CREATE TABLE matrix (number int GENERATED ALWAYS AS IDENTITY, kind text, object text, what text,
                     statement text);
INSERT INTO matrix (kind, object, what, statement) VALUES
    ('function', 'ingest_document', 'new', $$SELECT docs.ingest_document('c', 'c', 't')$$),
    ('function', 'ingest_document', 'duplicate', $$SELECT docs.ingest_document('a', 'a', 't')$$),
    ('function', 'ingest_hashed_document', 'new',
     $$SELECT docs.ingest_hashed_document('c', repeat('c', 64), 1, 't')$$),
    ('function', 'ingest_documents', 'new',
     $$SELECT docs.ingest_documents('{c,d}', '{c,d}', '{t,t}')$$),
    ('function', 'ingest_file', 'new', $$SELECT docs.ingest_file('PG_VERSION', 't')$$),
    ('function', 'ingest_large_object', 'new',
     $$SELECT docs.ingest_large_object(20261125, 'c', 't')$$),
    ('function', 'try_ingest_document', 'new', $$SELECT docs.try_ingest_document('c', 'c', 't')$$),
    ('function', 'try_ingest_document', 'bad', $$SELECT docs.try_ingest_document('c', NULL, 't')$$),
    ('function', 'ingest_hashed_documents', 'new',
     $$SELECT docs.ingest_hashed_documents('{c}', ARRAY[repeat('c', 64)], '{1}', '{t}',
        locations => '{/c}')$$),
    ('function', 'record_extraction', 'new',
     $$SELECT docs.record_extraction(1, 'text', NULL, 'extractor')$$),
    ('function', 'finish_scan', 'new', $$SELECT docs.finish_scan('manual', '/', now(), 1, 1, 0, 0)$$),
    ('function', 'log_failed_document', 'new',
     $$SELECT docs.log_failed_document('c', 'e', 'm', 'manual', '/c')$$),
    ('function', 'log_ingestion_error', 'new', $$SELECT docs.log_ingestion_error('c', 'e', 'm')$$),
    ('function', 'resolve_ingestion_error', 'there',
     $$SELECT docs.resolve_ingestion_error(1, 'done')$$),
    ('function', 'record_document_event', 'there',
     $$SELECT docs.record_document_event(1, 'tagged')$$),
    ('function', 'doc_extractor_widen_preview', 'all', 'SELECT docs.doc_extractor_widen_preview()'),
    ('function', 'doc_extractor_widen', 'nothing', 'SELECT docs.doc_extractor_widen()'),
    ('function', 'doc_extractor_verify', 'all', $$SELECT docs.doc_extractor_verify()$$);
INSERT INTO matrix (kind, object, what, statement)
SELECT 'function', name, 'by hand', format('SELECT docs.%I()', name) FROM unnest(ARRAY[
    'documents_before_update', 'documents_after_insert', 'documents_after_update',
    'documents_after_delete', 'documents_refuse_truncate',
    'audit_log_check_actions', 'audit_log_refuse_change',
    'document_inbox_before_insert', 'document_inbox_insert', 'document_inbox_after_insert',
    'doc_extractor_ddl_start', 'doc_extractor_ddl_end']) name;
INSERT INTO matrix (kind, object, what, statement)
SELECT 'table', name, what, format(command, 'docs.' || name, set_clause, columns, row_of)
FROM (VALUES
    ('documents', 'file_type = file_type',
     'file_name, file_size_bytes, file_hash, file_type, ingestion_source',
     $$'w', 1, 'w', 't', 's'$$),
    ('hash_index', 'duplicate_count = 2', 'file_hash, document_id', $$'w', 1$$),
    ('audit_log', 'change_reason = NULL', 'document_id, action', $$1, 'tagged'$$),
    ('error_log', 'retry_attempted = true', 'file_name, error_type, error_message',
     $$'w', 'e', 'm'$$),
    ('document_locations', 'seen_at = seen_at',
     'ingestion_source, location, location_key, document_id', $$'s', 'l', 'l', 1$$),
    ('scans', 'failed = 0', 'ingestion_source, root, started_at, finished_at, seen, added',
     $$'s', '/', now(), now(), 0, 0$$)
) tables (name, set_clause, columns, row_of), (VALUES
    (1, 'SELECT', 'SELECT count(*) FROM %1$s'),
    (2, 'INSERT', 'INSERT INTO %1$s (%3$s) VALUES (%4$s)'),
    (3, 'UPDATE', 'UPDATE %1$s SET %2$s'),
    (4, 'DELETE', 'DELETE FROM %1$s'),
    (5, 'TRUNCATE', 'TRUNCATE %1$s'),
    (6, 'disable', 'ALTER TABLE %1$s DISABLE TRIGGER USER')
) commands (position, what, command) ORDER BY name, position;
INSERT INTO matrix (kind, object, what, statement) VALUES
    ('view', 'document_inbox', 'SELECT', 'SELECT count(*) FROM docs.document_inbox'),
    ('view', 'document_inbox', 'INSERT',
     $$INSERT INTO docs.document_inbox (file_name, content, file_type)
       VALUES ('c', 'c', 't'), ('a', 'a', 't')$$),
    ('view', 'document_inbox', 'RETURNING',
     $$INSERT INTO docs.document_inbox (file_name, content, file_type)
       VALUES ('c', 'c', 't') RETURNING file_name$$),
    ('view', 'document_inbox', 'UPDATE', 'UPDATE docs.document_inbox SET file_name = NULL'),
    ('view', 'document_inbox', 'DELETE', 'DELETE FROM docs.document_inbox');
INSERT INTO matrix (kind, object, what, statement)
SELECT 'view', name, what, format(command, 'docs.' || name, column_name)
FROM (VALUES ('ingestion_stats', 'documents'), ('ingestion_stats_by_source', 'documents'),
             ('ingestion_stats_by_type', 'documents'), ('current_locations', 'location'),
             ('location_history', 'location'), ('documents_with_locations', 'file_name'))
        views (name, column_name),
    (VALUES (1, 'SELECT', 'SELECT count(*) FROM %s'),
            (2, 'INSERT', 'INSERT INTO %s (%s) VALUES (NULL)'),
            (3, 'UPDATE', 'UPDATE %s SET %s = NULL'),
            (4, 'DELETE', 'DELETE FROM %s')) commands (position, what, command)
ORDER BY name, position;
INSERT INTO matrix (kind, object, what, statement)
SELECT 'sequence', name, what, format(command, 'docs.' || name)
FROM unnest(ARRAY['documents_id_seq', 'hash_index_id_seq', 'audit_log_id_seq', 'error_log_id_seq',
        'document_locations_id_seq', 'scans_id_seq']) name,
    (VALUES (1, 'nextval', 'SELECT nextval(%L)'),
            (2, 'read', 'SELECT last_value FROM %s'),
            (3, 'setval', 'SELECT setval(%L, 10)')) commands (position, what, command)
ORDER BY name, position;
INSERT INTO matrix (kind, object, what, statement) VALUES
    ('setting', 'doc_extractor.application_user', 'SET',
     $$SET LOCAL doc_extractor.application_user = 'u'$$),
    ('setting', 'doc_extractor.user', 'SET', $$SET LOCAL doc_extractor."user" = 'u'$$),
    ('setting', 'doc_extractor.reason', 'SET', $$SET LOCAL doc_extractor.reason = 'r'$$),
    ('setting', 'doc_extractor.audit_value_limit', 'SET',
     'SET LOCAL doc_extractor.audit_value_limit = 0'),
    ('setting', 'doc_extractor.on_bad_document', 'SET',
     'SET LOCAL doc_extractor.on_bad_document = log'),
    ('setting', 'doc_extractor.restoring', 'SET', 'SET LOCAL doc_extractor.restoring = on'),
    ('setting', 'doc_extractor.allow_data_loss', 'SET',
     'SET LOCAL doc_extractor.allow_data_loss = on'),
    ('event trigger', 'doc_extractor_ddl_start', 'disable',
     'ALTER EVENT TRIGGER doc_extractor_ddl_start DISABLE'),
    ('event trigger', 'doc_extractor_rewrite', 'disable',
     'ALTER EVENT TRIGGER doc_extractor_rewrite DISABLE'),
    ('event trigger', 'doc_extractor_ddl_end', 'drop', 'DROP EVENT TRIGGER doc_extractor_ddl_end'),
    ('extension', 'doc_extractor', 'move', 'ALTER EXTENSION doc_extractor SET SCHEMA public'),
    ('extension', 'doc_extractor', 'to 1.0', $$ALTER EXTENSION doc_extractor UPDATE TO '1.0'$$),
    ('extension', 'doc_extractor', 'drop', 'DROP EXTENSION doc_extractor'),
    ('extension', 'doc_extractor', 'drop anyway',
     'SET LOCAL doc_extractor.allow_data_loss = on; DROP EXTENSION doc_extractor'),
    ('extension', 'doc_extractor', 'drop schema',
     'SET LOCAL doc_extractor.allow_data_loss = on; DROP SCHEMA docs CASCADE');

-- Lists objects that are in the catalogs and not in the matrix: there is none. Since
-- PostgreSQL 18 the extension's members include row types, which do not count.
SELECT pg_describe_object(d.classid, d.objid, 0) AS missing
FROM pg_depend d
    JOIN pg_extension x
        ON x.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    LEFT JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
    LEFT JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass
    LEFT JOIN pg_event_trigger e ON e.oid = d.objid AND d.classid = 'pg_event_trigger'::regclass
WHERE x.extname = 'doc_extractor' AND d.classid <> 'pg_type'::regclass
  AND NOT EXISTS (
    SELECT FROM matrix m WHERE (m.kind, m.object) IN (
        ('function', p.proname),
        (CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' END,
         c.relname),
        ('event trigger', e.evtname)))
UNION ALL
SELECT name FROM pg_settings
WHERE name LIKE 'doc_extractor.%' AND name NOT IN (SELECT object FROM matrix WHERE kind = 'setting')
ORDER BY 1;

-- Executes a statement as a role, and rolls it back.
CREATE FUNCTION outcome(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement;
    RAISE EXCEPTION USING errcode = 'DX000';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'DX000' THEN 'ok' ELSE SQLSTATE END;
END
$$;
SELECT object, what,
    outcome(current_user, statement) AS superuser,
    outcome('regress_docs_owner', statement) AS owner,
    outcome('regress_docs_functions', statement) AS functions,
    outcome('regress_docs_tables', statement) AS tables,
    outcome('regress_docs_inbox', statement) AS inbox,
    outcome('regress_docs_nobody', statement) AS nobody
FROM matrix ORDER BY number;
-- None of these statements has changed anything.
SELECT (SELECT count(*) FROM docs.documents) AS documents,
    (SELECT count(*) FROM docs.audit_log) AS audit_log,
    (SELECT count(*) FROM docs.error_log) AS error_log,
    (SELECT sum(duplicate_count) FROM docs.hash_index) AS duplicates;

DROP FUNCTION outcome;
DROP TABLE matrix;
SELECT lo_unlink(20261125);
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
SELECT format('REVOKE CREATE ON DATABASE %I FROM regress_docs_owner', current_database())
    AS "revoke" \gset
:revoke;
DROP ROLE regress_docs_owner, regress_docs_functions, regress_docs_tables, regress_docs_inbox,
    regress_docs_nobody;
