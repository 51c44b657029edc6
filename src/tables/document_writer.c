/*
 * document_writer.c
 *		New rows of documents, with the rows that follow from them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../access/index_search.h"
#include "../access/row_writer.h"
#include "../lib/derived.h"
#include "../lib/subtransaction.h"
#include "document_writer.h"

/*
 * The columns that an insert sets, in the order of the statement's parameters.  The
 * last two are there since 1.2; the time is no parameter.
 */
#define INSERTED_COLUMNS 11
#define INSERTED_COLUMNS_1_1 9
static const ColumnName inserted_columns[INSERTED_COLUMNS] = {
	{"file_name", COLUMN_TEXT},
	{"file_size_bytes", COLUMN_INTEGER},
	{"file_hash", COLUMN_TEXT},
	{"file_type", COLUMN_TEXT},
	{"ingestion_source", COLUMN_TEXT},
	{"document_text", COLUMN_TEXT},
	{"metadata_extracted", COLUMN_JSON},
	{"ingestion_status", COLUMN_TEXT},
	{"error_message", COLUMN_TEXT},
	{"extractor", COLUMN_TEXT},
	{"extracted_at", COLUMN_INSTANT}
};

/* Where their values come from: a field of the document, or one of these. */
#define SIZE_OF_DOCUMENT (-1)
#define HASH_OF_DOCUMENT (-2)
#define EXTRACTOR_OF_DOCUMENT (-3)
#define TIME_OF_EXTRACTION (-4)
static const int sources[INSERTED_COLUMNS] = {
	FIELD_NAME, SIZE_OF_DOCUMENT, HASH_OF_DOCUMENT, FIELD_TYPE, FIELD_SOURCE,
	FIELD_TEXT, FIELD_METADATA, FIELD_STATUS, FIELD_MESSAGE,
	EXTRACTOR_OF_DOCUMENT, TIME_OF_EXTRACTION
};

/* Opens the tables of the derived rows: WriteDerived()'s callback. */
static void
OpenDerived(void *argument)
{
	DocumentWriter *writer = argument;

	OpenDerivedRows(&writer->derived, writer->ledger,
					RelationGetDescr(writer->rows->rel),
					writer->rows->conflict_action);
}

/* Opens documents, and the tables of the derived rows. */
static DocumentWriter *
OpenWriter(const Ledger *ledger, ConflictAction conflict_action)
{
	DocumentWriter *writer = palloc(sizeof(DocumentWriter));

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	writer->ledger = ledger;
	writer->ncolumns = HasExtractor(ledger) ? INSERTED_COLUMNS :
		INSERTED_COLUMNS_1_1;
	writer->rows = OpenRowWriter(ledger, "documents", conflict_action,
								 inserted_columns, writer->ncolumns);
	if (writer->rows == NULL)
		return writer;
	writer->id = WriterColumn(writer->rows, "id", COLUMN_INTEGER);
	WriteDerived(OpenDerived, writer);
	return writer;
}

/*
 * Opens documents for InsertDocument(), until CloseDocumentWriter().  The caller has
 * switched to its owner.  The writer belongs to the current memory context.
 */
DocumentWriter *
OpenDocumentWriter(const Ledger *ledger)
{
	return OpenWriter(ledger, CONFLICT_SKIP);
}

/* Returns whether an insert into a table runs code of users'. */
static bool
TableRunsUsersCode(const RowWriter *rows)
{
	return rows == NULL || rows->has_index_code;
}

/*
 * Returns whether an insert runs code of users', of which the rows that follow must
 * find the settings.
 */
bool
RunsUsersCode(const DocumentWriter *writer)
{
	return TableRunsUsersCode(writer->rows) ||
		TableRunsUsersCode(writer->derived.hashes.rows);
}

/* Returns a document's value for a column. */
static NullableDatum
InsertedValue(const Document *document, int column)
{
	NullableDatum value = {.isnull = false};

	switch (sources[column])
	{
		case SIZE_OF_DOCUMENT:
			value.value = Int64GetDatum(document->size);
			break;
		case HASH_OF_DOCUMENT:
			value.value = CStringGetTextDatum(document->hash);
			break;
		case EXTRACTOR_OF_DOCUMENT:
			value.value = document->extractor;
			value.isnull = document->extractor == (Datum) 0;
			break;
		case TIME_OF_EXTRACTION:
			value.value = TransactionTime(TIMESTAMPTZOID);
			value.isnull = document->extractor == (Datum) 0;
			break;
		default:
			value = document->fields[sources[column]];
	}
	return value;
}

/* Sets the columns of a new row.  Without an extractor, the last ones stay NULL. */
static void
FillRow(DocumentWriter *writer, const Document *document)
{
	int			ncolumns = document->extractor != (Datum) 0 ?
		writer->ncolumns : INSERTED_COLUMNS_1_1;

	StartRow(writer->rows);
	for (int i = 0; i < ncolumns; i++)
	{
		NullableDatum value = InsertedValue(document, i);

		if (!value.isnull)
			SetColumn(writer->rows, i, value.value);
	}
}

/* Derives the rows of the document just inserted: WriteDerived()'s callback. */
static void
DeriveNewRow(void *argument)
{
	DocumentWriter *writer = argument;

	DeriveRows(&writer->derived, &writer->rows->slot, 1);
}

/* Closes the tables of the derived rows: WriteDerived()'s callback. */
static void
CloseDerived(void *argument)
{
	DocumentWriter *writer = argument;

	CloseDerivedRows(&writer->derived);
}

/*
 * Raises 27000: with the hash that a trigger has given to a document, it would never
 * be found again.
 */
