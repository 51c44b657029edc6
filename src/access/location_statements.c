/*
 * location_statements.c
 *		SQL statements on document_locations and scans.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "statement_text.h"

const StatementText location_statements[NUMBER_OF_STATEMENTS] = {
	/* Parameters: source, location, its hash, document, time, fingerprint, size. */
	[STATEMENT_INSERT_LOCATION] = {
		"document_locations",
		"INSERT INTO %1$s.document_locations (ingestion_source, location,"
		" location_key, document_id, modified_at, fingerprint, size_bytes)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		7, {TEXTOID, TEXTOID, BYTEAOID, INT8OID, TIMESTAMPTZOID, TEXTOID, INT8OID}
	},
	/*
	 * Parameters: id, time, fingerprint.  A row that is not the latest of its
	 * location any more stays as it is; one that another transaction refreshes is
	 * left to it, so that nobody waits.
	 */
	[STATEMENT_REFRESH_LOCATION] = {
		"document_locations",
		"UPDATE %1$s.document_locations AS l SET modified_at = $2, fingerprint = $3"
		" WHERE l.id OPERATOR(pg_catalog.=) ANY (ARRAY("
		"SELECT o.id FROM %1$s.document_locations AS o"
		" WHERE o.id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE SKIP LOCKED))"
		" AND NOT EXISTS (SELECT FROM %1$s.document_locations AS n"
		" WHERE n.ingestion_source OPERATOR(pg_catalog.=) l.ingestion_source"
		" AND n.location_key OPERATOR(pg_catalog.=) l.location_key"
		" AND n.id OPERATOR(pg_catalog.>) l.id)",
		3, {INT8OID, TIMESTAMPTZOID, TEXTOID}
	},
	/*
	 * Parameters: source, time, ids.  Of these rows, only those that are still the
	 * latest of their locations, and older than this time.
	 */
	[STATEMENT_VANISH] = {
		"document_locations",
		"INSERT INTO %1$s.document_locations (ingestion_source, location,"
		" location_key)"
		" SELECT l.ingestion_source, l.location, l.location_key"
		" FROM %1$s.document_locations l"
		" WHERE l.id OPERATOR(pg_catalog.=) ANY ($3)"
		" AND l.ingestion_source OPERATOR(pg_catalog.=) $1"
		" AND l.seen_at OPERATOR(pg_catalog.<) $2"
		" AND l.document_id IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM %1$s.document_locations n"
		" WHERE n.ingestion_source OPERATOR(pg_catalog.=) l.ingestion_source"
		" AND n.location_key OPERATOR(pg_catalog.=) l.location_key"
		" AND n.id OPERATOR(pg_catalog.>) l.id)",
		3, {TEXTOID, TIMESTAMPTZOID, INT8ARRAYOID}
	},
	/* Parameters: source, root, time, seen. */
	[STATEMENT_REPEAT_SCAN] = {
		"scans",
		"UPDATE %1$s.scans SET started_at = $3,"
		" finished_at = pg_catalog.clock_timestamp(), seen = $4"
		" WHERE id OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(s.id)"
		" FROM %1$s.scans s WHERE s.ingestion_source OPERATOR(pg_catalog.=) $1"
		" AND s.root OPERATOR(pg_catalog.=) $2)"
		" AND added OPERATOR(pg_catalog.=) 0 AND changed OPERATOR(pg_catalog.=) 0"
		" AND vanished OPERATOR(pg_catalog.=) 0 AND failed OPERATOR(pg_catalog.=) 0"
		" RETURNING id::pg_catalog.int8",
		4, {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID}
	},
	/* Parameters: source, root, time, seen, added, changed, vanished, failed. */
	[STATEMENT_INSERT_SCAN] = {
		"scans",
		"INSERT INTO %1$s.scans (ingestion_source, root, started_at, seen, added,"
		" changed, vanished, failed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" RETURNING id::pg_catalog.int8",
		8, {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID,
		INT8OID}
	}
};
