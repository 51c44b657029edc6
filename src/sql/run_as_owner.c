/*
 * run_as_owner.c
 *		run_as_owner(): how the extension's scripts read and change data.
 *
 * The script of a trusted extension runs as a superuser, but the tables can belong
 * to another role, which may have added triggers, types and operators.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "../access/identity.h"

PG_FUNCTION_INFO_V1(run_as_owner);

/*
 * run_as_owner(query): runs statements as the owner of documents, and leaves none
 * of the owner's code behind to run later.  Returns the first column of the last
 * statement's first row, an int8, or the number of rows that it changed.
 *
 * A script creates this function and drops it at its end.  Any statement on the
 * owner's tables can run the owner's code: even to plan a query evaluates what is
 * constant in the expressions of indexes.  The trail stores values of any length
 * meanwhile.
 */
Datum
run_as_owner(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedger(fcinfo);
	char	   *schema_name = get_namespace_name(ledger.schema);
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	CallerIdentity caller;
	int			result;
	int64		value;
	bool		is_null;

	SPI_connect();
	SwitchToRestrictedOwner(&ledger, LedgerTableOid(&ledger, "documents"),
							&caller);
	result = SPI_execute(query, false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", query,
			 SPI_result_code_string(result));
	SwitchBack(&caller);
	CheckLedgerStays(&ledger, schema_name, fcinfo);

	value = result != SPI_OK_SELECT ? (int64) SPI_processed :
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &is_null));
	SPI_finish();
	PG_RETURN_INT64(value);
}
