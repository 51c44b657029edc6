/*
 * trigger.c
 *		What the trigger functions share: checks of the call, transition rows.
 *
 * The AFTER triggers of documents work on the transition tables of a whole
 * statement.  So they cover every way into documents (our functions, INSERT, COPY,
 * MERGE), at a cost for each statement in place of a cost for each row.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "../access/ledger.h"
#include "trigger.h"

/* Raises 39P01: a function was not called as this kind of trigger. */
void
ReportWrongCall(const char *name, const char *kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"%s\" must be called as %s", name, kind),
			 errhint("The extension creates all the triggers that it needs.")));
}

/* Returns a kind of trigger in words, such as "an AFTER UPDATE statement trigger". */
static char *
DescribeKind(TriggerEvent event)
{
	const char *timing = TRIGGER_FIRED_BEFORE(event) ? "a BEFORE" :
		TRIGGER_FIRED_AFTER(event) ? "an AFTER" : "an INSTEAD OF";
	const char *command = TRIGGER_FIRED_BY_INSERT(event) ? "INSERT" :
		TRIGGER_FIRED_BY_DELETE(event) ? "DELETE" :
		TRIGGER_FIRED_BY_UPDATE(event) ? "UPDATE" : "TRUNCATE";

	return psprintf("%s %s %s trigger", timing, command,
					TRIGGER_FIRED_FOR_ROW(event) ? "row" : "statement");
}

/*
 * Returns the trigger data of a call.  Raises 39P01 unless it is one for this event
 * ("event" has the bits of timing, level and command) and this table of the
 * function's ledger.
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
		ReportWrongCall(name, DescribeKind(event));
	ledger = GetLedger(fcinfo);
	if (RelationGetRelid(trigdata->tg_relation) !=
		LedgerTableOid(&ledger, table))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" is for table \"%s\" of its own schema only",
						name, table),
				 errhint("The extension creates all the triggers that it needs.")));
	return trigdata;
}

/* Raises 39P01 unless the trigger has its transition table. */
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

/* Starts to read a transition table, whose rows have type "desc". */
void
StartReading(RowReader *reader, Tuplestorestate *rows, TupleDesc desc)
{
	reader->rows = rows;
	reader->read_pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, reader->read_pointer);
	tuplestore_rescan(rows);
	reader->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/* Puts the next row into reader->slot.  Returns false at the end. */
bool
ReadRow(RowReader *reader)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_select_read_pointer(reader->rows, reader->read_pointer);
	return tuplestore_gettupleslot(reader->rows, true, false, reader->slot);
}

/* Stops reading.  The rows themselves belong to the statement. */
void
StopReading(RowReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->slot);
}
