/*
 * refuse.c
 *		Triggers, since 1.1, that refuse what would damage the trail.
 *
 * They refuse it to everybody, superusers included.  TRUNCATE is possible for the owner
 * who has said that data may be lost.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../settings.h"
#include "../tables/audit_log.h"
#include "ddl_log.h"
#include "restore.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(audit_log_check_actions);
PG_FUNCTION_INFO_V1(audit_log_refuse_change);
PG_FUNCTION_INFO_V1(documents_refuse_truncate);

/*
 * AFTER INSERT statement trigger of audit_log: raises 23514 for an action that is
 * not V001's.  A backup's rows are not checked.
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
	AttrNumber	time = ColumnNumber(desc, "audit_log", "action_timestamp",
									COLUMN_TIME);
	RestoreMode mode = CurrentRestoreMode(trigdata->tg_relation);
	RowReader	reader;

	CheckTransitionTable(trigdata->tg_newtable, "audit_log_check_actions");
	if (mode == RESTORE_ALL)
		return PointerGetDatum(NULL);
	StartReading(&reader, trigdata->tg_newtable, desc);
	while (ReadRow(&reader))
	{
		bool		is_new =
			IsTransactionTime(RequiredColumn(reader.slot, time),
							  ColumnType(desc, time));

		if (mode == RESTORE_NONE || is_new)
			CheckAction(TextDatumGetCString(RequiredColumn(reader.slot, action)),
						ERRCODE_CHECK_VIOLATION);
	}
	StopReading(&reader);
	return PointerGetDatum(NULL);
}

/*
 * Returns whether a TRUNCATE may empty a table: its owner has said that data may be
 * lost, as a test suite does between tests.  Writes that to the server log.
 */
static bool
MayTruncate(const TriggerData *trigdata)
{
	Oid			table = RelationGetRelid(trigdata->tg_relation);

	if (!TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event) ||
		!doc_extractor_allow_data_loss ||
		!object_ownercheck(RelationRelationId, table, GetUserId()))
		return false;
	LogCommand("TRUNCATE", table, NULL);
	return true;
}

/*
 * BEFORE UPDATE OR DELETE row trigger and BEFORE TRUNCATE statement trigger of
 * audit_log, both ENABLE ALWAYS: raises 55000.  A row trigger also sees changes
 * that no statement names, such as those of a cascade or a subscription.
 */
Datum
audit_log_refuse_change(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ReportWrongCall("audit_log_refuse_change", "a trigger");
	if (MayTruncate((TriggerData *) fcinfo->context))
		return PointerGetDatum(NULL);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("audit_log is append-only"),
			 errdetail("Its rows can be neither changed nor removed."),
			 errhint("To correct an entry, add another one with record_document_event().")));
}

/*
 * BEFORE TRUNCATE statement trigger of documents, ENABLE ALWAYS: raises 55000, as
 * no other trigger would see the documents go.
 */
Datum
documents_refuse_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_refuse_truncate",
										 "documents",
										 TRIGGER_EVENT_TRUNCATE |
										 TRIGGER_EVENT_BEFORE);

	if (MayTruncate(trigdata))
		return PointerGetDatum(NULL);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("documents cannot be truncated"),
			 errdetail("The documents would disappear without a trace in audit_log."),
			 errhint("Use DELETE, which leaves a trail row for each document. To empty the whole ledger, the owner sets doc_extractor.allow_data_loss.")));
}
