-- A rule on any of the tables: every function that writes and document_inbox refuse, with one
-- message, whether the call would meet the rule or not.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA docs;
CREATE EXTENSION doc_extractor SCHEMA docs;
SELECT lo_from_bytea(0, 'large') AS loid \gset
CREATE TABLE calls (number int GENERATED ALWAYS AS IDENTITY, name text, call text);
INSERT INTO calls (name, call) VALUES
    ('ingest_document', $$SELECT docs.ingest_document('new', 'new', 't')$$),
    ('ingest_document, duplicate', $$SELECT docs.ingest_document('known', 'known', 't')$$),
    ('ingest_document, heal', $$SELECT docs.ingest_document('bad', 'bad', 't')$$),
    ('ingest_document, invalid', $$SELECT docs.ingest_document('', '', '')$$),
    ('ingest_hashed_document',
     $$SELECT docs.ingest_hashed_document('new', encode(sha256('new'), 'hex'), 3, 't')$$),
    ('ingest_documents', $$SELECT docs.ingest_documents('{new,known}', '{new,known}', '{t,t}')$$),
    ('ingest_documents, none', $$SELECT docs.ingest_documents('{}', '{}', '{}')$$),
    ('ingest_file',
     $$SELECT docs.ingest_file(current_setting('data_directory') || '/PG_VERSION', 't')$$),
    ('ingest_large_object', format($$SELECT docs.ingest_large_object(%s, 'new', 't')$$, :loid)),
    ('try_ingest_document', $$SELECT docs.try_ingest_document('new', 'new', 't')$$),
    ('try_ingest_document, invalid', $$SELECT docs.try_ingest_document('', '', '')$$),
    ('document_inbox', $$INSERT INTO docs.document_inbox (file_name, content, file_type)
                         VALUES ('new', 'new', 't')$$),
    ('document_inbox, duplicate', $$INSERT INTO docs.document_inbox (file_name, content, file_type)
                                    VALUES ('known', 'known', 't')$$),
    ('record_document_event', $$SELECT docs.record_document_event(1, 'tagged')$$),
    ('log_ingestion_error', $$SELECT docs.log_ingestion_error('f', 't', 'm')$$),
    ('resolve_ingestion_error', $$SELECT docs.resolve_ingestion_error(1, 'n')$$);
SELECT FROM docs.ingest_document('known', 'known', 't');
SELECT FROM docs.ingest_document('bad', 'bad', 't', ingestion_status => 'failed');
SELECT docs.log_ingestion_error('f', 't', 'm') > 0 AS logged;
CREATE TABLE fired (what text);
CREATE FUNCTION outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RAISE 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLERRM = 'done' THEN 'done' ELSE SQLSTATE || ' ' || SQLERRM END;
END
$$;
CREATE FUNCTION outcomes() RETURNS TABLE (outcome text, calls text) LANGUAGE sql AS $$
    SELECT outcome, string_agg(name, ', ' ORDER BY number)
    FROM (SELECT number, name, outcome(call) FROM calls ORDER BY number) o
    GROUP BY outcome ORDER BY min(number)
$$;
SELECT * FROM outcomes();
-- With a rule, all have the same outcome.
CREATE FUNCTION refusal(relation text, event text, action text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('CREATE RULE note AS ON %s TO docs.%I DO %s', event, relation, action);
    SELECT string_agg(outcome, '; ') INTO answer FROM outcomes();
    EXECUTE format('DROP RULE note ON docs.%I', relation);
    RETURN answer;
END
$$;
SELECT refusal(t, e, a) AS refusal, string_agg(DISTINCT e, ', ' ORDER BY e) AS events
FROM unnest('{documents,hash_index,audit_log,error_log}'::text[]) WITH ORDINALITY t (t, n),
     unnest('{INSERT,UPDATE,DELETE}'::text[]) e,
     unnest('{ALSO INSERT INTO fired VALUES (1),INSTEAD NOTHING}'::text[]) a
GROUP BY n, 1 ORDER BY n, 1;
-- After the rules have been dropped, all work again.
SELECT * FROM outcomes();
TABLE fired;
-- The hint.
CREATE RULE note AS ON INSERT TO docs.audit_log WHERE NEW.action = 'tagged' DO INSTEAD NOTHING;
SELECT FROM docs.ingest_document('known', 'known', 't');
-- A plain INSERT, UPDATE or DELETE on documents is refused if a table that it writes to has a rule.
INSERT INTO docs.documents (file_name, file_size_bytes, file_hash, file_type, ingestion_source)
VALUES ('plain', 1, 'plain', 't', 's');
UPDATE docs.documents SET file_name = 'moved' WHERE file_name = 'known';
DELETE FROM docs.documents WHERE file_name = 'known';
DROP RULE note ON docs.audit_log;
CREATE RULE note AS ON UPDATE TO docs.hash_index DO INSTEAD NOTHING;
UPDATE docs.documents SET file_hash = 'moved' WHERE file_name = 'known';
DROP RULE note ON docs.hash_index;
CREATE RULE note AS ON DELETE TO docs.hash_index DO INSTEAD NOTHING;
DELETE FROM docs.documents WHERE file_name = 'known';
DROP RULE note ON docs.hash_index;
SELECT check_name, detail FROM docs.doc_extractor_verify() WHERE NOT passed;

SET doc_extractor.allow_data_loss = on;
DROP SCHEMA docs CASCADE;
SELECT lo_unlink(:loid);
DROP TABLE calls, fired;
DROP FUNCTION outcome, outcomes, refusal;
