/*
 * ingestion_errors.c
 *		log_ingestion_error(), resolve_ingestion_error(): failures that the client
 *		sees, such as those of the network or of a text extraction.
 */
#include "postgres.h"

#include "fmgr.h"

#include "../compat.h"
#include "../tables/error_log.h"
#include "text_argument.h"

PG_FUNCTION_INFO_V1(log_ingestion_error);
PG_FUNCTION_INFO_V1(resolve_ingestion_error);

/* The widths of error_log's columns, in characters. */
#define FILE_NAME_LIMIT 500
#define ERROR_TYPE_LIMIT 100
#define RESOLUTION_NOTES_LIMIT 1000

/*
 * log_ingestion_error(file_name, error_type, error_message): writes a row of
 * error_log, and returns its id.
 */
Datum
log_ingestion_error(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	char	   *file_name = TextArgument(fcinfo, 0, "file_name", FILE_NAME_LIMIT);
	char	   *type = TextArgument(fcinfo, 1, "error_type", ERROR_TYPE_LIMIT);
	char	   *message = TextArgument(fcinfo, 2, "error_message", 0);

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
	char	   *notes = TextArgument(fcinfo, 1, "resolution_notes",
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
