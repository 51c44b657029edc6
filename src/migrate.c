/*
 * migrate.c
 *		run_as_owner(): how the migration scripts look at data.
 *
 * The script of a trusted extension runs as a superuser, but the tables may
 * belong to somebody else, with triggers, types and operators of theirs.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "relations.h"

PG_FUNCTION_INFO_V1(run_as_owner);

/*
 * run_as_owner(query): runs statements as the owner of documents, and leaves
 * nothing of the owner's to run later.  Returns the first column of the last
 * one's first row, an int8, or the number of rows that it changed.
 *
 * The scripts create it for themselves and drop it at their end.  Whatever it
 * runs of the owner's may drop and replace it, so no script calls it again
 * after a query that can.  Values of any length go to the trail meanwhile.
 */
Datum
run_as_owner(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedger(fcinfo);
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	CallerIdentity caller;
	int			result;
	int64		value;
	bool		is_null;

	SPI_connect();
	BecomeRestrictedOwner(&ledger, LedgerTable(&ledger, "documents"),
						  &caller);
	result = SPI_execute(query, false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", query,
			 SPI_result_code_string(result));
	BecomeCaller(&caller);

	value = result != SPI_OK_SELECT ? (int64) SPI_processed :
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &is_null));
	SPI_finish();
	PG_RETURN_INT64(value);
}
