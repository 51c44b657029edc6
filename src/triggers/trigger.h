/*
 * trigger.h
 *		What the trigger functions share: checks of the call, transition rows.
 */
#ifndef DOC_EXTRACTOR_TRIGGER_H
#define DOC_EXTRACTOR_TRIGGER_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/tuplestore.h"

#include "../compat.h"

/* A scan of a statement's transition rows. */
typedef struct RowReader
{
	Tuplestorestate *rows;
	int			read_pointer;	/* ours */
	TupleTableSlot *slot;
} RowReader;

/* Triggers that the engine knows. */
extern PGDLLEXPORT Datum documents_after_insert(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum audit_log_check_actions(PG_FUNCTION_ARGS);

extern TriggerData *CheckTrigger(FunctionCallInfo fcinfo, const char *name,
								 const char *table, TriggerEvent event);
extern void CheckTransitionTable(Tuplestorestate *rows, const char *name);
pg_noreturn extern void ReportWrongCall(const char *name, const char *kind);

extern void StartReading(RowReader *reader, Tuplestorestate *rows,
						 TupleDesc desc);
extern bool ReadRow(RowReader *reader);
extern void StopReading(RowReader *reader);

#endif							/* DOC_EXTRACTOR_TRIGGER_H */
