/*
 * columns.c
 *		Columns of the extension's tables: found by name, read, and filled in.
 *
 * Column numbers differ between a ledger of one version and one that was
 * updated to it, so a column is always found by its name.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "../compat.h"
#include "columns.h"

/* Returns whether a type belongs to a class. */
static bool
IsOfClass(Oid type, ColumnClass class)
{
	switch (class)
	{
		case COLUMN_INTEGER:
			return type == INT4OID || type == INT8OID;
		case COLUMN_TEXT:
			return type == VARCHAROID || type == TEXTOID;
		case COLUMN_TIME:
			return type == TIMESTAMPOID || type == TIMESTAMPTZOID;
		case COLUMN_INSTANT:
			return type == TIMESTAMPTZOID;
		case COLUMN_JSON:
			return type == JSONOID || type == JSONBOID;
		case COLUMN_BYTES:
			return type == BYTEAOID;
		case COLUMN_NAME:
			return type == NAMEOID;
	}
	return false;
}

/* Returns the number of a column, or InvalidAttrNumber if there is none. */
static AttrNumber
FindColumn(TupleDesc desc, const char *column)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		/* The first letter tells most of them apart. */
		if (NameStr(att->attname)[0] == column[0] && !att->attisdropped &&
			strcmp(NameStr(att->attname), column) == 0)
			return i + 1;
	}
	return InvalidAttrNumber;
}

/*
 * Returns the number of a column that every version of the table has.  Raises
 * 42703 if it is gone, 42804 if somebody has given it a type that we cannot
 * read.
 */
AttrNumber
ColumnNumber(TupleDesc desc, const char *table, const char *column,
			 ColumnClass class)
{
	AttrNumber	number = FindColumn(desc, column);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"", table, column),
				 errhint("The extension needs all the columns that it created.")));
	if (!IsOfClass(ColumnType(desc, number), class))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" has type %s", column,
						table, format_type_be(ColumnType(desc, number))),
				 errhint("Restore the type that doc_extractor created it with.")));
	return number;
}

/* Returns the type of a column. */
Oid
ColumnType(TupleDesc desc, AttrNumber column)
{
	return TupleDescAttr(desc, column - 1)->atttypid;
}

/* Returns the width of a varchar column in characters, or 0 if it has none. */
int
ColumnWidth(TupleDesc desc, AttrNumber column)
{
	int32		typmod = TupleDescAttr(desc, column - 1)->atttypmod;

	return ColumnType(desc, column) == VARCHAROID && typmod >= VARHDRSZ ?
		typmod - VARHDRSZ : 0;
}

/* Returns the value of a column of type integer or bigint. */
int64
IntegerValue(Datum value, Oid type)
{
	return type == INT8OID ? DatumGetInt64(value) : DatumGetInt32(value);
}

/*
 * Returns a value for a column of type integer or bigint.  Raises 22003 if it
 * does not fit.
 */
Datum
IntegerDatum(int64 value, Oid type)
{
	if (type == INT8OID)
		return Int64GetDatum(value);
	return DirectFunctionCall1(int84, Int64GetDatum(value));
}

/*
 * Returns a column that V001 declares NOT NULL.  Raises 23502 if it is NULL all
 * the same.
 */
Datum
RequiredColumn(TupleTableSlot *slot, AttrNumber column)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, column, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" must not be null",
						NameStr(TupleDescAttr(slot->tts_tupleDescriptor,
											  column - 1)->attname)),
				 errhint("Restore the NOT NULL constraint that doc_extractor created.")));
	return value;
}

/* The same for a column of type integer or bigint. */
int64
RequiredInteger(TupleTableSlot *slot, AttrNumber column)
{
	return IntegerValue(RequiredColumn(slot, column),
						ColumnType(slot->tts_tupleDescriptor, column));
}

/*
 * Returns a json value for a column of type json or jsonb.  Raises 22P05 or 22P02
 * if jsonb cannot hold it.
 */
Datum
JsonDatum(Datum value, Oid type)
{
	if (type == JSONOID)
		return value;
	return DirectFunctionCall1(jsonb_in,
							   CStringGetDatum(TextDatumGetCString(value)));
}

/*
 * Returns now() for a timestamp column, with or without time zone.  The value
 * without time zone is kept: computing it takes longer than most of a row.
 */
Datum
TransactionTime(Oid type)
{
	static TimestampTz kept_now = 0;
	static pg_tz *kept_zone = NULL;
	static Timestamp kept_local;
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (type == TIMESTAMPTZOID)
		return TimestampTzGetDatum(now);
	if (now != kept_now || session_timezone != kept_zone)
	{
		kept_local =
			DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp,
												  TimestampTzGetDatum(now)));
		kept_now = now;
		kept_zone = session_timezone;
	}
	return TimestampGetDatum(kept_local);
}

/* Returns whether a value of any type is this transaction's now(). */
bool
IsTransactionTime(Datum value, Oid type)
{
	return (type == TIMESTAMPOID || type == TIMESTAMPTZOID) &&
		DatumGetInt64(value) == DatumGetInt64(TransactionTime(type));
}
