/*
 * ingest_document.c
 *		ingest_document(), try_ingest_document(), ingest_hashed_document(): one
 *		document, with its bytes or with their hash.
 */
#include "postgres.h"

#include "fmgr.h"

#include "../ingest/bad_documents.h"
#include "../tables/error_log.h"
#include "ingest_call.h"

PG_FUNCTION_INFO_V1(ingest_document);
PG_FUNCTION_INFO_V1(try_ingest_document);
PG_FUNCTION_INFO_V1(ingest_hashed_document);

/*
 * ingest_document(file_name, content, file_type, ...): ingests a document that is
 * given with its bytes.
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
 * ingest_document(), but a failure becomes a row of error_log, whose id is in the
 * result.
 */
Datum
try_ingest_document(PG_FUNCTION_ARGS)
{
	Document	document = {.position = 0};
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	FieldLimits limits;
	Problem		problem;

	GetFields(fcinfo, 0, 2, &document);
	if (!PG_ARGISNULL(1))
		HashContent(&document, PG_GETARG_DATUM(1));
	GetFieldLimits(&ledger, &limits);
	if (HasProblem(&document, &limits, &problem))
		LogBadDocument(&ledger, &document, problem.sqlstate, problem.message);
	else
		IngestOrLog(&ledger, &document, 1);
	return ResultRow(desc, &document);
}

/*
 * ingest_hashed_document(file_name, file_hash, file_size_bytes, file_type,
 * ...): ingests a document whose bytes are elsewhere.
 */
Datum
ingest_hashed_document(PG_FUNCTION_ARGS)
{
	Document	document = {.hash_was_given = true};

	GetFields(fcinfo, 0, 3, &document);
	document.given_hash = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	document.lacks_size = PG_ARGISNULL(2);
	if (!PG_ARGISNULL(2))
		document.size = PG_GETARG_INT64(2);
	return IngestOne(fcinfo, &document);
}
