/*
 * document_writer.c
 *		New rows of documents, with the rows that follow from them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../access/insert_statement.h"
#include "../access/row_writer.h"
#include "../lib/derived.h"
#include "document_writer.h"

/*
 * The columns that an insert sets, in the order of the statement's parameters, and
 * where their values come from: a field of the document, or one of these.
 */
#define SIZE_COLUMN (-1)
#define HASH_COLUMN (-2)
static const struct
{
	const char *name;
	ColumnClass class;
	int			source;
}			inserted_columns[INSERTED_COLUMNS] = {
	{"file_name", COLUMN_TEXT, FIELD_NAME},
	{"file_size_bytes", COLUMN_INTEGER, SIZE_COLUMN},
	{"file_hash", COLUMN_TEXT, HASH_COLUMN},
	{"file_type", COLUMN_TEXT, FIELD_TYPE},
	{"ingestion_source", COLUMN_TEXT, FIELD_SOURCE},
	{"document_text", COLUMN_TEXT, FIELD_TEXT},
	{"metadata_extracted", COLUMN_JSON, FIELD_METADATA},
	{"ingestion_status", COLUMN_TEXT, FIELD_STATUS},
	{"error_message", COLUMN_TEXT, FIELD_MESSAGE}
};

/* Opens the tables of the derived rows: WriteDerived()'s callback. */
static void
OpenDerived(void *argument)
{
	DocumentWriter *writer = argument;

	OpenDerivedRows(&writer->derived, writer->ledger,
					RelationGetDescr(writer->rows->rel));
}

/*
 * Opens documents for new rows, until CloseDocumentWriter().  The caller has
 * switched to its owner.  The writer belongs to the current memory context.
 */
DocumentWriter *
OpenDocumentWriter(const Ledger *ledger)
{
	DocumentWriter *writer = palloc(sizeof(DocumentWriter));

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	writer->ledger = ledger;
	writer->rows = OpenRowWriter(ledger, "documents", CONFLICT_SKIP);
	if (writer->rows == NULL)
		return writer;
	for (int i = 0; i < INSERTED_COLUMNS; i++)
		writer->columns[i] = WriterColumn(writer->rows,
										  inserted_columns[i].name,
										  inserted_columns[i].class);
	writer->id = WriterColumn(writer->rows, "id", COLUMN_INTEGER);
	WriteDerived(OpenDerived, writer);
	return writer;
}

/* Returns a document's value for a column. */
static NullableDatum
InsertedValue(const Document *document, int source)
{
	NullableDatum value = {.isnull = false};

	if (source == SIZE_COLUMN)
		value.value = Int64GetDatum(document->size);
	else if (source == HASH_COLUMN)
		value.value = CStringGetTextDatum(document->hash);
	else
		value = document->fields[source];
	return value;
}

/* Sets the columns of a new row. */
static void
FillRow(DocumentWriter *writer, const Document *document)
{
	RowWriter  *rows = writer->rows;

	StartRow(rows);
	for (int i = 0; i < INSERTED_COLUMNS; i++)
	{
		NullableDatum value = InsertedValue(document, inserted_columns[i].source);
		Oid			type;

		if (value.isnull)
		{
			SetNull(rows, writer->columns[i]);
			continue;
		}
		type = ColumnType(RelationGetDescr(rows->rel), writer->columns[i]);
		if (inserted_columns[i].class == COLUMN_INTEGER)
			value.value = IntegerDatum(document->size, type);
		else if (inserted_columns[i].class == COLUMN_JSON)
			value.value = JsonDatum(value.value, type);
		SetColumn(rows, writer->columns[i], value.value);
	}
}

/* Derives the rows of the document just inserted: WriteDerived()'s callback. */
static void
DeriveNewRow(void *argument)
{
	DocumentWriter *writer = argument;

	DeriveRows(&writer->derived, writer->rows->slot);
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
static bool
InsertDocumentByStatement(const Ledger *ledger, const Document *document,
						  bool insist, int64 *document_id)
{
	static const InsertStatements statements = {
		"documents", STATEMENT_INSERT_DOCUMENT, STATEMENT_INSERT_NEW_DOCUMENT
	};
	Datum		values[INSERTED_COLUMNS];
	char		nulls[INSERTED_COLUMNS];
	Datum		results[2];

	for (int i = 0; i < INSERTED_COLUMNS; i++)
	{
		NullableDatum value = InsertedValue(document, inserted_columns[i].source);

		values[i] = value.value;
		nulls[i] = value.isnull ? 'n' : ' ';
	}
	if (InsertByStatement(ledger, &statements, insist, values, nulls,
						  results) != ROW_STORED)
		return false;
	if (!IsHash(results[1], document->hash))
		ReportAlteredHash(document);
	*document_id = DatumGetInt64(results[0]);
	return true;
}

/*
 * Inserts a document unless its hash is in the table, waiting for sessions that
 * are inserting it.  Sets "document_id" and returns true if it did.  For "insist" see
 * InsertByStatement().
 */
bool
InsertDocument(DocumentWriter *writer, const Document *document, bool insist,
			   int64 *document_id)
{
	Assert(strlen(document->hash) == HASH_DIGITS);
	if (writer->rows == NULL)
		return InsertDocumentByStatement(writer->ledger, document, insist,
										 document_id);
	FillRow(writer, document);
	if (!WriteRow(writer->rows))
		return false;
	*document_id = RequiredInteger(writer->rows->slot, writer->id);
	WriteDerived(DeriveNewRow, writer);
	return true;
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
