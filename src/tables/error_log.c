/*
 * error_log.c
 *		Rows of error_log: what could not be ingested, why, and what became of it.
 *
 * A failure is worth more than its full wording: here, and nowhere else, a value
 * that is too long for its column is truncated.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "../access/identity.h"
#include "../access/index_search.h"
#include "../access/row_writer.h"
#include "../access/statements.h"
#include "../lib/condition.h"
#include "../lib/derived.h"
#include "../lib/encoding.h"
#include "error_log.h"

/* Stands for the name of a document that has none. */
#define NO_FILE_NAME "(no file name)"

/*
 * Returns a copy of a text, truncated to "width" characters, with an ellipsis at
 * its end, if it is longer.  0 means no limit.
 */
static char *
TruncateText(const char *value, int width)
{
	const char *ellipsis = GetDatabaseEncoding() == PG_UTF8 ? "\342\200\246" : "...";
	int			marks = Min(width, pg_mbstrlen(ellipsis));
	int			length = strlen(value);

	if (width == 0 || pg_mbstrlen(value) <= width)
		return pstrdup(value);
	return psprintf("%.*s%.*s",
					pg_mbcharcliplen(value, length, width - marks), value,
					pg_mbcharcliplen(ellipsis, strlen(ellipsis), marks), ellipsis);
}

/* The columns of a row, in the order of the statement's parameters. */
#define LOGGED_COLUMNS 3
static const ColumnName logged_columns[LOGGED_COLUMNS] = {
	{"file_name", COLUMN_TEXT},
	{"error_type", COLUMN_TEXT},
	{"error_message", COLUMN_TEXT}
};

/* Returns the values of the columns, texts truncated to fit. */
static void
TruncateValues(const Ledger *ledger, const char *const *texts, Datum *values)
{
	Relation	rel = OpenLedgerTable(ledger, "error_log", AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < LOGGED_COLUMNS; i++)
	{
		AttrNumber	column = ColumnNumber(desc, "error_log",
										  logged_columns[i].name,
										  logged_columns[i].class);
		char	   *value = TruncateText(texts[i], ColumnWidth(desc, column));

		values[i] = CStringGetTextDatum(value);
	}
	table_close(rel, NoLock);
}

/* Inserts a row, and sets its id.  Returns false if a trigger suppresses it. */
static bool
InsertError(const Ledger *ledger, Datum *values, int64 *id)
{
	RowWriter  *rows = OpenRowWriter(ledger, "error_log", CONFLICT_ERROR,
									 logged_columns, LOGGED_COLUMNS);
	Datum		result;

	if (rows == NULL)
	{
		if (RunStatement(ledger, STATEMENT_INSERT_ERROR, values, NULL,
						 &result) == 0)
			return false;
		*id = DatumGetInt64(result);
		return true;
	}
	StartRow(rows);
	for (int i = 0; i < LOGGED_COLUMNS; i++)
		SetColumn(rows, i, values[i]);
	(void) WriteRow(rows);
	*id = RequiredInteger(rows->slot, WriterColumn(rows, "id", COLUMN_INTEGER));
	CloseRowWriter(rows);
	return true;
}

/*
 * Writes a row, and returns its id.  Raises 27000 if a user's trigger suppresses
 * it, as the failure would be lost.
 */
int64
LogError(const Ledger *ledger, const char *file_name, const char *type,
		 const char *message)
{
	const char *texts[LOGGED_COLUMNS] = {file_name, type, message};
	Datum		values[LOGGED_COLUMNS];
	CallerIdentity caller;
	int64		id;

	TruncateValues(ledger, texts, values);
	SwitchToOwner(ledger, LedgerTableOid(ledger, "error_log"), &caller);
	if (!InsertError(ledger, values, &id))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the failure of \"%s\" was not recorded", file_name),
				 errdetail("A trigger on error_log suppressed its row.")));
	SwitchBack(&caller);
	return id;
}

/* A failure for LogError(), and the id that it returns. */
typedef struct Failure
{
	const Ledger *ledger;
	const char *file_name;
	const char *type;
	const char *message;
	int64		id;
} Failure;

/* Logs it: WriteDerived()'s callback. */
static void
LogFailure(void *argument)
{
	Failure    *failure = argument;

	failure->id = LogError(failure->ledger, failure->file_name, failure->type,
						   failure->message);
}

