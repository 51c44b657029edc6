/*
 * relations.h
 *		The extension's tables: found by schema, written as their owner.
 */
#ifndef DOC_EXTRACTOR_RELATIONS_H
#define DOC_EXTRACTOR_RELATIONS_H

#include "executor/tuptable.h"
#include "fmgr.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

/* Where a function of ours works, and with whose rights it may. */
typedef struct Ledger
{
	Oid			schema;			/* the function's, and so the tables' */
	Oid			actor;			/* the function's owner */
} Ledger;

/* What to go back to after a write of our own. */
typedef struct CallerIdentity
{
	Oid			user_id;
	int			security_context;
	int			settings_level; /* where its settings end; 0: no other's */
	bool		in_script;		/* of an extension */
	Oid			script_extension;
} CallerIdentity;

/* The types that a column of ours may have. */
typedef enum ColumnClass
{
	COLUMN_INTEGER,				/* integer, bigint */
	COLUMN_TEXT,				/* varchar, text */
	COLUMN_TIME,				/* timestamp, with or without a time zone */
	COLUMN_JSON,				/* json */
	COLUMN_BYTES				/* bytea */
} ColumnClass;

extern Ledger GetLedger(FunctionCallInfo fcinfo);
extern Oid	LedgerTable(const Ledger *ledger, const char *name);
extern Relation OpenLedgerTable(const Ledger *ledger, const char *name,
								LOCKMODE lockmode);
extern bool IsLedgerTable(const Ledger *ledger, Oid table);
extern AttrNumber ColumnNumber(TupleDesc desc, const char *table,
							   const char *column, ColumnClass class);
extern Oid	ColumnType(TupleDesc desc, AttrNumber column);
extern int	ColumnWidth(TupleDesc desc, AttrNumber column);

extern void BecomeOwner(const Ledger *ledger, Oid table,
						CallerIdentity *caller);
extern void BecomeRestrictedOwner(const Ledger *ledger, Oid table,
								  CallerIdentity *caller);
extern void BecomeCaller(const CallerIdentity *caller);

extern int64 IntegerValue(Datum value, Oid type);
extern Datum IntegerDatum(int64 value, Oid type);
extern Datum RequiredColumn(TupleTableSlot *slot, AttrNumber column);
extern int64 RequiredInteger(TupleTableSlot *slot, AttrNumber column);
extern Datum TransactionTime(Oid type);

#endif							/* DOC_EXTRACTOR_RELATIONS_H */
