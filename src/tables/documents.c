/*
 * documents.c
 *		Rows of documents: insert, heal, fail again, lock.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../access/columns.h"
#include "../access/statements.h"
#include "documents.h"

/*
 * The columns that an insert sets, and where their values come from: a field of
 * the document, or one of these.
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

/*
 * Locks documents before any other table, even if only a count will be written:
 * all transactions take the locks in this order.
 */
void
LockDocumentsTable(const Ledger *ledger)
{
	/* What cannot write gets its error later, from what it tries to write. */
	if (!XactReadOnly && !IsInParallelMode())
		table_close(OpenLedgerTable(ledger, "documents", RowExclusiveLock),
					NoLock);
}

/*
 * Opens documents for new rows, until CloseDocumentWriter().  The writer belongs
 * to the current memory context.
 */
DocumentWriter *
OpenDocumentWriter(const Ledger *ledger)
{
	DocumentWriter *writer = palloc(sizeof(DocumentWriter));

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	writer->rows = OpenRowWriter(ledger, "documents", CONFLICT_SKIP, NULL);
	for (int i = 0; i < INSERTED_COLUMNS; i++)
		writer->columns[i] = WriterColumn(writer->rows,
										  inserted_columns[i].name,
										  inserted_columns[i].class);
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

		if (value.isnull)
		{
			SetNull(rows, writer->columns[i]);
			continue;
		}
		if (inserted_columns[i].source == SIZE_COLUMN)
			value.value = IntegerDatum(document->size,
									   ColumnType(RelationGetDescr(rows->rel),
												  writer->columns[i]));
		SetColumn(rows, writer->columns[i], value.value);
	}
}

/* Reads the id of the row just written, and whether its hash is the document's. */
static InsertOutcome
ReadNewRow(RowWriter *rows, const Document *document, int64 *document_id)
{
	Datum		hash = RequiredColumn(rows->slot,
									  WriterColumn(rows, "file_hash",
												   COLUMN_TEXT));

	if (!IsHash(hash, document->hash))
		return INSERT_ALTERED;
	*document_id = RequiredInteger(rows->slot,
								   WriterColumn(rows, "id", COLUMN_INTEGER));
	return INSERT_DONE;
}

/*
 * Inserts a document unless its hash is in the table, waiting for sessions that
 * are inserting it.  Sets "document_id" if it did.
 */
InsertOutcome
InsertDocument(DocumentWriter *writer, const Document *document,
			   int64 *document_id)
{
	Assert(strlen(document->hash) == HASH_DIGITS);
	FillRow(writer, document);
	switch (WriteRow(writer->rows))
	{
		case ROW_STORED:
			return ReadNewRow(writer->rows, document, document_id);
		case ROW_CONFLICTS:
		case ROW_SUPPRESSED:
			break;
	}
	return INSERT_NOTHING;
}

/* Closes documents.  Its triggers now derive the other rows. */
void
CloseDocumentWriter(DocumentWriter *writer)
{
	CloseRowWriter(writer->rows);
	PopActiveSnapshot();
	pfree(writer);
}

/*
 * Runs a statement that updates a document, and returns whether it did.  The caller
 * may have no right to read documents, so an error must not describe the row: its
 * values are not the caller's.
 */
static bool
UpdateDocument(const Ledger *ledger, LedgerStatement statement, Datum *values,
			   const char *nulls)
{
	MemoryContext context = CurrentMemoryContext;
	uint64		nrows = 0;

	PG_TRY();
	{
		nrows = RunStatement(ledger, statement, values, nulls, NULL);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
			ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		error->detail = NULL;
		error->detail_log = NULL;
		ReThrowError(error);
	}
	PG_END_TRY();
	return nrows > 0;
}

/*
 * Makes a document that has failed a success, with a new text and metadata.
 * Returns false if it is gone, is a success, or has another hash by now.
 */
bool
HealDocument(const Ledger *ledger, int64 document_id, const Document *document)
{
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = document->fields[FIELD_TEXT].value;
	values[3] = document->fields[FIELD_METADATA].value;
	if (document->fields[FIELD_TEXT].isnull)
		nulls[2] = 'n';
	if (document->fields[FIELD_METADATA].isnull)
		nulls[3] = 'n';
	return UpdateDocument(ledger, STATEMENT_HEAL, values, nulls);
}

/*
 * Records that a document has failed once more: a new error message, if there is
 * one, replaces the old one.  Returns as HealDocument().
 */
bool
FailDocumentAgain(const Ledger *ledger, int64 document_id,
				  const Document *document)
{
	NullableDatum message = document->fields[FIELD_MESSAGE];
	Datum		values[3];
	char		nulls[3] = {' ', ' ', message.isnull ? 'n' : ' '};

	values[0] = Int64GetDatum(document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = message.value;
	return UpdateDocument(ledger, STATEMENT_FAIL_AGAIN, values, nulls);
}

/*
 * Locks a document's key until the transaction ends.  Returns the hash that it
 * has now, a text in the current memory context, or zero if it is gone.
 */
Datum
LockDocument(const Ledger *ledger, int64 document_id)
{
	Datum		values[1];
	Datum		hash;

	values[0] = Int64GetDatum(document_id);
	return RunStatement(ledger, STATEMENT_LOCK_DOCUMENT, values, NULL,
						&hash) > 0 ? hash : (Datum) 0;
}

/* Raises 23514 unless the ingestion_status of a row is one of V001's. */
void
CheckStatus(TupleTableSlot *slot, AttrNumber status)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, status, &is_null);

	if (!is_null && !IsValidStatus(value))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("ingestion_status \"%s\" is not valid",
						TextDatumGetCString(value)),
				 errhint("Valid values are success, failed and retry, in lower case.")));
}
