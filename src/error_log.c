/*
 * error_log.c
 *		Rows of error_log: what could not be ingested, and why.
 *
 * A failure is worth more than its full wording: what is too long for a column
 * is cut here, and nowhere else.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "condition.h"
#include "error_log.h"
#include "writer.h"

/* Stands for the name of a document that came without one. */
#define NO_FILE_NAME "(no file name)"

/* Returns a text that is cut to so many characters, an ellipsis at its end. */
static char *
CutText(const char *value, int width)
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

/* Sets a column of the row to a text, which is cut to fit. */
static void
SetCutColumn(RowWriter *writer, const char *column, const char *value)
{
	AttrNumber	number = WriterColumn(writer, column, COLUMN_TEXT);
	int			width = ColumnWidth(RelationGetDescr(writer->rel), number);
	char	   *cut = CutText(value, width);

	SetColumn(writer, number, CStringGetTextDatum(cut));
}

/*
 * Writes a row, as the tables' owner; returns its id.  An error where a user's
 * trigger suppresses it: the failure would be lost from sight.
 */
int64
LogError(const Ledger *ledger, const char *file_name, const char *type,
		 const char *message)
{
	RowWriter  *writer = OpenRowWriter(ledger, "error_log", false);
	MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	int64		id;

	StartRow(writer);
	SetCutColumn(writer, "file_name", file_name);
	SetCutColumn(writer, "error_type", type);
	SetCutColumn(writer, "error_message", message);
	if (WriteRow(writer) != ROW_STORED)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the failure of \"%s\" was not recorded", file_name),
				 errdetail("A trigger on error_log suppressed its row.")));
	id = RequiredInteger(writer->slot,
						 WriterColumn(writer, "id", COLUMN_INTEGER));
	MemoryContextSwitchTo(old);
	CloseRowWriter(writer);
	return id;
}

/* Writes the row of a document that could not be ingested, and notes its id. */
void
LogBadDocument(const Ledger *ledger, Document *document, int sqlstate,
			   const char *message)
{
	NullableDatum name = document->fields[FIELD_NAME];
	char	   *file_name = name.isnull ? pstrdup(NO_FILE_NAME) :
		TextDatumGetCString(name.value);
	char	   *full = document->position == 0 ? pstrdup(message) :
		psprintf("document " INT64_FORMAT " of the batch: %s",
				 document->position, message);

	document->is_logged = true;
	document->error_id = LogError(ledger, file_name, ConditionName(sqlstate),
								  full);
	pfree(full);
	pfree(file_name);
}
