/*
 * ingest_functions.c
 *		SQL functions that ingest one document.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "bad_documents.h"
#include "compat.h"
#include "error_log.h"
#include "ingest.h"
#include "ingest_functions.h"
#include "relations.h"

PG_FUNCTION_INFO_V1(ingest_document);
PG_FUNCTION_INFO_V1(try_ingest_document);
PG_FUNCTION_INFO_V1(ingest_hashed_document);

/* Returns an argument, as the fields of a document hold it. */
static NullableDatum
GetArgument(FunctionCallInfo fcinfo, int number)
{
	return fcinfo->args[number];
}

/*
 * Fills in the fields, given the numbers of the arguments file_name and
 * file_type; all others follow the latter, in the order of the enum.
 */
void
GetFields(FunctionCallInfo fcinfo, int name, int type, Document *document)
{
	document->fields[FIELD_NAME] = GetArgument(fcinfo, name);
	for (int field = FIELD_TYPE; field < NUMBER_OF_FIELDS; field++)
		document->fields[field] = GetArgument(fcinfo,
											  type + field - FIELD_TYPE);
}

/* Sets size and hash of a document from its content, a bytea. */
void
HashContent(Document *document, Datum content)
{
	bytea	   *packed = DatumGetByteaPP(content);

	document->size = VARSIZE_ANY_EXHDR(packed);
	HashBytes(VARDATA_ANY(packed), document->size, document->hash);
	if ((Pointer) packed != DatumGetPointer(content))
		pfree(packed);
}

/*
 * Sets the values of a result row: what became of the document.  One that is in
 * error_log has no more than its hash, if that.
 */
void
FillResult(const Document *document, Datum *values, bool *nulls)
{
	nulls[0] = nulls[1] = nulls[3] = document->is_logged;
	nulls[2] = document->hash[0] == '\0';
	values[0] = Int64GetDatum(document->document_id);
	values[1] = BoolGetDatum(document->is_duplicate);
	values[2] = CStringGetTextDatum(document->hash);
	values[3] = Int64GetDatum(document->duplicate_count);
}

/*
 * Returns the type of the calling function's result row, kept for its calls.
 * To be had before the work: a user's trigger may drop the function meanwhile.
 */
static TupleDesc
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
 * Checks and ingests one document; returns the function's result row.  Reads
 * its content, unless that is done, only once all else is found good.
 */
Datum
IngestOne(FunctionCallInfo fcinfo, Document *document)
{
	Ledger		ledger = GetLedger(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	FieldLimits limits;
	Problem		problem;
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS];

	GetFieldLimits(&ledger, &limits);
	if (HasProblem(document, &limits, &problem))
		ReportProblem(document, &problem);
	if (document->hash_content != NULL)
		document->hash_content(document);
	IngestBatch(&ledger, document, 1);
	FillResult(document, values, nulls);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/*
 * ingest_document(file_name, content, file_type, ...): ingests a document that
 * comes with its bytes.
 */
Datum
ingest_document(PG_FUNCTION_ARGS)
{
	Document	document = {.position = 0};

	GetFields(fcinfo, 0, 2, &document);
	if (!PG_ARGISNULL(1))
		HashContent(&document, PG_GETARG_DATUM(1));
	return IngestOne(fcinfo, &document);
}

/*
 * try_ingest_document(file_name, content, file_type, ...): as
 * ingest_document(), but a failure becomes a row of error_log, whose id is in
 * the result.
 */
Datum
try_ingest_document(PG_FUNCTION_ARGS)
{
	Document	document = {.position = 0};
	Ledger		ledger = GetLedger(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	FieldLimits limits;
	Problem		problem;
	Datum		values[RESULT_COLUMNS + 1];
	bool		nulls[RESULT_COLUMNS + 1];

	GetFields(fcinfo, 0, 2, &document);
	if (!PG_ARGISNULL(1))
		HashContent(&document, PG_GETARG_DATUM(1));
	GetFieldLimits(&ledger, &limits);
	if (HasProblem(&document, &limits, &problem))
		LogBadDocument(&ledger, &document, problem.sqlstate, problem.message);
	else
		IngestOrLog(&ledger, &document, 1);
	FillResult(&document, values, nulls);
	values[RESULT_COLUMNS] = Int64GetDatum(document.error_id);
	nulls[RESULT_COLUMNS] = !document.is_logged;
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/*
 * ingest_hashed_document(file_name, file_hash, file_size_bytes, file_type,
 * ...): ingests a document whose bytes are elsewhere.
 */
Datum
ingest_hashed_document(PG_FUNCTION_ARGS)
{
	Document	document = {.hash_was_given = true};
	text	   *digits;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("file_hash must not be null")));
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("file_size_bytes must not be null")));
	GetFields(fcinfo, 0, 3, &document);
	document.size = PG_GETARG_INT64(2);

	digits = PG_GETARG_TEXT_PP(1);
	if (!ParseHash(VARDATA_ANY(digits), VARSIZE_ANY_EXHDR(digits),
				   document.hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file_hash is not a SHA-256 hash: \"%s\"",
						text_to_cstring(digits)),
				 errhint("It has 64 hexadecimal digits.")));
	return IngestOne(fcinfo, &document);
}
