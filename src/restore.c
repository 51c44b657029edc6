/*
 * restore.c
 *		Telling a backup's rows from new ones, and their order not mattering.
 *
 * A backup holds the rows of hash_index and audit_log beside those of
 * documents.  As an extension's triggers exist before the data comes back,
 * deriving them again would double the history or collide with it.  So the
 * insert triggers stand aside for restored rows, and only for those.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "relations.h"
#include "restore.h"
#include "settings.h"
#include "trail.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(ledger_before_insert);
PG_FUNCTION_INFO_V1(ledger_after_insert);

/*
 * The statement that ledger_before_insert() has suspended foreign keys for.  A
 * statement that fails takes its (sub)transaction with it, so the entry cannot
 * be mistaken for a later one's.
 */
static struct
{
	Oid			table;
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
}			suspended;

/* Tells whether the session is set up as every pg_dump script sets it up. */
bool
IsDumpSession(void)
{
	return !check_function_bodies &&
		client_min_messages == WARNING &&
		strcmp(GetConfigOption("search_path", false, false), "") == 0;
}

/*
 * Tells which of the rows being inserted into "rel" are a backup's: none,
 * unless the owner itself (who could disable triggers anyway) inserts, neither
 * through a function with another's rights nor through ours, and either says
 * so with doc_extractor.restoring or runs what looks like a dump's script.
 */
RestoreMode
CurrentRestoreMode(Relation rel)
{
	Oid			user_id;
	int			security_context;

	if (!doc_extractor_restoring && !IsDumpSession())
		return RESTORE_NONE;
	GetUserIdAndSecContext(&user_id, &security_context);
	if (security_context != 0 ||
		!object_ownercheck(RelationRelationId, RelationGetRelid(rel), user_id))
		return RESTORE_NONE;
	return doc_extractor_restoring ? RESTORE_ALL : RESTORE_OLD_ROWS;
}

/*
 * Says in the server log that rows of "rel" were taken for a backup's: once a
 * session aloud, as a dump may insert row by row.
 */
void
LogRestore(Relation rel)
{
	static bool logged = false;

	ereport(logged ? DEBUG1 : LOG,
			(errmsg("restoring \"%s\": its insert triggers stand aside for a backup's rows",
					RelationGetRelationName(rel))));
	logged = true;
}

/* Sets session_replication_role until the end of the transaction. */
static void
SetReplicationRole(const char *role)
{
	(void) set_config_option("session_replication_role", role,
							 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL,
							 true, 0, false);
}

/*
 * BEFORE INSERT statement trigger of hash_index and audit_log.  A parallel
 * restore may load them before documents; so a restoring owner's statement
 * runs with its foreign keys suspended, as a replica's would.
 */
Datum
ledger_before_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "ledger_before_insert",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_BEFORE);
	Relation	rel = trigdata->tg_relation;

	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_ORIGIN &&
		CurrentRestoreMode(rel) != RESTORE_NONE)
	{
		SetReplicationRole("replica");
		suspended.table = RelationGetRelid(rel);
		suspended.transaction = CurrentLocalTransactionId();
		suspended.subtransaction = GetCurrentSubTransactionId();
	}
	return PointerGetDatum(NULL);
}

/* An error where a new row of audit_log has an action that V001 does not know. */
static void
CheckActions(TriggerData *trigdata)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	AttrNumber	action = ColumnNumber(desc, "audit_log", "action");
	RowReader	reader;

	StartReading(&reader, trigdata->tg_newtable, desc);
	while (ReadRow(&reader))
		CheckAction(TextDatumGetCString(RequiredColumn(reader.slot, action)),
					ERRCODE_CHECK_VIOLATION);
	StopReading(&reader);
}

/*
 * AFTER INSERT statement trigger of the same tables, ENABLE ALWAYS: takes back
 * what ledger_before_insert() did, and nothing else.  With a transition table,
 * as audit_log's has since 1.1, it takes V001's valid actions only.
 */
Datum
ledger_after_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "ledger_after_insert",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_AFTER);

	if (suspended.table == RelationGetRelid(trigdata->tg_relation) &&
		suspended.transaction == CurrentLocalTransactionId() &&
		suspended.subtransaction == GetCurrentSubTransactionId())
	{
		suspended.table = InvalidOid;
		SetReplicationRole("origin");
	}
	else if (trigdata->tg_newtable != NULL &&
			 SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
		CheckActions(trigdata);
	return PointerGetDatum(NULL);
}
