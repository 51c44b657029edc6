-- audit_log is append-only from 1.1 on, for superusers too, whatever the entry point; and documents
-- cannot be truncated.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs VERSION '1.1';
SET search_path = docs;
SELECT document_id FROM ingest_document('a', 'a', 't');
SELECT document_id FROM ingest_document('b', 'b', 't');
SELECT record_document_event(1, 'tagged', NULL, '"x"') AS recorded;
-- The rows that must never change. After each attempt the test looks for changes.
CREATE TABLE kept AS SELECT to_jsonb(a) AS row FROM audit_log a;
CREATE FUNCTION now_there() RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT to_jsonb(a) - 'case_id' FROM docs.audit_log a;
END
$$;
CREATE VIEW changes AS
SELECT 'lost' AS change, row FROM (SELECT row FROM kept EXCEPT SELECT * FROM now_there()) lost
UNION ALL
SELECT 'forged or new', row
FROM (SELECT * FROM now_there() EXCEPT SELECT row FROM kept) AS forged (row);
SELECT current_setting('is_superuser') AS superuser;

-- Plain statements, with the whole error message.
\set VERBOSITY default
UPDATE audit_log SET action = 'updated';
\echo :SQLSTATE
DELETE FROM audit_log WHERE id = 1;
\echo :SQLSTATE
TRUNCATE audit_log;
\echo :SQLSTATE
TRUNCATE documents CASCADE;
\echo :SQLSTATE
TABLE changes;
-- From here on, the message alone.
\set VERBOSITY terse
-- An UPDATE that changes no value is refused too; one that matches no row is not.
UPDATE audit_log SET id = id WHERE id = 1;
UPDATE audit_log SET action = 'updated' WHERE id = -1;
DELETE FROM audit_log WHERE id = -1;
TRUNCATE ONLY audit_log;
TRUNCATE audit_log RESTART IDENTITY CASCADE;
TRUNCATE error_log, audit_log;
TRUNCATE documents, hash_index, audit_log;
TRUNCATE ONLY documents, hash_index;
TRUNCATE hash_index, documents RESTART IDENTITY;
-- TRUNCATE is refused without CASCADE too; no foreign key prevents it.
TRUNCATE documents;
TABLE changes;
SELECT (SELECT count(*) FROM documents) AS documents,
       (SELECT count(*) FROM hash_index) AS hash_index;

-- ON CONFLICT DO UPDATE is refused; DO NOTHING changes nothing and is allowed.
INSERT INTO audit_log (id, document_id, action) VALUES (1, 1, 'tagged')
ON CONFLICT (id) DO UPDATE SET action = 'tagged';
INSERT INTO audit_log (id, document_id, action) VALUES (1, 1, 'tagged') ON CONFLICT (id) DO NOTHING;
TABLE changes;
-- MERGE, if the server has it; otherwise UPDATE and DELETE in its place.
SELECT current_setting('server_version_num')::int >= 150000 AS has_merge \gset
\if :has_merge
\set matched 'MERGE INTO audit_log a USING documents d ON a.document_id = d.id WHEN MATCHED THEN'
\set update :matched ' UPDATE SET action = \'tagged\''
\set delete :matched ' DELETE'
\else
\set update 'UPDATE audit_log a SET action = \'tagged\' FROM documents d WHERE a.document_id = d.id'
\set delete 'DELETE FROM audit_log a USING documents d WHERE a.document_id = d.id'
\endif
:update;
:delete;
TABLE changes;
-- A data-modifying CTE, a cursor, a function, DO, a prepared statement, a view.
WITH gone AS (DELETE FROM audit_log RETURNING *) SELECT count(*) FROM gone;
WITH changed AS (UPDATE audit_log SET user_or_system = 'nobody' RETURNING *)
INSERT INTO audit_log (document_id, action) SELECT 1, 'tagged' FROM changed;
BEGIN;
DECLARE rows CURSOR FOR SELECT * FROM audit_log FOR UPDATE;
FETCH 1 FROM rows \g /dev/null
DELETE FROM audit_log WHERE CURRENT OF rows;
ROLLBACK;
CREATE FUNCTION forget() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM docs.audit_log';
SELECT forget();
DO $$BEGIN UPDATE docs.audit_log SET old_value = '{}'; END$$;
PREPARE forget AS DELETE FROM audit_log WHERE id = $1;
EXECUTE forget(1);
CREATE VIEW trail AS SELECT * FROM audit_log;
UPDATE trail SET change_reason = 'forged';
DELETE FROM trail;
TABLE changes;
-- A user's rules, on another table.
CREATE TABLE switch (id int);
INSERT INTO switch VALUES (1);
CREATE RULE forget AS ON UPDATE TO switch DO ALSO DELETE FROM audit_log;
UPDATE switch SET id = 2;
CREATE RULE forge AS ON INSERT TO switch DO INSTEAD
    UPDATE audit_log SET action = 'tagged' WHERE id = NEW.id;