static void
ReportAlteredHash(const Document *document)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("document \"%s\" could not be stored",
					TextDatumGetCString(document->fields[FIELD_NAME].value)),
			 errdetail("A trigger on documents gave it another file_hash than %s.",
					   document->hash),
			 errhint("Let the trigger leave file_hash as it is.")));
}

/*
 * Inserts a document by statement, so that the triggers of the table derive the
 * other rows.  Arguments and result as InsertDocument()'s.
 */
static InsertResult
InsertDocumentByStatement(const DocumentWriter *writer,
						  const Document *document, bool insist,
						  int64 *document_id, bool *has_text)
{
	/* If a trigger suppresses the row, that is an error anyway. */
	static const InsertStatements statements = {
		"documents", STATEMENT_INSERT_DOCUMENT, STATEMENT_INSERT_NEW_DOCUMENT,
		false
	};
	static const InsertStatements statements_1_1 = {
		"documents", STATEMENT_INSERT_DOCUMENT_1_1,
		STATEMENT_INSERT_NEW_DOCUMENT_1_1, false
	};
	InsertResult result;
	Datum		values[INSERTED_COLUMNS];
	char		nulls[INSERTED_COLUMNS];
	Datum		results[3];

	for (int i = 0; i < writer->ncolumns; i++)
	{
		NullableDatum value = InsertedValue(document, i);

		values[i] = value.value;
		nulls[i] = value.isnull ? 'n' : ' ';
	}
	result = InsertByStatement(writer->ledger,
							   writer->ncolumns == INSERTED_COLUMNS ?
							   &statements : &statements_1_1, insist, values,
							   nulls, results);
	if (result != ROW_STORED)
		return result;
	if (!IsHash(results[1], document->hash))
		ReportAlteredHash(document);
	*document_id = DatumGetInt64(results[0]);
	*has_text = DatumGetBool(results[2]);
	return ROW_STORED;
}

/*
 * Inserts a document unless its hash is in the table, waiting for sessions that
 * are inserting it.  Sets "document_id" and "has_text" if it did.  For "insist" see
 * InsertByStatement().
 */
InsertResult
InsertDocument(DocumentWriter *writer, const Document *document, bool insist,
			   int64 *document_id, bool *has_text)
{
	Assert(strlen(document->hash) == HASH_DIGITS);
	if (writer->rows == NULL)
		return InsertDocumentByStatement(writer, document, insist, document_id,
										 has_text);
	FillRow(writer, document);
	if (!WriteRow(writer->rows))
		return ROW_CONFLICTS;
	*document_id = RequiredInteger(writer->rows->slot, writer->id);
	*has_text = !document->fields[FIELD_TEXT].isnull;
	WriteDerived(DeriveNewRow, writer);
	return ROW_STORED;
}

/* Closes documents.  All derived rows are written now. */
void
CloseDocumentWriter(DocumentWriter *writer)
{
	if (writer->rows != NULL)
	{
		WriteDerived(CloseDerived, writer);
		CloseRowWriter(writer->rows);
	}
	PopActiveSnapshot();
	pfree(writer);
}

/* Documents to be inserted together. */
typedef struct DocumentRun
{
	const Ledger *ledger;
	Document  **documents;
	int			ndocuments;
	int64	   *ids;
	bool		is_done;
} DocumentRun;

/*
 * Returns whether rows of a table are written directly, and no code of a user's runs
 * between them.  Raises 55000 if no valid index keeps its hashes unique.
 */
static bool
CanWriteTogether(const RowWriter *rows)
{
	if (rows == NULL)
		return false;
	(void) FileHashIndex(rows->rel);
	return !HasExpressionIndex(rows);
}

/* Inserts the buffered rows, of documents from "first" on, and derives the others. */
static void
FlushDocuments(DocumentWriter *writer, DocumentRun *run, int first, int count)
{
	TupleTableSlot **slots = writer->rows->slots;

	FlushRows(writer->rows);
	for (int i = 0; i < count; i++)
		run->ids[first + i] = RequiredInteger(slots[i], writer->id);
	DeriveRows(&writer->derived, slots, count);
}

/* Inserts the documents of a run: TryInSubtransaction()'s callback. */
static void
InsertRows(void *argument)
{
	DocumentRun *run = argument;
	DocumentWriter *writer = OpenWriter(run->ledger, CONFLICT_ERROR);
	int			first = 0;

	run->is_done = CanWriteTogether(writer->rows) &&
		CanWriteTogether(writer->derived.hashes.rows);
	for (int i = 0; run->is_done && i < run->ndocuments; i++)
	{
		FillRow(writer, run->documents[i]);
		(void) WriteRow(writer->rows);
		if (writer->rows->nrows > 0 && i < run->ndocuments - 1)
			continue;
		FlushDocuments(writer, run, first, i + 1 - first);
		first = i + 1;
	}
	CloseDocumentWriter(writer);
}

/*
 * Inserts documents, in the order of their hashes, many rows at a time, and sets
 * "ids".  Returns false, with nothing inserted, if that cannot be done: because the
 * tables are not as shipped, a document is there already, or a value or constraint is
 * violated.  InsertDocument(), one by one, then tells which, and raises the error.
 */
bool
InsertDocuments(const Ledger *ledger, Document **documents, int ndocuments,
				int64 *ids)
{
	DocumentRun run = {
		.ledger = ledger, .documents = documents, .ndocuments = ndocuments,
		.ids = ids
	};
	ErrorData  *error = TryInSubtransaction(InsertRows, &run);
	int			category;

	if (error == NULL)
		return run.is_done;
	category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	if (category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
		category != ERRCODE_DATA_EXCEPTION)
		ReThrowError(error);
	FreeErrorData(error);
	return false;
}
