/*
 * relations.h
 *		The extension's tables: found by schema, written as their owner.
 */
#ifndef DOC_EXTRACTOR_RELATIONS_H
#define DOC_EXTRACTOR_RELATIONS_H

#include "access/tupdesc.h"

/* The role to go back to after a write of our own. */
typedef struct CallerIdentity
{
	Oid			user_id;
	int			security_context;
} CallerIdentity;

extern Oid	FunctionSchema(Oid function_id);
extern Oid	LedgerTable(Oid schema, const char *name);
extern bool IsLedgerTable(Oid schema, Oid table);
extern AttrNumber ColumnNumber(TupleDesc desc, const char *table,
							   const char *column);

extern void BecomeOwner(Oid table, CallerIdentity *caller);
extern void BecomeCaller(const CallerIdentity *caller);

extern int64 IntegerValue(Datum value, Oid type);
extern Datum IntegerDatum(int64 value, Oid type);
extern Datum TransactionTime(Oid type);

#endif							/* DOC_EXTRACTOR_RELATIONS_H */
