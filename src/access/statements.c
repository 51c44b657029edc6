/*
 * statements.c
 *		The SQL statements that the C code runs on the extension's tables.
 *
 * A session plans each of them once, and runs it as the owner of the table that
 * it works on.  Tables, operators and functions are schema-qualified, so that
 * the caller's search_path plays no part.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "identity.h"
#include "statements.h"

#define MAX_PARAMETERS 10

typedef struct StatementText
{
	const char *table;			/* whose owner runs it */
	const char *text;			/* %1$s stands for the quoted schema */
	int			nparameters;
	Oid			parameters[MAX_PARAMETERS]; /* types */
} StatementText;

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

/*
 * Counts duplicates.  The time has the type of the column: a local time is the same
 * twice when summer time ends.
 */
#define COUNT(now) \
	"UPDATE %1$s.hash_index SET" \
	" duplicate_count = LEAST(duplicate_count::pg_catalog.int8," \
	" $4 OPERATOR(pg_catalog.-) $2) OPERATOR(pg_catalog.+) $2," \
	" last_seen = GREATEST(last_seen, " now ")" \
	" WHERE file_hash OPERATOR(pg_catalog.=) $1" \
	" AND document_id OPERATOR(pg_catalog.=) $3" \
	" RETURNING duplicate_count::pg_catalog.int8"

static const StatementText texts[NUMBER_OF_STATEMENTS] = {
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
	/* Parameters: source, location, its hash, document, time, fingerprint, size. */
	[STATEMENT_INSERT_LOCATION] = {
		"document_locations",
		"INSERT INTO %1$s.document_locations (ingestion_source, location,"
		" location_key, document_id, modified_at, fingerprint, size_bytes)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		7, {TEXTOID, TEXTOID, BYTEAOID, INT8OID, TIMESTAMPTZOID, TEXTOID, INT8OID}
	},
	/*
	 * Parameters: hash, number of duplicates, document, maximum.  A count that
	 * has reached the maximum stays there.
	 */
	[STATEMENT_COUNT] = {
		"hash_index", COUNT("pg_catalog.now()"),
		4, {TEXTOID, INT8OID, INT8OID, INT8OID}
	},
	/* The same where times have no zone. */
	[STATEMENT_COUNT_LOCAL] = {
		"hash_index", COUNT("LOCALTIMESTAMP"),
		4, {TEXTOID, INT8OID, INT8OID, INT8OID}
	},
	/* Parameters: hash. */
	[STATEMENT_GET_HASH] = {
		"hash_index",
		"SELECT document_id::pg_catalog.int8, duplicate_count::pg_catalog.int8"
		" FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1",
		1, {TEXTOID}
	},
	/* Parameters: hash, document. */
	[STATEMENT_LOCK_HASH] = {
		"hash_index",
		"SELECT 1 FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE",
		2, {TEXTOID, INT8OID}
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
		3, {TEXTOID, TEXTOID, INT8OID}
	},
	/* Parameters: hash, document. */
	[STATEMENT_TAKE_OVER_HASH] = {
		"hash_index",
		"UPDATE %1$s.hash_index SET document_id = $2"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1",
		2, {TEXTOID, INT8OID}
	},
	/* Parameters: hash, document. */
	[STATEMENT_DELETE_HASH] = {
		"hash_index",
		"DELETE FROM %1$s.hash_index"
		" WHERE file_hash OPERATOR(pg_catalog.=) $1"
		" AND document_id OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, INT8OID}
	},
	/* Parameters: id. */
	[STATEMENT_LOCK_DOCUMENT] = {
		"documents",
		"SELECT file_hash::pg_catalog.text FROM %1$s.documents"
		" WHERE id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE",
		1, {INT8OID}
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
		" RETURNING id",
		4, {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID}
	},
	/* Parameters: source, root, time, seen, added, changed, vanished, failed. */
	[STATEMENT_INSERT_SCAN] = {
		"scans",
		"INSERT INTO %1$s.scans (ingestion_source, root, started_at, seen, added,"
		" changed, vanished, failed)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
		8, {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID,
		INT8OID}
	}
};

/* A statement's plan, and the smallest size of the table since it was made. */
typedef struct StatementPlan
{
	SPIPlanPtr	plan;
	BlockNumber blocks;
} StatementPlan;

/* The plans, the schema that they are for, and how many of them run now. */
static NameData planned_schema;
static StatementPlan plans[NUMBER_OF_STATEMENTS];
static int	running = 0;

/*
 * Prepares a statement for one generic plan: the planner would rather make a
 * custom one for each array.
 */
