/*
 * columns.h
 *		Columns of the extension's tables: found by name, read, and filled in.
 */
#ifndef DOC_EXTRACTOR_COLUMNS_H
#define DOC_EXTRACTOR_COLUMNS_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"

/* The types that we can read and write in a column. */
typedef enum ColumnClass
{
	COLUMN_INTEGER,				/* integer, bigint */
	COLUMN_TEXT,				/* varchar, text */
	COLUMN_TIME,				/* timestamp, with or without time zone */
	COLUMN_INSTANT,				/* timestamp with time zone */
	COLUMN_JSON,				/* json, jsonb */
	COLUMN_BYTES,				/* bytea */
	COLUMN_NAME					/* name */
} ColumnClass;

/* A column by its name, and what it must hold. */
typedef struct ColumnName
{
	const char *name;
	ColumnClass class;
} ColumnName;

extern AttrNumber ColumnNumber(TupleDesc desc, const char *table,
							   const char *column, ColumnClass class);
extern Oid	ColumnType(TupleDesc desc, AttrNumber column);
extern int	ColumnWidth(TupleDesc desc, AttrNumber column);

extern Datum RequiredColumn(TupleTableSlot *slot, AttrNumber column);
extern int64 RequiredInteger(TupleTableSlot *slot, AttrNumber column);
extern int64 IntegerValue(Datum value, Oid type);
extern Datum IntegerDatum(int64 value, Oid type);
extern Datum JsonDatum(Datum value, Oid type);
extern Datum TransactionTime(Oid type);
extern bool IsTransactionTime(Datum value, Oid type);

#endif							/* DOC_EXTRACTOR_COLUMNS_H */
