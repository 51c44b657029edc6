/*
 * document_statements.c
 *		SQL statements on documents, hash_index and audit_log.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "statement_text.h"

/* Matches a document that still has this hash, and still is no success. */
#define WHERE_UNFINISHED \
	" WHERE id OPERATOR(pg_catalog.=) $1" \
	" AND file_hash OPERATOR(pg_catalog.=) $2" \
	" AND ingestion_status OPERATOR(pg_catalog.<>) 'success'"
#define HAS_TEXT " document_text IS NOT NULL"

/*
 * Insertions of a row unless it conflicts.  We name no arbiter: the server would
 * not take an index that REINDEX CONCURRENTLY is building.
 */
#define UNLESS_CONFLICT " ON CONFLICT DO NOTHING"

/*
 * Parameters: as named; the number of bytes as int8.  Without an extractor there is no
 * time of extraction.
 */
#define DOCUMENT_COLUMNS \
	"INSERT INTO %1$s.documents (file_name, file_size_bytes, file_hash," \
	" file_type, ingestion_source, document_text, metadata_extracted," \
	" ingestion_status, error_message"
#define DOCUMENT_VALUES " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9"
#define INSERT_DOCUMENT \
	DOCUMENT_COLUMNS ", extractor, extracted_at)" DOCUMENT_VALUES ", $10," \
	" CASE WHEN $10 IS NOT NULL THEN pg_catalog.now() END)"
#define INSERT_DOCUMENT_1_1 DOCUMENT_COLUMNS ")" DOCUMENT_VALUES ")"
#define RETURNING_DOCUMENT \
	" RETURNING id::pg_catalog.int8, file_hash::pg_catalog.text," HAS_TEXT
#define DOCUMENT_TYPES \
	TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONOID, TEXTOID, \
	TEXTOID

/* Parameters: hash, document. */
#define INSERT_HASH \
	"INSERT INTO %1$s.hash_index (file_hash, document_id) VALUES ($1, $2)"

#define HEAL \
	"UPDATE %1$s.documents SET document_text = $3, metadata_extracted = $4," \
	" ingestion_status = 'success', error_message = NULL"

/*
 * A document's text and metadata: a text settles that the document is a success.
 * The extractor is that of the text, if there is one.  Parameters: id, extractor,
 * text, metadata.
 */
#define STORE "UPDATE %1$s.documents SET"
#define STORED_TEXT \
	" document_text = $3, extractor = $2, extracted_at = pg_catalog.now()," \
	" ingestion_status = 'success', error_message = CASE WHEN" \
	" ingestion_status OPERATOR(pg_catalog.=) 'success' THEN error_message END"
#define STORED_METADATA " metadata_extracted = $4"
#define EXTRACTOR_WITHOUT_TEXT \
	" extractor = CASE WHEN document_text IS NULL THEN $2 ELSE extractor END," \
	" extracted_at = CASE WHEN document_text IS NULL THEN pg_catalog.now()" \
	" ELSE extracted_at END"
#define IN_DOCUMENT \
	" WHERE id OPERATOR(pg_catalog.=) $1", \
	4, {INT8OID, TEXTOID, TEXTOID, JSONOID}

