/*
 * ddl_log.c
 *		Event triggers: changes to the extension's tables are in the server log.
 *
 * The first one also works for the guards.
 */
#include "postgres.h"

#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "../access/ledger.h"
#include "../compat.h"
#include "column_guard.h"
#include "ddl_log.h"
#include "drop_guard.h"

PG_FUNCTION_INFO_V1(doc_extractor_ddl_start);
PG_FUNCTION_INFO_V1(doc_extractor_ddl_end);

/* Returns the event of a call.  Raises 39P03 unless an event trigger made it. */
static EventTriggerData *
CheckEventTrigger(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an event trigger",
						name)));
	return (EventTriggerData *) fcinfo->context;
}

/* Writes a command on a table of the extension, or on a part of it, to the server log. */
void
LogCommand(const char *command, Oid table, const char *object)
{
	ereport(LOG,
			(errmsg("doc_extractor: %s%s%s on table %s.%s", command,
					object != NULL ? " of " : "", object != NULL ? object : "",
					get_namespace_name(get_rel_namespace(table)),
					get_rel_name(table)),
			 errdetail("Role %s, logged in as %s.",
					   GetUserNameFromId(GetUserId(), false),
					   GetUserNameFromId(GetSessionUserId(), false)),
			 errhidestmt(true)));
}

/* Logs DROP INDEX, while the indexes are still there. */
static void
LogDroppedIndexes(Node *command, const Ledger *ledger)
{
	DropStmt   *stmt = (DropStmt *) command;
	ListCell   *cell;

	if (creating_extension || !IsA(command, DropStmt) ||
		stmt->removeType != OBJECT_INDEX)
		return;
	foreach(cell, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList(lfirst(cell));
		Oid			index = RangeVarGetRelid(name, NoLock, true);
		Oid			table = InvalidOid;

		if (OidIsValid(index))
			table = IndexGetRelation(index, true);
		if (OidIsValid(table) && IsLedgerTable(ledger, table) &&
			object_ownercheck(RelationRelationId, table, GetUserId()))
			LogCommand("DROP INDEX", table, name->relname);
	}
}

/* Checks the rewrite that the server is about to do. */
static void
CheckEventOfRewrite(void)
{
	LOCAL_FCINFO(table, 0);
	LOCAL_FCINFO(reasons, 0);

	InitFunctionCallInfoData(*table, NULL, 0, InvalidOid, NULL, NULL);
	InitFunctionCallInfoData(*reasons, NULL, 0, InvalidOid, NULL, NULL);
	CheckRewrite(DatumGetObjectId(pg_event_trigger_table_rewrite_oid(table)),
				 DatumGetInt32(pg_event_trigger_table_rewrite_reason(reasons)));
}

/*
 * ddl_command_start event trigger: arms the drop guard, checks commands that would
 * lose or change values, and logs DROP INDEX.  table_rewrite event trigger: checks the
 * rewrite.
 */
Datum
doc_extractor_ddl_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = CheckEventTrigger(fcinfo,
												"doc_extractor_ddl_start");
	Ledger		ledger = GetLedger(fcinfo);

	if (strcmp(event->event, "table_rewrite") == 0)
		CheckEventOfRewrite();
	else
	{
		ArmDropGuard();
		CheckCommand(event->parsetree);
		LogDroppedIndexes(event->parsetree, &ledger);
	}
	return PointerGetDatum(NULL);
}

/* Logs one object that a command has created or altered. */
static void
LogChangedObject(const char *command, const Ledger *ledger, Oid object,
				 const char *identity)
{
	Oid			table = object;

	if (get_rel_relkind(object) == RELKIND_INDEX)
		table = IndexGetRelation(object, true);
	if (OidIsValid(table) && IsLedgerTable(ledger, table))
		LogCommand(command, table, identity);
}

/*
 * ddl_command_end event trigger: logs ALTER TABLE and CREATE INDEX, except those
 * of an extension's script.
 */
Datum
doc_extractor_ddl_end(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedger(fcinfo);

	(void) CheckEventTrigger(fcinfo, "doc_extractor_ddl_end");
	SPI_connect();
	SPI_execute("SELECT command_tag, objid, object_identity"
				" FROM pg_catalog.pg_event_trigger_ddl_commands()"
				" WHERE NOT in_extension AND classid OPERATOR(pg_catalog.=)"
				" 'pg_catalog.pg_class'::pg_catalog.regclass", true, 0);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[row];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		is_null;

		LogChangedObject(SPI_getvalue(tuple, desc, 1), &ledger,
						 DatumGetObjectId(SPI_getbinval(tuple, desc, 2,
														&is_null)),
						 SPI_getvalue(tuple, desc, 3));
	}
	SPI_finish();
	return PointerGetDatum(NULL);
}
