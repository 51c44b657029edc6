-- doc_extractor_verify() on a ledger of 1.2: every change of what 1.2 creates fails its own check, and
-- no other; what users may add fails none. A ledger of 1.1 is not asked about it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SELECT count(*) FROM docs.doc_extractor_verify() WHERE check_name ~ 'location' OR NOT passed;
ALTER EXTENSION doc_extractor UPDATE TO '1.2';
SELECT check_name, passed, detail FROM docs.doc_extractor_verify()
WHERE check_name ~ 'location' OR NOT passed;
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

-- location tables: unlogged, another role's, or not there.
SELECT * FROM broken_by('ALTER TABLE docs.document_locations SET UNLOGGED');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations OWNER TO regress_docs_other');
SELECT check_name, left(detail, 12) AS detail FROM broken_by(
    'ALTER EXTENSION doc_extractor DROP TABLE docs.document_locations;
     ALTER TABLE docs.document_locations RENAME TO elsewhere');

-- extension, inheritance, rules, public rights: as for the other tables.
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP TABLE docs.document_locations');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP SEQUENCE docs.document_locations_id_seq');
SELECT * FROM broken_by('ALTER EXTENSION doc_extractor DROP VIEW docs.current_locations');
SELECT * FROM broken_by('CREATE TABLE docs.child () INHERITS (docs.document_locations)');
SELECT * FROM broken_by(
    'CREATE RULE mine AS ON DELETE TO docs.document_locations DO INSTEAD NOTHING');
SELECT * FROM broken_by('GRANT SELECT ON docs.document_locations TO PUBLIC');
SELECT * FROM broken_by('GRANT SELECT (location) ON docs.location_history TO PUBLIC');
SELECT * FROM broken_by('GRANT USAGE ON SEQUENCE docs.document_locations_id_seq TO PUBLIC');

-- location columns: NOT NULL, default, length, and one that is missing.
SELECT * FROM broken_by('ALTER TABLE docs.document_locations ALTER COLUMN seen_at DROP DEFAULT,
    ALTER COLUMN ingestion_source DROP NOT NULL');
SELECT * FROM broken_by('UPDATE pg_attribute SET atttypmod = 104
    WHERE attrelid = ''docs.document_locations''::regclass AND attname = ''ingestion_source''');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations RENAME COLUMN modified_at TO changed');
SELECT * FROM broken_by('ALTER TABLE docs.document_locations ADD COLUMN host text');

-- location indexes.
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
SELECT * FROM broken_by('SELECT setval(''docs.document_locations_id_seq'', 4, false)');
SELECT * FROM broken_by('SELECT setval(''docs.document_locations_id_seq'', 3)');

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = error;
DROP SCHEMA docs CASCADE;
DROP FUNCTION broken_by;
DROP ROLE regress_docs_other;
