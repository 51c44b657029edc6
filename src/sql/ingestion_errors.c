/*
 * ingestion_errors.c
 *		log_ingestion_error(), log_failed_document(), resolve_ingestion_error():
 *		failures that the client sees, such as those of the network or of a text
 *		extraction.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "../compat.h"
#include "../tables/error_log.h"
#include "text_argument.h"

PG_FUNCTION_INFO_V1(log_ingestion_error);
PG_FUNCTION_INFO_V1(log_failed_document);
PG_FUNCTION_INFO_V1(resolve_ingestion_error);

/* The widths of error_log's columns, in characters. */
#define FILE_NAME_LIMIT 500
#define ERROR_TYPE_LIMIT 100
#define SOURCE_LIMIT 255
#define RESOLUTION_NOTES_LIMIT 1000

/* Returns what the first three arguments say of a failure. */
static Failure
GetFailure(FunctionCallInfo fcinfo)
{
	Failure		failure = {
		.file_name = RequiredText(fcinfo, 0, "file_name", FILE_NAME_LIMIT),
		.type = RequiredText(fcinfo, 1, "error_type", ERROR_TYPE_LIMIT),
		.message = RequiredText(fcinfo, 2, "error_message", 0)
	};

	return failure;
}

/*
 * log_ingestion_error(file_name, error_type, error_message): writes a row of
 * error_log, and returns its id.
 */
Datum
log_ingestion_error(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	Failure		failure = GetFailure(fcinfo);

	PG_RETURN_INT64(LogError(&ledger, &failure));
}

/* Returns the hash in an argument in lower case.  Raises 22023 if it is none. */
static char *
GetHash(FunctionCallInfo fcinfo, int number)
{
	char	   *digits = RequiredText(fcinfo, number, "file_hash", 0);
	char	   *hash = palloc(HASH_SIZE);

	if (!ParseHash(digits, strlen(digits), hash))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file_hash is not a SHA-256 hash: \"%s\"", digits),
				 errhint("A SHA-256 hash has 64 hexadecimal digits.")));
	return hash;
}

/*
 * log_failed_document(file_name, error_type, error_message, ingestion_source,
 * location, file_hash): the same with what identifies the file.
 */
Datum
log_failed_document(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	Failure		failure = GetFailure(fcinfo);

	failure.source = PG_ARGISNULL(3) ? DefaultValue(FIELD_SOURCE) :
		RequiredText(fcinfo, 3, "ingestion_source", SOURCE_LIMIT);
	if (!PG_ARGISNULL(4))
		failure.location = RequiredText(fcinfo, 4, "location", 0);
	if (!PG_ARGISNULL(5))
		failure.hash = GetHash(fcinfo, 5);
	PG_RETURN_INT64(LogError(&ledger, &failure));
}

/*
 * resolve_ingestion_error(error_id, resolution_notes): records in a row of
 * error_log what became of the failure.
 */
Datum
resolve_ingestion_error(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	char	   *notes = RequiredText(fcinfo, 1, "resolution_notes",
								RESOLUTION_NOTES_LIMIT);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("error_id must not be null")));
	if (!ResolveError(&ledger, PG_GETARG_INT64(0), notes))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("error_log has no row " INT64_FORMAT,
						PG_GETARG_INT64(0))));
	PG_RETURN_VOID();
}
