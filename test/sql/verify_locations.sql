-- doc_extractor_verify() on a ledger of 1.2: every change of what 1.2 creates fails its own check, and
-- no other; what users may add fails none. A ledger of 1.1 is not asked about it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT count(*) FROM docs.doc_extractor_verify() WHERE check_name ~ 'location' OR NOT passed;
-- There, what has the name of an object of 1.2 is a user's: only columns of our tables are listed.
CREATE UNLOGGED TABLE docs.scans (id int, ours text);
CREATE TABLE docs.document_locations () INHERITS (docs.scans);
CREATE VIEW docs.current_locations AS SELECT ours FROM docs.scans;
CREATE RULE mine AS ON DELETE TO docs.scans DO INSTEAD NOTHING;
CREATE INDEX ix_scans_ingestion_source ON docs.scans (ours);
GRANT ALL ON docs.scans, docs.current_locations TO PUBLIC;
CREATE FUNCTION docs.finish_scan() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER TABLE docs.documents ADD COLUMN extractor varchar(255);
ALTER TABLE docs.error_log ADD COLUMN location text;
CREATE INDEX ix_error_log_location ON docs.error_log USING hash (location)
    WHERE NOT retry_attempted;
SELECT check_name, detail FROM docs.doc_extractor_verify()
WHERE NOT passed OR check_name LIKE 'not in dumps: %';
DROP VIEW docs.current_locations;
DROP TABLE docs.scans CASCADE;
DROP FUNCTION docs.finish_scan();
ALTER TABLE docs.documents DROP COLUMN extractor;
ALTER TABLE docs.error_log DROP COLUMN location;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT check_name, passed, detail FROM docs.doc_extractor_verify()
WHERE check_name ~ 'location' OR NOT passed;
SELECT detail FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
SELECT document_id FROM docs.ingest_document('a', 'a', 't', location => '/a');
SELECT document_id FROM docs.ingest_document('b', 'b', 't', location => '/a');
SELECT document_id FROM docs.ingest_document('c', 'c', 't', location => '/c');
DELETE FROM docs.documents WHERE id = 3;
INSERT INTO docs.document_locations (ingestion_source, location, location_key)
VALUES ('manual', '/c', sha256('/c'));
CREATE ROLE regress_docs_other SUPERUSER;
-- Damages the ledger, and returns the checks that fail; the damage is rolled back.
CREATE FUNCTION broken_by(damage text)
RETURNS TABLE (check_name text, detail text) LANGUAGE plpgsql AS $$
DECLARE
    failed json;
BEGIN
    BEGIN
        PERFORM set_config('doc_extractor.allow_data_loss', 'on', true);
        EXECUTE damage;
        RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = coalesce((
            SELECT json_agg(v) FROM docs.doc_extractor_verify() v WHERE NOT v.passed), '[]');
    EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
        failed := SQLERRM;
    END;
    RETURN QUERY SELECT v ->> 'check_name', v ->> 'detail' FROM json_array_elements(failed) v;
END
$$;
SELECT * FROM broken_by('');

-- tables: unlogged, another role's, or not there.
SELECT * FROM broken_by('ALTER TABLE docs.document_locations SET UNLOGGED');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations OWNER TO regress_docs_other');
SELECT check_name, left(detail, 12) AS detail FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.document_locations;
     ALTER TABLE docs.document_locations RENAME TO elsewhere');

SELECT * FROM broken_by('ALTER TABLE docs.scans SET UNLOGGED');
SELECT * FROM broken_by('ALTER TABLE docs.scans OWNER TO regress_docs_other');

