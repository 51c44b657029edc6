/*
 * documents.c
 *		Rows of documents: heal, fail again, lock.
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
 * Makes a document that has failed a success, with a new text and metadata.
 * Returns false if it is gone, is a success, or has another hash by now.  Else sets
 * "has_text".
 */
bool
HealDocument(const Ledger *ledger, int64 document_id, const Document *document,
			 bool *has_text)
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
	return UpdateDocument(ledger, STATEMENT_HEAL, values, nulls, has_text);
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
