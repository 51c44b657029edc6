/*
 * relations.c
 *		The extension's tables: found by schema, written as their owner.
 *
 * A table is looked up in the schema of the function that asks, or of the
 * table whose trigger fired, never through search_path.  Columns are found by
 * name, as their numbers differ after an update and a rollback.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "relations.h"

/* Returns the schema of an SQL function of ours, which is the extension's. */
Oid
FunctionSchema(Oid function_id)
{
	return get_func_namespace(function_id);
}

/* Returns the table "name" of the extension in "schema". */
Oid
LedgerTable(Oid schema, const char *name)
{
	Oid			table = get_relname_relid(name, schema);

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" has no table \"%s\"",
						get_namespace_name(schema), name),
				 errhint("The functions of doc_extractor work on the tables in their own schema.")));
	return table;
}

/* Tells whether a table is one of the extension's. */
bool
IsLedgerTable(Oid schema, Oid table)
{
	static const char *const names[] = {
		"documents", "hash_index", "audit_log", "error_log"
	};

	for (size_t i = 0; i < lengthof(names); i++)
		if (get_relname_relid(names[i], schema) == table)
			return true;
	return false;
}

/* Returns the number of a column that every version of a table has. */
AttrNumber
ColumnNumber(TupleDesc desc, const char *table, const char *column)
{
	int			number = SPI_fnumber(desc, column);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"", table, column)));
	return number;
}

/*
 * Takes on the identity of the owner of "table", as referential integrity does
 * for its own queries.  An error on the way needs no clean-up: the abort of
 * the (sub)transaction brings the caller's identity back.
 */
void
BecomeOwner(Oid table, CallerIdentity *caller)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);

	GetUserIdAndSecContext(&caller->user_id, &caller->security_context);
	SetUserIdAndSecContext(owner,
						   caller->security_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
}

/* Goes back to the identity that BecomeOwner() saved. */
void
BecomeCaller(const CallerIdentity *caller)
{
	SetUserIdAndSecContext(caller->user_id, caller->security_context);
}

/* Returns an integer column's value, whichever width the column has. */
int64
IntegerValue(Datum value, Oid type)
{
	return type == INT8OID ? DatumGetInt64(value) : DatumGetInt32(value);
}

/* Returns "value" for an integer column; an error where it does not fit. */
Datum
IntegerDatum(int64 value, Oid type)
{
	if (type == INT8OID)
		return Int64GetDatum(value);
	return DirectFunctionCall1(int84, Int64GetDatum(value));
}

/* Returns now() for a timestamp column, with or without a time zone. */
Datum
TransactionTime(Oid type)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());

	return type == TIMESTAMPTZOID ? now :
		DirectFunctionCall1(timestamptz_timestamp, now);
}