-- extension, inheritance, rules, public rights: as for the other tables.
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP TABLE docs.document_locations');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP SEQUENCE docs.document_locations_id_seq');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP VIEW docs.current_locations');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP TABLE docs.scans');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP SEQUENCE docs.scans_id_seq');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP FUNCTION docs.record_extraction');
SELECT * FROM broken_by('UPDATE pg_extension SET extconfig = extconfig[1:array_length(extconfig, 1) - 2],
    extcondition = extcondition[1:array_length(extcondition, 1) - 2]
    WHERE extname = ''doc_extractor''');
SELECT * FROM broken_by('CREATE TABLE docs.child () INHERITS (docs.document_locations)');
SELECT * FROM broken_by('CREATE TABLE docs.child () INHERITS (docs.scans)');
SELECT * FROM broken_by(
    'CREATE RULE mine AS ON DELETE TO docs.document_locations DO INSTEAD NOTHING');
SELECT * FROM broken_by('GRANT SELECT ON docs.document_locations TO PUBLIC');
SELECT * FROM broken_by('GRANT SELECT (location) ON docs.location_history TO PUBLIC');
SELECT * FROM broken_by('GRANT USAGE ON SEQUENCE docs.document_locations_id_seq TO PUBLIC');
SELECT * FROM broken_by('CREATE RULE mine AS ON DELETE TO docs.scans DO INSTEAD NOTHING');
SELECT * FROM broken_by('GRANT SELECT ON docs.scans, docs.scans_id_seq TO PUBLIC');
SELECT * FROM broken_by('GRANT EXECUTE ON FUNCTION docs.finish_scan, docs.log_failed_document,
    docs.ingest_hashed_documents TO PUBLIC');

-- functions: settings, another owner, and one that is missing.
SELECT * FROM broken_by('ALTER FUNCTION docs.finish_scan SET search_path = docs');
SELECT * FROM broken_by('ALTER FUNCTION docs.ingest_hashed_documents OWNER TO regress_docs_other');
SELECT * FROM broken_by('ALTER FUNCTION docs.log_failed_document RENAME TO log_failure');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP FUNCTION docs.record_extraction;
    DROP FUNCTION docs.record_extraction');

-- columns: NOT NULL, default, length, and one that is missing.
SELECT * FROM broken_by('ALTER TABLE docs.document_locations ALTER COLUMN seen_at DROP DEFAULT,
    ALTER COLUMN ingestion_source DROP NOT NULL');
SELECT * FROM broken_by('UPDATE pg_attribute SET atttypmod = 104
    WHERE attrelid = ''docs.document_locations''::regclass AND attname = ''ingestion_source''');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations RENAME COLUMN modified_at TO changed');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations ADD COLUMN host text');

