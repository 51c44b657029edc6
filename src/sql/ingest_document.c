/*
 * ingest_document.c
 *		ingest_document(), try_ingest_document(), ingest_hashed_document(): one
 *		document, with its bytes or with their hash.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "../ingest/bad_documents.h"
#include "../lib/encoding.h"
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
 * ingest_document(), but a failure becomes a row of error_log.  The result has the
 * row's id.
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
	CheckEncoded("file_hash", VARDATA_ANY(digits), VARSIZE_ANY_EXHDR(digits));
	if (!ParseHash(VARDATA_ANY(digits), VARSIZE_ANY_EXHDR(digits),
				   document.hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file_hash is not a SHA-256 hash: \"%s\"",
						text_to_cstring(digits)),
				 errhint("A SHA-256 hash has 64 hexadecimal digits.")));
	return IngestOne(fcinfo, &document);
}