const StatementText document_statements[NUMBER_OF_STATEMENTS] = {
	[STATEMENT_INSERT_DOCUMENT] = {
		"documents", INSERT_DOCUMENT RETURNING_DOCUMENT,
		10, {DOCUMENT_TYPES, TEXTOID}
	},
	[STATEMENT_INSERT_NEW_DOCUMENT] = {
		"documents", INSERT_DOCUMENT UNLESS_CONFLICT RETURNING_DOCUMENT,
		10, {DOCUMENT_TYPES, TEXTOID}
	},
	/* The same without the extractor. */
	[STATEMENT_INSERT_DOCUMENT_1_1] = {
		"documents", INSERT_DOCUMENT_1_1 RETURNING_DOCUMENT,
		9, {DOCUMENT_TYPES}
	},
	[STATEMENT_INSERT_NEW_DOCUMENT_1_1] = {
		"documents", INSERT_DOCUMENT_1_1 UNLESS_CONFLICT RETURNING_DOCUMENT,
		9, {DOCUMENT_TYPES}
	},
	[STATEMENT_INSERT_HASH] = {
		"hash_index", INSERT_HASH, 2, {TEXTOID, INT8OID}
	},
	[STATEMENT_INSERT_NEW_HASH] = {
		"hash_index", INSERT_HASH UNLESS_CONFLICT, 2, {TEXTOID, INT8OID}
	},
	/* Parameters: document, action, user, values, reason, login role. */
	[STATEMENT_INSERT_TRAIL] = {
		"audit_log",
		"INSERT INTO %1$s.audit_log (document_id, action, action_timestamp,"
		" user_or_system, old_value, new_value, change_reason, db_user)"
		" VALUES ($1, $2, pg_catalog.now(), $3, $4, $5, $6, $7)"
		" RETURNING id::pg_catalog.int8",
		7, {INT8OID, TEXTOID, TEXTOID, JSONOID, JSONOID, TEXTOID, NAMEOID}
	},
	/* The same without the login role. */
	[STATEMENT_INSERT_TRAIL_1_0] = {
		"audit_log",
		"INSERT INTO %1$s.audit_log (document_id, action, action_timestamp,"
		" user_or_system, old_value, new_value, change_reason)"
		" VALUES ($1, $2, pg_catalog.now(), $3, $4, $5, $6)"
		" RETURNING id::pg_catalog.int8",
		6, {INT8OID, TEXTOID, TEXTOID, JSONOID, JSONOID, TEXTOID}
	},
	/*
	 * Parameters: hash, number of duplicates, document, maximum.  A count that
	 * has reached the maximum stays there.
	 */
	[STATEMENT_COUNT] = {
		"hash_index",
		"UPDATE %1$s.hash_index SET"
		" duplicate_count = LEAST(duplicate_count::pg_catalog.int8,"
		" $4 OPERATOR(pg_catalog.-) $2) OPERATOR(pg_catalog.+) $2,"
		" last_seen = GREATEST(last_seen, LOCALTIMESTAMP)"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $3"
		" RETURNING duplicate_count::pg_catalog.int8",
		4, {TEXTOID, INT8OID, INT8OID, INT8OID}
	},
	/* Parameters: hash. */
	[STATEMENT_GET_HASH] = {
		"hash_index",
		"SELECT document_id::pg_catalog.int8, duplicate_count::pg_catalog.int8"
		" FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1",
		1, {TEXTOID}, true
	},
	/* Parameters: hash, document. */
	[STATEMENT_LOCK_HASH] = {
		"hash_index",
		"SELECT 1 FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE",
		2, {TEXTOID, INT8OID}, true
	},
	/* Parameters: id, hash, text, metadata, extractor. */
	[STATEMENT_HEAL] = {
		"documents",
		HEAL ", extractor = $5,"
		" extracted_at = CASE WHEN $5 IS NOT NULL THEN pg_catalog.now() END"
		WHERE_UNFINISHED " RETURNING" HAS_TEXT,
		5, {INT8OID, TEXTOID, TEXTOID, JSONOID, TEXTOID}
	},
	/* The same without the extractor. */
	[STATEMENT_HEAL_1_1] = {
		"documents", HEAL WHERE_UNFINISHED " RETURNING" HAS_TEXT,
		4, {INT8OID, TEXTOID, TEXTOID, JSONOID}
	},
	/* Parameters: id, hash, error message. */
	[STATEMENT_FAIL_AGAIN] = {
		"documents",
		"UPDATE %1$s.documents SET"
		" error_message = COALESCE($3, error_message)"
		WHERE_UNFINISHED " RETURNING" HAS_TEXT,
		3, {INT8OID, TEXTOID, TEXTOID}
	},
	/* Parameters: old hash, new hash, document. */
	[STATEMENT_MOVE_HASH] = {
		"hash_index",
		"UPDATE %1$s.hash_index SET file_hash = $2"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $3",
		3, {TEXTOID, TEXTOID, INT8OID}, true
	},
	/* Parameters: hash, document. */
	[STATEMENT_TAKE_OVER_HASH] = {
		"hash_index",
		"UPDATE %1$s.hash_index SET document_id = $2"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1",
		2, {TEXTOID, INT8OID}, true
	},
	/* Parameters: hash, document. */
	[STATEMENT_DELETE_HASH] = {
		"hash_index",
		"DELETE FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, INT8OID}, true
	},
	/* Parameters: id. */
	[STATEMENT_LOCK_DOCUMENT] = {
		"documents",
		"SELECT file_hash::pg_catalog.text FROM %1$s.documents"
		" WHERE id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE",
		1, {INT8OID}, true
	},
	/* Parameters: id. */
	[STATEMENT_LOCK_EXTRACTION] = {
		"documents",
		"SELECT" HAS_TEXT ", metadata_extracted IS NOT NULL"
		" FROM %1$s.documents WHERE id OPERATOR(pg_catalog.=) $1"
		" FOR NO KEY UPDATE",
		1, {INT8OID}
	},
	[STATEMENT_STORE_TEXT] = {
		"documents", STORE STORED_TEXT IN_DOCUMENT
	},
	[STATEMENT_STORE_METADATA] = {
		"documents", STORE STORED_METADATA "," EXTRACTOR_WITHOUT_TEXT IN_DOCUMENT
	},
	[STATEMENT_STORE_EXTRACTION] = {
		"documents", STORE STORED_TEXT "," STORED_METADATA IN_DOCUMENT
	},
	/* Parameters: id. */
	[STATEMENT_HAS_TRAIL] = {
		"audit_log",
		"SELECT 1 FROM %1$s.audit_log"
		" WHERE document_id OPERATOR(pg_catalog.=) $1"
		" AND action OPERATOR(pg_catalog.=) 'ingested' LIMIT 1",
		1, {INT8OID}
	}
};
