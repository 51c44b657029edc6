-- Drops what ledgers.sql and source.sql created.

SET doc_extractor.allow_data_loss = on;
SET client_min_messages = warning;
DROP SCHEMA docs, bare, peer, logged CASCADE;
DROP TABLE IF EXISTS bench.source, bench.batch;
RESET client_min_messages;
RESET doc_extractor.allow_data_loss;
