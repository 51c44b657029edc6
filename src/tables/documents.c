/*
 * documents.c
 *		Rows of documents: heal, fail again, lock, store an extraction.
 *
 * document_writer.c has new rows.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "../access/columns.h"
#include "../access/statements.h"
#include "documents.h"

/*
 * Updates a document by a statement that returns whether it has a text.  Returns
 * false if there is no such row.
 */
static bool
UpdateDocument(const Ledger *ledger, LedgerStatement statement, Datum *values,
			   const char *nulls, bool *has_text)
{
	Datum		result;

	if (RunStatement(ledger, statement, values, nulls, &result) == 0)
		return false;
	*has_text = DatumGetBool(result);
	return true;
}

/*
 * Makes a document that has failed a success, with a new text and metadata, and
 * what extracted them.  Returns false if it is gone, is a success, or has another hash by now.  Else sets
 * "has_text".
 */
bool
HealDocument(const Ledger *ledger, int64 document_id, const Document *document,
			 bool *has_text)
{
	Datum		values[5];
	char		nulls[5] = {' ', ' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = document->fields[FIELD_TEXT].value;
	values[3] = document->fields[FIELD_METADATA].value;
	values[4] = document->extractor;
	if (document->fields[FIELD_TEXT].isnull)
		nulls[2] = 'n';
	if (document->fields[FIELD_METADATA].isnull)
		nulls[3] = 'n';
	if (document->extractor == (Datum) 0)
		nulls[4] = 'n';
	return UpdateDocument(ledger, HasExtractor(ledger) ? STATEMENT_HEAL :
						  STATEMENT_HEAL_1_1, values, nulls, has_text);
}

/*
 * Records that a document has failed once more: a new error message, if there is
 * one, replaces the old one.  Returns as HealDocument().
 */
bool
FailDocumentAgain(const Ledger *ledger, int64 document_id,
				  const Document *document, bool *has_text)
{
	NullableDatum message = document->fields[FIELD_MESSAGE];
	Datum		values[3];
	char		nulls[3] = {' ', ' ', message.isnull ? 'n' : ' '};

	values[0] = Int64GetDatum(document_id);
	values[1] = CStringGetTextDatum(document->hash);
	values[2] = message.value;
	return UpdateDocument(ledger, STATEMENT_FAIL_AGAIN, values, nulls, has_text);
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

/*
 * Locks a document against other changes until the transaction ends, and reads
 * whether it has a text and metadata.  Returns false if it is gone.
 */
bool
LockExtraction(const Ledger *ledger, int64 document_id, Extracted *extracted)
{
	Datum		values[1];
	Datum		results[2];

	values[0] = Int64GetDatum(document_id);
	if (RunStatement(ledger, STATEMENT_LOCK_EXTRACTION, values, NULL,
					 results) == 0)
		return false;
	extracted->text = DatumGetBool(results[0]);
	extracted->metadata = DatumGetBool(results[1]);
	return true;
}

/*
 * Stores a text, metadata or both in a document that LockExtraction() has locked.
 * With a text, a document that has failed becomes a success.  Raises 27000 if a
 * user's trigger suppresses that.
 */
void
StoreExtraction(const Ledger *ledger, int64 document_id, Datum document_text,
				Datum metadata, Datum extractor, const Extracted *store)
{
	LedgerStatement statement = !store->metadata ? STATEMENT_STORE_TEXT :
		store->text ? STATEMENT_STORE_EXTRACTION : STATEMENT_STORE_METADATA;
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(document_id);
	values[1] = extractor;
	values[2] = document_text;
	values[3] = metadata;
	if (!store->text)
		nulls[2] = 'n';
	if (!store->metadata)
		nulls[3] = 'n';
	if (RunStatement(ledger, statement, values, nulls, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("the extraction of document " INT64_FORMAT " was not recorded",
						document_id),
				 errdetail("A trigger on documents suppressed the change.")));
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
