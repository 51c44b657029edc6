/*
 * guard.c
 *		Event triggers: the ledger is not dropped by accident, and changes to
 *		its tables are in the server log.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard.h"
#include "relations.h"
#include "restore.h"
#include "settings.h"

PG_FUNCTION_INFO_V1(doc_extractor_ddl_start);
PG_FUNCTION_INFO_V1(doc_extractor_ddl_end);

#define EXTENSION_NAME "doc_extractor"

/* Returns the event of the call; an error where it is not an event trigger's. */
static EventTriggerData *
CheckEventTrigger(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called as the event trigger that it is",
						name)));
	return (EventTriggerData *) fcinfo->context;
}

/* Tells whether a table has any row. */
static bool
HasRows(Oid table)
{
	Relation	rel = table_open(table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = BeginTableScan(rel, snapshot);
	bool		found = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return found;
}

/*
 * The transaction in which the event trigger has last announced a command: the
 * hook does nothing where the installed version has no guard.
 */
static LocalTransactionId guarded_transaction = InvalidLocalTransactionId;
static object_access_hook_type next_hook = NULL;

/* Tells whether an object is a table of the extension. */
static bool
IsMemberTable(Oid class, Oid object)
{
	Oid			extension;

	if (class != RelationRelationId ||
		get_rel_relkind(object) != RELKIND_RELATION)
		return false;
	extension = getExtensionOfObject(class, object);
	return OidIsValid(extension) &&
		extension == get_extension_oid(EXTENSION_NAME, true);
}

/*
 * Object access hook: refuses to drop a table of the extension that has rows,
 * by whichever command, itself or by a cascade.  The server has locked it.
 */
static void
RefuseToDrop(ObjectAccessType access, Oid class, Oid object, int column,
			 void *arg)
{
	if (next_hook)
		next_hook(access, class, object, column, arg);
	if (access != OAT_DROP || column != 0 ||
		guarded_transaction != CurrentLocalTransactionId() ||
		doc_extractor_allow_data_loss ||
		/* pg_restore --clean drops what it brings back. */
		IsDumpSession() ||
		!IsMemberTable(class, object) || !HasRows(object))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop extension %s while there is data in its tables",
					EXTENSION_NAME),
			 errdetail("Table %s.%s is not empty.",
					   get_namespace_name(get_rel_namespace(object)),
					   get_rel_name(object)),
			 errhint("To keep tables and data, ALTER EXTENSION %s UPDATE TO 'unpackaged' first. To drop them, take a backup with pg_dump, then SET %s.allow_data_loss = on.",
					 EXTENSION_NAME, EXTENSION_NAME)));
}

/* Installs the guard's hook, when the library is loaded. */
void
InstallGuard(void)
{
	next_hook = object_access_hook;
	object_access_hook = RefuseToDrop;
}

/* Writes a command on one of the extension's tables to the server log. */
static void
LogCommand(const char *command, Oid table, const char *object)
{
	ereport(LOG,
			(errmsg("%s: %s of %s on table %s.%s", EXTENSION_NAME, command,
					object, get_namespace_name(get_rel_namespace(table)),
					get_rel_name(table)),
			 errdetail("Role %s, logged in as %s.",
					   GetUserNameFromId(GetUserId(), false),
					   GetUserNameFromId(GetSessionUserId(), false)),
			 errhidestmt(true)));
}

/* Logs DROP INDEX, while the indexes still tell their table. */
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

/*
 * ddl_command_start event trigger: has the server load the library, whose hook
 * then refuses to drop data, and logs DROP INDEX.
 */
Datum
doc_extractor_ddl_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = CheckEventTrigger(fcinfo,
												"doc_extractor_ddl_start");
	Ledger		ledger = GetLedger(fcinfo);

	guarded_transaction = CurrentLocalTransactionId();
	LogDroppedIndexes(event->parsetree, &ledger);
	return PointerGetDatum(NULL);
}

/* Logs one object of the command that has ended. */
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
 * ddl_command_end event trigger: logs ALTER TABLE and CREATE INDEX, but not
 * those of an extension's script.
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
