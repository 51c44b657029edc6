/*
 * error_log.c
 *		Rows of error_log: what could not be ingested, why, and what became of it.
 *
 * A failure is worth more than its full wording: here, and nowhere else, a value
 * that is too long for its column is truncated.
 */
#include "postgres.h"

#include "access/table.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../access/identity.h"
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

/*
 * The columns of a row, in the order of the statement's parameters.  What identifies
 * the file, beside its name, is there since 1.2.
 */
#define LOGGED_COLUMNS 6
#define LOGGED_COLUMNS_1_1 3
static const ColumnName logged_columns[LOGGED_COLUMNS] = {
	{"file_name", COLUMN_TEXT},
	{"error_type", COLUMN_TEXT},
	{"error_message", COLUMN_TEXT},
	{"ingestion_source", COLUMN_TEXT},
	{"location", COLUMN_TEXT},
	{"file_hash", COLUMN_TEXT}
};

/*
 * Returns whether error_log says of failures more than the name of the file, as since
 * 1.2.  Below it, columns with these names are a user's own.
 */
bool
IdentifiesFailures(const Ledger *ledger)
{
	return OidIsValid(FindLedgerTable(ledger, "document_locations")) &&
		get_attnum(LedgerTableOid(ledger, "error_log"), "file_hash") > 0;
}

/* The values of a row. */
typedef struct ErrorRow
{
	int			ncolumns;		/* that the ledger has */
	Datum		values[LOGGED_COLUMNS];
	char		nulls[LOGGED_COLUMNS];
} ErrorRow;

/* Sets the values of a row, texts truncated to fit. */
static void
FillErrorRow(const Ledger *ledger, const Failure *failure, ErrorRow *row)
{
	const char *texts[LOGGED_COLUMNS] = {
		failure->file_name, failure->type, failure->message,
		failure->source, failure->location, failure->hash
	};
	Relation	rel = OpenLedgerTable(ledger, "error_log", AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	row->ncolumns = IdentifiesFailures(ledger) ? LOGGED_COLUMNS :
		LOGGED_COLUMNS_1_1;
	for (int i = 0; i < row->ncolumns; i++)
	{
		AttrNumber	column = ColumnNumber(desc, "error_log",
										  logged_columns[i].name,
										  logged_columns[i].class);

		row->nulls[i] = texts[i] == NULL ? 'n' : ' ';
		row->values[i] = texts[i] == NULL ? (Datum) 0 :
			CStringGetTextDatum(TruncateText(texts[i],
											 ColumnWidth(desc, column)));
	}
	table_close(rel, NoLock);
}

/* Inserts a row, and sets its id.  Returns false if a trigger suppresses it. */
static bool
InsertError(const Ledger *ledger, ErrorRow *row, int64 *id)
{
	RowWriter  *rows = OpenRowWriter(ledger, "error_log", CONFLICT_ERROR,
									 logged_columns, row->ncolumns);
	Datum		result;

	if (rows == NULL)
	{
		if (RunStatement(ledger, row->ncolumns == LOGGED_COLUMNS ?
						 STATEMENT_INSERT_ERROR : STATEMENT_INSERT_ERROR_1_1,
						 row->values, row->nulls, &result) == 0)
			return false;
		*id = DatumGetInt64(result);
		return true;
	}
	StartRow(rows);
	for (int i = 0; i < row->ncolumns; i++)
		if (row->nulls[i] == ' ')
			SetColumn(rows, i, row->values[i]);
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
LogError(const Ledger *ledger, const Failure *failure)
{
	ErrorRow	row;
	CallerIdentity caller;
	int64		id;

	LockTableToWrite(ledger, "error_log");
	FillErrorRow(ledger, failure, &row);
	SwitchToOwner(ledger, LedgerTableOid(ledger, "error_log"), &caller);
	if (!InsertError(ledger, &row, &id))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the failure of \"%s\" was not recorded",
						failure->file_name),
				 errdetail("A trigger on error_log suppressed its row.")));
	SwitchBack(&caller);
	return id;
}

/* A failure for LogError(), and the id that it returns. */
typedef struct FailureToLog
{
	const Ledger *ledger;
	Failure		failure;
	int64		id;
} FailureToLog;

/* Logs it: WriteDerived()'s callback. */
static void
LogFailure(void *argument)
{
	FailureToLog *log = argument;

	log->id = LogError(log->ledger, &log->failure);
}

/*
 * Returns a document's location as a text that can be stored, or NULL if it has none.
 * A blank one tells no file from another.
 */
static char *
PrintableLocation(const Document *document)
{
	char	   *location = PrintableText(document->location);

	return location == NULL || IsBlank(location, strlen(location)) ? NULL :
		location;
}

/* Writes the row of a document that could not be ingested, and sets its id. */
void
LogBadDocument(const Ledger *ledger, Document *document, int sqlstate,
			   const char *message)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "doc_extractor failure",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	char	   *name = PrintableName(document);
	/* A user's trigger may have put a text from elsewhere into its message. */
	char	   *printable = EscapeInvalid(message, strlen(message));
	FailureToLog log = {.ledger = ledger};

	Assert(!document->is_logged);
	FillDefaults(document);
	log.failure = (Failure) {
		.file_name = name != NULL ? name : NO_FILE_NAME,
		.type = ConditionName(sqlstate),
		.message = document->position == 0 ? printable :
		psprintf("document " INT64_FORMAT " of the batch: %s",
				 document->position, printable),
		.source = PrintableText(document->fields[FIELD_SOURCE]),
		.location = PrintableLocation(document),
		.hash = document->hash[0] == '\0' ? NULL : document->hash
	};
	document->is_logged = true;
	/* The rest of the batch is still to come. */
	LockTableToWrite(ledger, "documents");
	LockTableToWrite(ledger, "document_locations");
	LockTableToWrite(ledger, "hash_index");
	LockTableToWrite(ledger, "audit_log");
	WriteDerived(LogFailure, &log);
	document->error_id = log.id;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Sets the notes of a row.  Returns false if there is no such row. */
bool
ResolveError(const Ledger *ledger, int64 error_id, const char *notes)
{
	Datum		values[2];

	LockTableToWrite(ledger, "error_log");
	values[0] = Int64GetDatum(error_id);
	values[1] = CStringGetTextDatum(notes);
	return RunStatement(ledger, STATEMENT_RESOLVE_ERROR, values, NULL, NULL) > 0;
}
