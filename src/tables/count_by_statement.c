/*
 * count_by_statement.c
 *		Counts of duplicates, read and written by SQL statements.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/statements.h"
#include "count_by_statement.h"

/* Returns the maximum of a count of this type. */
int64
MaxCount(Oid type)
{
	return type == INT8OID ? PG_INT64_MAX : PG_INT32_MAX;
}

/* Reads the count by statement.  Returns false if hash_index has no such row. */
bool
ReadCount(DuplicateCounter *counter, const char *hash, int64 document_id,
		  int64 *count)
{
	Datum		values[1];
	Datum		results[2];

	values[0] = CStringGetTextDatum(hash);
	if (RunStatement(counter->ledger, STATEMENT_GET_HASH, values, NULL,
					 results) == 0 ||
		DatumGetInt64(results[0]) != document_id)
		return false;
	*count = DatumGetInt64(results[1]);
	return true;
}

/* Locks a row by statement, and recounts.  Returns false if there is no such row. */
static bool
RecountByStatement(DuplicateCounter *counter, const char *hash,
				   int64 document_id, int64 *nduplicates)
{
	Datum		values[2];

	values[0] = CStringGetTextDatum(hash);
	values[1] = Int64GetDatum(document_id);
	if (RunStatement(counter->ledger, STATEMENT_LOCK_HASH, values, NULL,
					 NULL) == 0)
		return false;
	*nduplicates = counter->recount(counter->recount_argument);
	return true;
}

/* Counts by statement.  Returns false if hash_index has no such row. */
bool
CountByStatement(DuplicateCounter *counter, const char *hash, int64 document_id,
				 int64 nduplicates, int64 *count)
{
	TupleDesc	desc = RelationGetDescr(counter->rel);
	Oid			count_type = ColumnType(desc, counter->table.duplicate_count);
	bool		has_zone = ColumnType(desc, counter->table.last_seen) ==
		TIMESTAMPTZOID;
	Datum		values[4];
	Datum		result;

	if (counter->recount != NULL &&
		!RecountByStatement(counter, hash, document_id, &nduplicates))
		return false;
	if (nduplicates == 0)
		return ReadCount(counter, hash, document_id, count);
	values[0] = CStringGetTextDatum(hash);
	values[1] = Int64GetDatum(nduplicates);
	values[2] = Int64GetDatum(document_id);
	values[3] = Int64GetDatum(MaxCount(count_type));
	if (RunStatement(counter->ledger, has_zone ? STATEMENT_COUNT :
					 STATEMENT_COUNT_LOCAL, values, NULL, &result) == 0)
		return false;
	*count = DatumGetInt64(result);
	return true;
}
