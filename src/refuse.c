/*
 * refuse.c
 *		Triggers, since 1.1, that refuse what would spoil the trail.
 *
 * They do so to everybody, superusers too.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/rel.h"

#include "relations.h"
#include "restore.h"
#include "trail.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(audit_log_check_actions);
PG_FUNCTION_INFO_V1(audit_log_refuse_change);
PG_FUNCTION_INFO_V1(documents_refuse_truncate);

/*
 * AFTER INSERT statement trigger of audit_log: only actions that V001 knows.
 * What a backup brings back is as it was.
 */
Datum
audit_log_check_actions(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "audit_log_check_actions",
										 "audit_log",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_AFTER);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	AttrNumber	action = ColumnNumber(desc, "audit_log", "action", COLUMN_TEXT);
	RowReader	reader;

	CheckTransitionTable(trigdata->tg_newtable, "audit_log_check_actions");
	if (CurrentRestoreMode(trigdata->tg_relation) != RESTORE_NONE)
		return PointerGetDatum(NULL);
	StartReading(&reader, trigdata->tg_newtable, desc);
	while (ReadRow(&reader))
		CheckAction(TextDatumGetCString(RequiredColumn(reader.slot, action)),
					ERRCODE_CHECK_VIOLATION);
	StopReading(&reader);
	return PointerGetDatum(NULL);
}

/*
 * BEFORE UPDATE OR DELETE row trigger and BEFORE TRUNCATE statement trigger of
 * audit_log, ENABLE ALWAYS.  A row trigger also meets what no statement of the
 * user's names, such as a cascade or a subscription's changes.
 */
Datum
audit_log_refuse_change(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		(void) CheckTrigger(fcinfo, "audit_log_refuse_change", "audit_log",
							TRIGGER_EVENT_UPDATE);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("audit_log is append-only"),
			 errdetail("Its rows can be neither changed nor removed."),
			 errhint("To correct the record, add to it with record_document_event().")));
}

/*
 * BEFORE TRUNCATE statement trigger of documents, ENABLE ALWAYS: no row
 * trigger would see the documents go.
 */
Datum
documents_refuse_truncate(PG_FUNCTION_ARGS)
{
	(void) CheckTrigger(fcinfo, "documents_refuse_truncate", "documents",
						TRIGGER_EVENT_TRUNCATE | TRIGGER_EVENT_BEFORE);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("documents cannot be truncated"),
			 errdetail("The documents would go without a trace in audit_log."),
			 errhint("Use DELETE, which leaves a trail row for each document.")));
}
