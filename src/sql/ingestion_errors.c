/*
 * ingestion_errors.c
 *		log_ingestion_error(), resolve_ingestion_error(): failures that the client
 *		sees, such as those of the network or of a text extraction.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "../compat.h"
#include "../lib/encoding.h"
#include "../tables/document.h"
#include "../tables/error_log.h"

PG_FUNCTION_INFO_V1(log_ingestion_error);
PG_FUNCTION_INFO_V1(resolve_ingestion_error);

/* The widths of error_log's columns, in characters. */
#define FILE_NAME_LIMIT 500
#define ERROR_TYPE_LIMIT 100
#define RESOLUTION_NOTES_LIMIT 1000

/*
 * Returns an argument.  Raises 22004 if it is NULL, 22021 if it is not in the
 * database's encoding, 22023 if it is blank, 22001 if it is longer than "limit"
 * characters, unless that is 0.
 */
static char *
GetText(FunctionCallInfo fcinfo, int number, const char *name, int limit)
{
	char	   *value;

	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	value = text_to_cstring(PG_GETARG_TEXT_PP(number));
	CheckEncoded(name, value, strlen(value));
	if (IsBlank(value, strlen(value)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be blank", name)));
	if (limit > 0 && pg_mbstrlen(value) > limit)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("%s is too long: %d characters, at most %d are allowed",
						name, pg_mbstrlen(value), limit)));
	return value;
}

/*
 * log_ingestion_error(file_name, error_type, error_message): writes a row of
 * error_log, and returns its id.
 */
Datum
log_ingestion_error(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	char	   *file_name = GetText(fcinfo, 0, "file_name", FILE_NAME_LIMIT);
	char	   *type = GetText(fcinfo, 1, "error_type", ERROR_TYPE_LIMIT);
	char	   *message = GetText(fcinfo, 2, "error_message", 0);

	PG_RETURN_INT64(LogError(&ledger, file_name, type, message));
}

/*
 * resolve_ingestion_error(error_id, resolution_notes): records in a row of
 * error_log what became of the failure.
 */
Datum
resolve_ingestion_error(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	char	   *notes = GetText(fcinfo, 1, "resolution_notes",
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
