/*
 * record_extraction.c
 *		record_extraction(): a document's text and metadata that arrive later.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "fmgr.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../tables/documents.h"
#include "ingest_call.h"
#include "text_argument.h"

PG_FUNCTION_INFO_V1(record_extraction);

/* Returns the width of documents.extractor in characters; 0 means no limit. */
static int
ExtractorLimit(const Ledger *ledger)
{
	Relation	rel = OpenLedgerTable(ledger, "documents", AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	int			limit = ColumnWidth(desc, ColumnNumber(desc, "documents",
													   "extractor",
													   COLUMN_TEXT));

	table_close(rel, NoLock);
	return limit;
}

/* Checks the arguments.  Raises 22004, 22021, 22023 or 22001. */
static void
CheckExtraction(FunctionCallInfo fcinfo, const Ledger *ledger)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("document_id must not be null")));
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("document_text and metadata_extracted must not both be null"),
				 errhint("For a document without any text, pass an empty text.")));
	CheckText(fcinfo, 1, "document_text");
	CheckText(fcinfo, 2, "metadata_extracted");
	(void) RequiredText(fcinfo, 3, "extractor", ExtractorLimit(ledger));
	if (PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("replace must not be null")));
}

/*
 * Locks a document against other changes until the transaction ends, and reads what
 * it has.  Raises P0002 if there is none.
 */
static Extracted
RequireDocument(const Ledger *ledger, int64 document_id)
{
	Extracted	extracted;

	if (!LockExtraction(ledger, document_id, &extracted))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("document " INT64_FORMAT " does not exist",
						document_id),
				 errhint("If it has been deleted, audit_log says when.")));
	return extracted;
}

/*
 * record_extraction(document_id, document_text, metadata_extracted, extractor,
 * replace): stores the text and metadata of a document.  Without "replace", stores
 * only what the document has none of.  Returns what it has stored.
 *
 * The row is locked first, so that of two sessions the second sees what the first
 * has stored.
 */
Datum
record_extraction(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	Extracted	stored;
	Extracted	store;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	LockTableToWrite(&ledger, "documents");
	CheckExtraction(fcinfo, &ledger);
	stored = RequireDocument(&ledger, PG_GETARG_INT64(0));
	store.text = !PG_ARGISNULL(1) && (!stored.text || PG_GETARG_BOOL(4));
	store.metadata = !PG_ARGISNULL(2) &&
		(!stored.metadata || PG_GETARG_BOOL(4));
	if (store.text || store.metadata)
		StoreExtraction(&ledger, PG_GETARG_INT64(0), fcinfo->args[1].value,
						fcinfo->args[2].value, PG_GETARG_DATUM(3), &store);
	values[0] = BoolGetDatum(store.text);
	values[1] = BoolGetDatum(store.metadata);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}