INSERT INTO switch VALUES (1);
DROP RULE forget ON switch;
DROP RULE forge ON switch;
TABLE changes;
-- A user's triggers that fire before and after the extension's own, by their names.
CREATE FUNCTION let_pass() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RETURN coalesce(NEW, OLD); END$$;
CREATE TRIGGER aaa BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION let_pass();
CREATE TRIGGER zzz BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION let_pass();
UPDATE audit_log SET action = 'tagged';
DELETE FROM audit_log;
DROP TRIGGER aaa ON audit_log;
DROP TRIGGER zzz ON audit_log;
TABLE changes;
-- A user's foreign keys: with the trail as the referencing table, no cascade reaches its rows.
CREATE TABLE cases (id int PRIMARY KEY);
INSERT INTO cases VALUES (1), (2);
ALTER TABLE audit_log ADD CONSTRAINT of_case FOREIGN KEY (document_id) REFERENCES cases
    ON DELETE CASCADE ON UPDATE CASCADE;
DELETE FROM cases WHERE id = 1;
UPDATE cases SET id = 3 WHERE id = 1;
TRUNCATE cases CASCADE;
ALTER TABLE audit_log DROP CONSTRAINT of_case;
ALTER TABLE audit_log ADD COLUMN case_id int REFERENCES cases ON DELETE SET NULL ON UPDATE CASCADE;
INSERT INTO audit_log (document_id, action, case_id) VALUES (1, 'classified', 1);
DELETE FROM cases WHERE id = 1;
UPDATE cases SET id = 3 WHERE id = 1;
SELECT case_id FROM audit_log WHERE action = 'classified';
-- A user's parent table.
CREATE TABLE all_trails (document_id int NOT NULL);
ALTER TABLE audit_log INHERIT all_trails;
DELETE FROM all_trails;
UPDATE all_trails SET document_id = 2;
TRUNCATE all_trails;
ALTER TABLE audit_log NO INHERIT all_trails;
SELECT count(*) FROM audit_log;
-- In a replica's session, where ordinary triggers do not fire.
SET session_replication_role = replica;
UPDATE audit_log SET action = 'tagged';
DELETE FROM audit_log;
TRUNCATE audit_log;
TRUNCATE documents CASCADE;
RESET session_replication_role;
-- During a restore, for which other triggers step aside.
SET doc_extractor.restoring = on;
UPDATE audit_log SET action = 'tagged';
DELETE FROM audit_log;
TRUNCATE audit_log;
TRUNCATE documents CASCADE;
RESET doc_extractor.restoring;
-- With allow_data_loss, which is about whole tables only (the end has TRUNCATE).
SET doc_extractor.allow_data_loss = on;
DELETE FROM audit_log;
RESET doc_extractor.allow_data_loss;
-- With deferred constraints: these triggers cannot be deferred.
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM audit_log;
ROLLBACK;
-- As a role that has all privileges but is no superuser.
CREATE ROLE regress_docs_clerk;
GRANT USAGE ON SCHEMA docs TO regress_docs_clerk;
GRANT ALL ON ALL TABLES IN SCHEMA docs TO regress_docs_clerk;
SET ROLE regress_docs_clerk;
UPDATE audit_log SET action = 'tagged';
DELETE FROM audit_log;
TRUNCATE audit_log;
TRUNCATE documents CASCADE;
RESET ROLE;
-- As an owner that is no superuser.
ALTER TABLE audit_log OWNER TO regress_docs_clerk;
ALTER TABLE documents OWNER TO regress_docs_clerk;
ALTER TABLE hash_index OWNER TO regress_docs_clerk;
SET ROLE regress_docs_clerk;
UPDATE audit_log SET action = 'tagged';
DELETE FROM audit_log;
TRUNCATE audit_log;
TRUNCATE documents CASCADE;
RESET ROLE;
ALTER TABLE audit_log OWNER TO CURRENT_USER;
ALTER TABLE documents OWNER TO CURRENT_USER;
ALTER TABLE hash_index OWNER TO CURRENT_USER;
-- After all of this, no row is lost, and only the rows added on purpose are new.
SELECT change, row ->> 'action' AS action FROM changes;
SELECT action, count(*) FROM audit_log GROUP BY action ORDER BY action;

