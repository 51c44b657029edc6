/*
 * ingest_call.c
 *		What the ingest functions share: arguments, checks, result row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "../ingest/ingest.h"
#include "../tables/locations.h"
#include "ingest_call.h"

/*
 * Raises 0A000 if the ledger does not store where a document was seen, as this
 * argument says.
 */
void
CheckStoresLocations(FunctionCallInfo fcinfo, const char *argument)
{
	Ledger		ledger = GetLedger(fcinfo);

	if (HasLocations(&ledger))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("argument %s is not supported below version 1.2",
					argument),
			 errdetail("Version 1.2 stores it in document_locations."),
			 errhint("Leave the argument out, or let it be NULL, or use ALTER EXTENSION doc_extractor UPDATE TO '1.2'.")));
}

/*
 * Sets where a document was seen, given the number of the argument location.  The
 * others follow it.  Raises 0A000 if the ledger does not store that.
 */
static void
GetLocation(FunctionCallInfo fcinfo, int location, Document *document)
{
	static const char *const names[] = {"location", "modified_at", "fingerprint"};

	for (int i = 0; i < (int) lengthof(names); i++)
		if (!PG_ARGISNULL(location + i))
			CheckStoresLocations(fcinfo, names[i]);
	document->location = fcinfo->args[location];
	document->modified_at = fcinfo->args[location + 1];
	document->fingerprint = fcinfo->args[location + 2];
}

/*
 * Sets the fields of a document, given the numbers of the arguments file_name and
 * file_type.  The others follow file_type, in the order of the enum, and then those
 * of its location.
 */
void
GetFields(FunctionCallInfo fcinfo, int name, int type, Document *document)
{
	document->fields[FIELD_NAME] = fcinfo->args[name];
	for (int field = FIELD_TYPE; field < NUMBER_OF_FIELDS; field++)
		document->fields[field] = fcinfo->args[type + field - FIELD_TYPE];
	GetLocation(fcinfo, type + NUMBER_OF_FIELDS - FIELD_TYPE, document);
}

/*
 * Returns the type of the calling function's result row, which is kept for the
 * function's further calls.  Call it before the work: a user's trigger may drop the
 * function meanwhile.
 */
TupleDesc
ResultRowType(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc	desc;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("function returning record called in context that cannot accept type record")));
		fcinfo->flinfo->fn_extra = BlessTupleDesc(desc);
		MemoryContextSwitchTo(old);
	}
	return fcinfo->flinfo->fn_extra;
}

/*
 * Sets the values of a result row to what became of a document.  If it is in
 * error_log, all are NULL except error_id, and the hash, if that is known.
 */
void
FillResult(const Document *document, Datum *values, bool *nulls)
{
	Assert(document->is_logged || document->document_id != 0);
	memset(nulls, document->is_logged, RESULT_COLUMNS * sizeof(bool));
	nulls[2] = document->hash[0] == '\0';
	values[0] = Int64GetDatum(document->document_id);
	values[1] = BoolGetDatum(document->is_duplicate);
	values[2] = CStringGetTextDatum(document->hash);
	values[3] = Int64GetDatum(document->duplicate_count);
	values[4] = BoolGetDatum(document->at_location);
	values[5] = BoolGetDatum(document->has_text);
	values[6] = Int64GetDatum(document->error_id);
	nulls[6] = !document->is_logged;
}

/*
 * Checks a document, and raises an error if it has a problem.  Reads the content,
 * unless its hash is known, after all other checks.
 */
void
CheckDocument(const FieldLimits *limits, Document *document)
{
	Problem		problem;

	if (HasProblem(document, limits, &problem))
		ReportProblem(document, &problem);
	if (document->hash_content != NULL)
		document->hash_content(document);
}

/* Returns the result row of a document, of the type that ResultRowType() returns. */
Datum
ResultRow(TupleDesc desc, const Document *document)
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS];

	Assert(desc->natts == RESULT_COLUMNS || desc->natts == RESULT_COLUMNS - 1);
	FillResult(document, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* Checks and ingests one document, and returns the function's result row. */
Datum
IngestOne(FunctionCallInfo fcinfo, Document *document)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	FieldLimits limits;

	GetFieldLimits(&ledger, &limits);
	CheckDocument(&limits, document);
	IngestBatch(&ledger, document, 1);
	return ResultRow(desc, document);
}
