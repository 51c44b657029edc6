/*
 * error_statements.c
 *		SQL statements on error_log.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "statement_text.h"

/*
 * Failures of a file that was tried again.  A note, $2, that does not fit is left out.
 * A row that another transaction has locked is left to it: a worker that retries the
 * file locks this row before the document, and would wait for us.
 */
#define MARK_RETRIED \
	"UPDATE %1$s.error_log SET retry_attempted = true," \
	" resolution_notes = CASE WHEN resolution_notes IS NULL THEN $2" \
	" WHEN pg_catalog.length(resolution_notes) OPERATOR(pg_catalog.+)" \
	" pg_catalog.length($2) OPERATOR(pg_catalog.>) 998" \
	" THEN resolution_notes" \
	" ELSE pg_catalog.concat(resolution_notes, '; ', $2) END" \
	" WHERE id OPERATOR(pg_catalog.=) ANY (ARRAY(" \
	"SELECT e.id FROM %1$s.error_log e WHERE NOT e.retry_attempted AND ("
#define MARK_RETRIED_END ") FOR UPDATE SKIP LOCKED))"

const StatementText error_statements[NUMBER_OF_STATEMENTS] = {
	/* Parameters: file name, type, message, source, location, hash. */
	[STATEMENT_INSERT_ERROR] = {
		"error_log",
		"INSERT INTO %1$s.error_log (file_name, error_type, error_message,"
		" ingestion_source, location, file_hash)"
		" VALUES ($1, $2, $3, $4, $5, $6) RETURNING id::pg_catalog.int8",
		6, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	/* The same without what identifies the file. */
	[STATEMENT_INSERT_ERROR_1_1] = {
		"error_log",
		"INSERT INTO %1$s.error_log (file_name, error_type, error_message)"
		" VALUES ($1, $2, $3) RETURNING id::pg_catalog.int8",
		3, {TEXTOID, TEXTOID, TEXTOID}
	},
	/* Parameters: file name, note, hash, source, location. */
	[STATEMENT_MARK_RETRIED] = {
		"error_log",
		MARK_RETRIED
		"(e.location OPERATOR(pg_catalog.=) $5"
		" AND e.ingestion_source OPERATOR(pg_catalog.=) $4)"
		" OR e.file_hash OPERATOR(pg_catalog.=) $3"
		" OR (e.location IS NULL AND e.file_hash IS NULL"
		" AND e.file_name OPERATOR(pg_catalog.=) $1)" MARK_RETRIED_END,
		5, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	/* Parameters: file name, note. */
	[STATEMENT_MARK_RETRIED_1_1] = {
		"error_log",
		MARK_RETRIED "e.file_name OPERATOR(pg_catalog.=) $1" MARK_RETRIED_END,
		2, {TEXTOID, TEXTOID}
	},
	/* Parameters: id, notes. */
	[STATEMENT_RESOLVE_ERROR] = {
		"error_log",
		"UPDATE %1$s.error_log SET resolution_notes = $2"
		" WHERE id OPERATOR(pg_catalog.=) $1",
		2, {INT8OID, TEXTOID}
	}
};