-- What changes no row is still allowed: reading, locking, adding rows, VACUUM, the extension's own
-- writes, and DELETE on documents.
BEGIN;
SELECT id FROM audit_log ORDER BY id LIMIT 1 FOR UPDATE;
SELECT id FROM audit_log ORDER BY id LIMIT 1 FOR KEY SHARE;
LOCK TABLE audit_log;
COMMIT;
INSERT INTO audit_log (document_id, action) VALUES (2, 'tagged');
VACUUM FULL audit_log;
CLUSTER audit_log USING audit_log_pkey;
REINDEX TABLE audit_log;
SELECT is_duplicate FROM ingest_document('a', 'a', 't');
DELETE FROM documents WHERE id = 1;
TRUNCATE error_log;
SELECT action, count(*) FROM audit_log GROUP BY action ORDER BY action;
-- documents is not append-only.
UPDATE documents SET file_type = 'u' WHERE id = 2;
DELETE FROM documents;
SELECT action FROM audit_log ORDER BY id DESC LIMIT 2;

-- The owner or a superuser can still change the trail by removing the triggers. The table's
-- definition shows that afterwards.
BEGIN;
ALTER TABLE audit_log DISABLE TRIGGER audit_log_refuse_change;
UPDATE audit_log SET user_or_system = 'nobody' WHERE id = 1;
SELECT user_or_system FROM audit_log WHERE id = 1;
SELECT tgname, tgenabled FROM pg_trigger
WHERE tgrelid = 'audit_log'::regclass AND tgname LIKE '%refuse%' ORDER BY tgname;
ROLLBACK;
DROP VIEW trail;
BEGIN;
-- This one only if data may be lost.
SAVEPOINT s;
ALTER TABLE audit_log ALTER COLUMN user_or_system TYPE varchar(255) USING 'nobody';
ROLLBACK TO s;
SET LOCAL doc_extractor.allow_data_loss = on;
ALTER TABLE audit_log ALTER COLUMN user_or_system TYPE varchar(255) USING 'nobody';
SELECT DISTINCT user_or_system FROM audit_log;
ROLLBACK;
-- A role that has all privileges but is not the owner cannot remove them.
\set VERBOSITY sqlstate
SET ROLE regress_docs_clerk;
ALTER TABLE audit_log DISABLE TRIGGER audit_log_refuse_change;
DROP TRIGGER audit_log_refuse_change ON audit_log;
SET session_replication_role = replica;
RESET ROLE;

-- The trigger functions refuse any other use.
\set VERBOSITY default
CREATE TRIGGER wrong BEFORE DELETE ON documents
    FOR EACH STATEMENT EXECUTE FUNCTION documents_refuse_truncate();
DELETE FROM documents;
\echo :SQLSTATE
DROP TRIGGER wrong ON documents;
SELECT documents_refuse_truncate();
\echo :SQLSTATE
SELECT audit_log_refuse_change();
\echo :SQLSTATE

-- The owner can empty the whole ledger, as between the tests of an application. Nobody else can.
\set VERBOSITY terse
GRANT TRUNCATE ON ALL TABLES IN SCHEMA docs TO regress_docs_clerk;
SET doc_extractor.allow_data_loss = on;
SET ROLE regress_docs_clerk;
TRUNCATE documents, hash_index, audit_log, error_log;
TRUNCATE audit_log;
RESET ROLE;
UPDATE audit_log SET action = 'tagged';
TRUNCATE documents, hash_index, audit_log, error_log RESTART IDENTITY;
SELECT document_id, is_duplicate FROM ingest_document('first', 'first', 't');
RESET doc_extractor.allow_data_loss;
TRUNCATE documents, hash_index, audit_log, error_log RESTART IDENTITY;
SELECT check_name FROM doc_extractor_verify() WHERE NOT passed;

RESET search_path;
SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
DROP OWNED BY regress_docs_clerk;
DROP ROLE regress_docs_clerk;