SELECT * FROM broken_by('ALTER TABLE docs.scans ALTER COLUMN finished_at DROP DEFAULT,
    ALTER COLUMN root DROP NOT NULL');
SELECT * FROM broken_by('ALTER TABLE docs.documents DROP COLUMN extracted_at,
    ALTER COLUMN extractor SET DEFAULT ''none''');
SELECT * FROM broken_by('ALTER TABLE docs.error_log ALTER COLUMN ingestion_source SET NOT NULL');
SELECT * FROM broken_by('ALTER TABLE docs.error_log DROP COLUMN location');

-- indexes, constraints.
SELECT * FROM broken_by('DROP INDEX docs.ix_error_log_file_hash, docs.ix_error_log_unidentified,
    docs.ix_scans_ingestion_source');
SELECT * FROM broken_by('DROP INDEX docs.ix_error_log_location;
    CREATE INDEX ix_error_log_location ON docs.error_log (location) WHERE NOT retry_attempted');
SELECT * FROM broken_by('ALTER TABLE docs.scans DROP CONSTRAINT scans_pkey');
SELECT * FROM broken_by('DROP INDEX docs.ix_document_locations_current');
SELECT * FROM broken_by('UPDATE pg_index SET indisvalid = false
    WHERE indexrelid = ''docs.ix_document_locations_document_id''::regclass');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations DROP CONSTRAINT document_locations_pkey');
SELECT * FROM broken_by('CREATE INDEX ON docs.document_locations (location)');

-- views, location views: another definition, another owner, an option.
SELECT * FROM broken_by('CREATE OR REPLACE VIEW docs.location_history AS
    SELECT id, ingestion_source, location, document_id, modified_at, fingerprint, size_bytes,
        seen_at, seen_at AS replaced_at FROM docs.document_locations');
SELECT * FROM broken_by('ALTER VIEW docs.documents_with_locations OWNER TO regress_docs_other');
SELECT * FROM broken_by('ALTER VIEW docs.current_locations SET (security_barrier)');
SELECT * FROM broken_by('ALTER VIEW docs.ingestion_stats RENAME COLUMN locations TO places');
SELECT * FROM broken_by('ALTER VIEW docs.document_inbox RENAME COLUMN location TO place');

-- The data.
SELECT * FROM broken_by('UPDATE docs.document_locations SET location = ''/b'' WHERE id = 1');
SELECT * FROM broken_by('UPDATE docs.document_locations SET document_id = 0 WHERE id = 1');
SELECT * FROM broken_by('UPDATE docs.document_locations SET size_bytes = -1 WHERE id = 2');
SELECT * FROM broken_by('UPDATE docs.document_locations SET document_id = 77 WHERE id = 2');
-- Whoever empties a ledger empties all tables.
SELECT * FROM broken_by(
    'TRUNCATE docs.documents, docs.hash_index, docs.audit_log, docs.error_log RESTART IDENTITY');
SELECT * FROM broken_by(
    'TRUNCATE docs.documents, docs.hash_index, docs.audit_log, docs.error_log,
         docs.document_locations RESTART IDENTITY');

-- location sequences; what setval() does is not rolled back.
SELECT * FROM broken_by('ALTER SEQUENCE docs.document_locations_id_seq INCREMENT -1');
SELECT * FROM broken_by('ALTER SEQUENCE docs.document_locations_id_seq CACHE 2');
SELECT * FROM broken_by('SELECT setval(''docs.document_locations_id_seq'', 4, false)');
SELECT * FROM broken_by('SELECT setval(''docs.document_locations_id_seq'', 3)');
SELECT setval('docs.document_locations_id_seq', 4) AS set;
SELECT scan_id FROM docs.finish_scan('manual', '/', now(), 2, 2, 0, 0);
SELECT * FROM broken_by('SELECT setval(''docs.scans_id_seq'', 1, false)');
SELECT setval('docs.scans_id_seq', 1) AS set;

-- What dumps leave out: statements that make it again, for objects of 1.2, too. A view goes before
-- the one that it uses, and comes after it. A restored ledger is wide, so let this one be wide.
SELECT count(*) AS done FROM docs.doc_extractor_widen('UTC');
SELECT string_agg(format('CREATE VIEW docs.%s AS %s ALTER EXTENSION doc_extractor ADD VIEW docs.%1$s;',
    viewname, definition), ' ' ORDER BY viewname) AS views
FROM pg_views
WHERE schemaname = 'docs' AND viewname ~ '^(current_|ingestion_stats$|documents_with_|location_)' \gset
ALTER EXTENSION doc_extractor DROP VIEW docs.documents_with_locations;
ALTER EXTENSION doc_extractor DROP VIEW docs.ingestion_stats;
ALTER EXTENSION doc_extractor DROP VIEW docs.current_locations;
ALTER EXTENSION doc_extractor DROP VIEW docs.location_history;
DROP VIEW docs.documents_with_locations, docs.ingestion_stats, docs.current_locations,
    docs.location_history;
ALTER TABLE docs.document_locations
    ALTER COLUMN ingestion_source TYPE varchar(255) COLLATE "C";
:views
ALTER TABLE docs.documents ALTER COLUMN extractor SET STORAGE EXTERNAL;
ALTER TABLE docs.scans ADD COLUMN host text DEFAULT 'h', ADD CONSTRAINT hosts UNIQUE (id, host);
CREATE INDEX roots ON docs.scans (root);
ALTER TABLE docs.document_locations ADD CONSTRAINT paths CHECK (location <> '');
ALTER SEQUENCE docs.scans_id_seq CACHE 2;
COMMENT ON COLUMN docs.scans.root IS 'a folder';
ALTER INDEX docs.ix_error_log_location SET (fillfactor = 50);
CREATE TRIGGER mine BEFORE UPDATE ON docs.scans
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
-- The server's majors lay out the definitions of views in different ways.
SELECT regexp_replace(line, ' AS SELECT .*', ' AS ...') AS statement
FROM docs.doc_extractor_verify(), regexp_split_to_table(detail, '\n') AS line
WHERE check_name LIKE 'not in dumps: %' AND line ~ '^(--|ALTER|COMMENT|CREATE|DROP)';
SELECT max(detail) FILTER (WHERE check_name LIKE '%pre-data') AS pre,
    max(detail) FILTER (WHERE check_name LIKE '%post-data') AS post
FROM docs.doc_extractor_verify() \gset
SET doc_extractor.allow_data_loss = on;
DROP EXTENSION doc_extractor;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.2';
:pre
:post
SELECT count(*), bool_and(detail IN (:'pre', :'post'))
FROM docs.doc_extractor_verify() WHERE check_name LIKE 'not in dumps: %';
SELECT check_name, detail FROM docs.doc_extractor_verify() WHERE NOT passed;

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP SCHEMA docs CASCADE;
DROP FUNCTION broken_by;
DROP ROLE regress_docs_other;
