/*
 * transition.c
 *		What the trigger functions share: their call, and a statement's rows.
 *
 * The AFTER triggers of documents work on the transition tables of a whole
 * statement, so every way into documents (the functions, INSERT, COPY, MERGE)
 * is covered, at a cost a statement in place of a cost a row.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "relations.h"
#include "transition.h"

/*
 * Returns the call's trigger data; an error where it is not called as the
 * trigger that it is made for: of this table of its ledger, for this event
 * ("event": its timing, level and event bits).
 */
TriggerData *
CheckTrigger(FunctionCallInfo fcinfo, const char *name, const char *table,
			 TriggerEvent event)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Ledger		ledger;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(trigdata->tg_event & (TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW |
							   TRIGGER_EVENT_TIMINGMASK)) != event)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called as the trigger that it is",
						name),
				 errhint("The extension creates all the triggers that it needs.")));
	ledger = GetLedger(fcinfo);
	if (RelationGetRelid(trigdata->tg_relation) != LedgerTable(&ledger, table))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" is for table \"%s\" of its own schema only",
						name, table),
				 errhint("The extension creates all the triggers that it needs.")));
	return trigdata;
}

/* An error unless the trigger was given its transition table. */
void
CheckTransitionTable(Tuplestorestate *rows, const char *name)
{
	if (rows == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" needs its transition tables",
						name),
				 errhint("The extension creates all the triggers that it needs.")));
}

/* Starts to read the rows of a transition table of "desc". */
void
StartReading(RowReader *reader, Tuplestorestate *rows, TupleDesc desc)
{
	reader->rows = rows;
	reader->position = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, reader->position);
	tuplestore_rescan(rows);
	reader->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/* Puts the next row in the reader's slot; false at the end. */
bool
ReadRow(RowReader *reader)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_select_read_pointer(reader->rows, reader->position);
	return tuplestore_gettupleslot(reader->rows, true, false, reader->slot);
}

/* Ends the reading; the rows themselves belong to the statement. */
void
StopReading(RowReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->slot);
}