static SPIPlanPtr
Prepare(const StatementText *text, const char *schema_name)
{
	char	   *query = psprintf(text->text, quote_identifier(schema_name));
	SPIPlanPtr	plan = SPI_prepare_cursor(query, text->nparameters,
										  (Oid *) text->parameters,
										  CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", query,
			 SPI_result_code_string(SPI_result));
	pfree(query);
	return plan;
}

/* Frees all plans if they are for a schema with another name. */
static void
ForgetOtherSchema(const char *schema_name)
{
	if (strcmp(schema_name, NameStr(planned_schema)) == 0)
		return;
	for (int i = 0; i < NUMBER_OF_STATEMENTS; i++)
	{
		if (plans[i].plan != NULL)
			SPI_freeplan(plans[i].plan);
		plans[i].plan = NULL;
	}
	namestrcpy(&planned_schema, schema_name);
}

/*
 * Returns the plan of a statement on a table of this size: the kept one, if there
 * can be one.  Plans anew when the table has doubled: a plan that was made for a
 * table of a few pages scans them all, and a session can fill the table long before
 * anything else invalidates its plans.
 */
static SPIPlanPtr
GetPlan(LedgerStatement statement, const char *schema_name,
		BlockNumber blocks)
{
	StatementPlan *kept = &plans[statement];

	/* If a user's trigger called us, kept plans are running further out. */
	if (running == 0)
		ForgetOtherSchema(schema_name);
	else if (strcmp(schema_name, NameStr(planned_schema)) != 0)
		return Prepare(&texts[statement], schema_name);

	if (kept->plan == NULL || (running == 0 && blocks / 2 > kept->blocks))
	{
		SPIPlanPtr	plan = Prepare(&texts[statement], schema_name);

		SPI_keepplan(plan);
		if (kept->plan != NULL)
			SPI_freeplan(kept->plan);
		kept->plan = plan;
		kept->blocks = blocks;
	}
	/* The server replans too, for example after a TRUNCATE. */
	kept->blocks = Min(kept->blocks, blocks);
	return kept->plan;
}

/*
 * Raises the error of a statement again, without its detail if that may describe a
 * row (class 23) that was there before: we have read it as its owner, and the caller
 * may have no right to.
 */
static void
PassOnError(bool is_insert)
{
	ErrorData  *error;

	if (is_insert)
		PG_RE_THROW();
	error = CopyErrorData();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		PG_RE_THROW();
	FlushErrorState();
	error->detail = NULL;
	error->detail_log = NULL;
	ReThrowError(error);
}

/* Runs a plan, and counts it among those that run. */
static void
Execute(SPIPlanPtr plan, bool is_insert, Datum *values, const char *nulls)
{
	MemoryContext context = CurrentMemoryContext;
	int			code = 0;

	running++;
	PG_TRY();
	{
		code = SPI_execute_plan(plan, values, nulls, false, 0);
		running--;
	}
	PG_CATCH();
	{
		running--;
		MemoryContextSwitchTo(context);
		PassOnError(is_insert);
	}
	PG_END_TRY();
	if (code < 0)
		elog(ERROR, "could not run a statement: %s",
			 SPI_result_code_string(code));
}

/* Copies the columns of the first row of SPI's result.  Raises 23502 for a NULL. */
static void
CopyResults(Datum *results)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		is_null;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1,
										  &is_null);

		/* Their columns are NOT NULL, unless somebody has changed that. */
		if (is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("column \"%s\" must not be null",
							NameStr(att->attname)),
					 errhint("Restore the NOT NULL constraint that doc_extractor created.")));
		results[i] = SPI_datumTransfer(value, att->attbyval, att->attlen);
	}
}

/*
 * Runs a statement as the owner of its table, and returns the number of rows.
 * "nulls" is an array as SPI takes it ('n' for each NULL), or NULL.  "results",
 * unless NULL, receives the columns of the first row, in the current memory
 * context.
 */
uint64
RunStatement(const Ledger *ledger, LedgerStatement statement, Datum *values,
			 const char *nulls, Datum *results)
{
	Relation	rel;
	CallerIdentity caller;
	char	   *schema_name;
	SPIPlanPtr	plan;
	uint64		nrows;

	Assert(statement < NUMBER_OF_STATEMENTS && running >= 0);
	SPI_connect();
	/* Locked, it keeps its name and owner. */
	rel = OpenLedgerTable(ledger, texts[statement].table, AccessShareLock);
	SwitchToOwner(ledger, RelationGetRelid(rel), &caller);
	schema_name = get_namespace_name(ledger->schema);
	plan = GetPlan(statement, schema_name, RelationGetNumberOfBlocks(rel));
	Execute(plan, statement <= LAST_INSERT, values, nulls);
	SwitchBack(&caller);
	table_close(rel, NoLock);
	nrows = SPI_processed;
	if (nrows > 0 && results != NULL)
		CopyResults(results);
	SPI_finish();
	return nrows;
}