/* Writes the row of a document that could not be ingested, and sets its id. */
void
LogBadDocument(const Ledger *ledger, Document *document, int sqlstate,
			   const char *message)
{
	char	   *name = PrintableName(document);
	/* A user's trigger may have put a text from elsewhere into its message. */
	char	   *printable = EscapeInvalid(message, strlen(message));
	char	   *full = document->position == 0 ? printable :
		psprintf("document " INT64_FORMAT " of the batch: %s",
				 document->position, printable);
	Failure		failure = {
		.ledger = ledger,
		.file_name = name != NULL ? name : NO_FILE_NAME,
		.type = ConditionName(sqlstate),
		.message = full
	};

	Assert(!document->is_logged);
	document->is_logged = true;
	/* The rest of the batch is still to come. */
	LockTableToWrite(ledger, "documents");
	LockTableToWrite(ledger, "document_locations");
	LockTableToWrite(ledger, "hash_index");
	LockTableToWrite(ledger, "audit_log");
	WriteDerived(LogFailure, &failure);
	document->error_id = failure.id;
	if (full != printable)
		pfree(full);
	pfree(printable);
	if (name != NULL)
		pfree(name);
}

/*
 * Returns 1.1's index, by file name, of the rows whose files were not tried again,
 * or InvalidOid if there is none.
 */
static Oid
FindFileNameIndex(const Ledger *ledger, Relation error_log)
{
	Oid			found = get_relname_relid("ix_error_log_file_name",
										  ledger->schema);
	Relation	index;
	bool		is_by_text;

	if (!list_member_oid(RelationGetIndexList(error_log), found))
		return InvalidOid;
	/* A user may have given this name to another index. */
	index = index_open(found, AccessShareLock);
	is_by_text = index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_opcintype[0] == TEXTOID;
	index_close(index, AccessShareLock);
	return is_by_text ? found : InvalidOid;
}

/* Sorts documents by their position in the batch. */
static int
ComparePositions(const void *a, const void *b)
{
	const Document *left = *(Document *const *) a;
	const Document *right = *(Document *const *) b;

	return left->position < right->position ? -1 : 1;
}

/*
 * Returns those successes among the documents whose file name has failed before.
 * Sets "nfound" to their number.
 */
static Document **
FindRetried(const Ledger *ledger, Relation error_log, Document **documents,
			int ndocuments, int *nfound)
{
	Oid			index = FindFileNameIndex(ledger, error_log);
	Document  **found = NULL;
	IndexSearch search;

	*nfound = 0;
	if (!OidIsValid(index))
		return NULL;
	OpenIndexSearch(&search, error_log, index);
	for (int i = 0; i < ndocuments; i++)
	{
		Document   *document = documents[i];

		if (!IsSuccess(document) ||
			SearchIndex(&search, document->fields[FIELD_NAME].value) == NULL)
			continue;
		if (found == NULL)
			found = palloc_extended(ndocuments * sizeof(Document *),
									MCXT_ALLOC_HUGE);
		found[(*nfound)++] = document;
	}
	CloseIndexSearch(&search);
	return found;
}

/* Marks the failures of a document's file name. */
static void
MarkFileName(const Ledger *ledger, const Document *document)
{
	char	   *note = psprintf("ingested as document " INT64_FORMAT,
								document->document_id);
	Datum		values[2];

	values[0] = document->fields[FIELD_NAME].value;
	values[1] = CStringGetTextDatum(note);
	RunStatement(ledger, STATEMENT_MARK_RETRIED, values, NULL, NULL);
}

/*
 * Marks the rows with the file names of documents that have now succeeded.  Most
 * ingestions find none, so we search before we write.
 */
void
MarkRetried(const Ledger *ledger, Document **documents, int ndocuments)
{
	Relation	error_log = OpenLedgerTable(ledger, "error_log",
											AccessShareLock);
	Document  **found = NULL;
	int			nfound = 0;

	if (RelationGetNumberOfBlocks(error_log) > 0)
		found = FindRetried(ledger, error_log, documents, ndocuments, &nfound);
	table_close(error_log, NoLock);
	if (nfound == 0)
		return;
	/* If several have the same name, the first one is noted. */
	qsort(found, nfound, sizeof(Document *), ComparePositions);
	for (int i = 0; i < nfound; i++)
		MarkFileName(ledger, found[i]);
}

/* Sets the notes of a row.  Returns false if there is no such row. */
bool
ResolveError(const Ledger *ledger, int64 error_id, const char *notes)
{
	Datum		values[2];

	values[0] = Int64GetDatum(error_id);
	values[1] = CStringGetTextDatum(notes);
	return RunStatement(ledger, STATEMENT_RESOLVE_ERROR, values, NULL, NULL) > 0;
}
