-- The update from 1.1 back to 1.0: what 1.0 cannot hold stops it, unless its loss is allowed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SET search_path = docs;
\set docx 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
-- A digest of all rows, to show that an update that is stopped has changed nothing.
CREATE FUNCTION digest_of_all() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT md5(string_agg(t, E'\n')) FROM (
        (SELECT d::text AS t FROM docs.documents d ORDER BY d.id)
        UNION ALL (SELECT a::text FROM docs.audit_log a ORDER BY a.id)) r);
END
$$;

-- Types of 50 characters do not stop it, nor do trail rows whose user is the login role.
SELECT document_id FROM ingest_document('a', 'a', repeat('x', 50));
SET doc_extractor.application_user = :'USER';
SELECT document_id FROM ingest_document('b', 'b', 't');
RESET doc_extractor.application_user;
BEGIN;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ROLLBACK;

-- Longer types stop it: characters count, not bytes.
SELECT document_id FROM ingest_document('c', 'c', :'docx');
SELECT document_id FROM ingest_document('d', 'd', repeat('x', 51));
SELECT document_id FROM ingest_document('e', 'e', repeat(U&'\00E9', 50));
SELECT digest_of_all() AS before \gset
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
\echo :SQLSTATE
ALTER EXTENSION doc_extractor UPDATE TO 'unpackaged';
\echo :SQLSTATE
SELECT extversion, digest_of_all() = :'before' AS unchanged
FROM pg_extension WHERE extname = 'doc_extractor';
-- Users that differ from the login role stop it too; the message has the number of both.
SET doc_extractor.application_user = 'a user';
SELECT document_id FROM ingest_document('f', 'f', 't');
UPDATE documents SET file_type = 'u' WHERE id = 1;
SELECT document_id FROM ingest_document('g', 'g', 't');
RESET doc_extractor.application_user;
SELECT digest_of_all() AS before \gset
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
\echo :SQLSTATE
SELECT extversion, digest_of_all() = :'before' AS unchanged
FROM pg_extension WHERE extname = 'doc_extractor';
-- An explicit "off" stops it as well.
SET doc_extractor.allow_data_loss = off;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
-- Users alone.
BEGIN;
DELETE FROM documents WHERE length(file_type) > 50;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ROLLBACK;

-- If the loss is allowed, the update goes on, and says what is lost. The types are cut;
-- the trail has them whole.
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
RESET doc_extractor.allow_data_loss;
SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor';
SELECT id, file_name, file_type, length(file_type) FROM documents WHERE id IN (3, 4, 5) ORDER BY id;
SELECT document_id, action, old_value, new_value
FROM audit_log WHERE document_id IN (3, 4) AND action = 'updated' ORDER BY id;
SELECT count(*) FROM audit_log WHERE user_or_system = 'a user';
-- The index on file_type agrees with the table.
SET enable_seqscan = off;
SELECT file_name FROM documents WHERE file_type = left(:'docx', 50);
RESET enable_seqscan;
-- The columns of 1.0 are as narrow as 1.0 defines them.
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'documents'::regclass AND attname = 'file_type';
UPDATE documents SET file_type = :'docx' WHERE id = 1;
\echo :SQLSTATE
-- After the update to 1.1, what was cut stays cut, and the login roles are not known any more.
ALTER EXTENSION doc_extractor UPDATE TO '1.1';
SELECT length(file_type) FROM documents WHERE id = 3;
SELECT count(db_user), count(*) > 0 AS trail FROM audit_log;
SELECT * FROM doc_extractor_verify() WHERE NOT passed;
-- There is nothing more to lose: no stop, no warning.
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
ALTER EXTENSION doc_extractor UPDATE TO '1.1';

-- Even if audit_value_limit keeps the trail short, the trail must prove a type that is cut.
SELECT document_id FROM ingest_document('h', 'h', :'docx');
SET doc_extractor.audit_value_limit = 60;
SET doc_extractor.allow_data_loss = on;
ALTER EXTENSION doc_extractor UPDATE TO '1.0';
RESET doc_extractor.allow_data_loss;
RESET doc_extractor.audit_value_limit;
SELECT old_value ->> 'file_type' = :'docx' AS long_form
FROM audit_log WHERE action = 'updated' ORDER BY id DESC LIMIT 1;
ALTER EXTENSION doc_extractor UPDATE TO '1.1';

-- A user's trigger that restores the type would leave a value that 1.0 cannot hold: it
-- stops the update.
SELECT document_id FROM ingest_document('i', 'i', :'docx');
CREATE FUNCTION keep_type() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN NEW.file_type := OLD.file_type; RETURN NEW; END$$;
CREATE TRIGGER keep_type BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION keep_type();
SET client_min_messages = error;
SET doc_extractor.allow_data_loss = on;
DO $$
BEGIN
    ALTER EXTENSION doc_extractor UPDATE TO '1.0';
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;
RESET doc_extractor.allow_data_loss;
SET client_min_messages = warning;
SELECT extversion FROM pg_extension WHERE extname = 'doc_extractor';
SELECT count(*)
FROM documents d
    JOIN pg_attribute a ON a.attrelid = 'documents'::regclass AND a.attname = 'file_type'
WHERE length(d.file_type) > a.atttypmod - 4;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
