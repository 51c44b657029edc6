/*
 * transition.h
 *		What the trigger functions share: their call, and a statement's rows.
 */
#ifndef DOC_EXTRACTOR_TRANSITION_H
#define DOC_EXTRACTOR_TRANSITION_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/tuplestore.h"

/* The transition rows of a statement, read one by one. */
typedef struct RowReader
{
	Tuplestorestate *rows;
	int			position;		/* our read pointer */
	TupleTableSlot *slot;
} RowReader;

extern TriggerData *CheckTrigger(FunctionCallInfo fcinfo, const char *name,
								 const char *table, TriggerEvent event);
extern void CheckTransitionTable(Tuplestorestate *rows, const char *name);

extern void StartReading(RowReader *reader, Tuplestorestate *rows,
						 TupleDesc desc);
extern bool ReadRow(RowReader *reader);
extern void StopReading(RowReader *reader);

#endif							/* DOC_EXTRACTOR_TRANSITION_H */
