/*
 * guard.c
 *		Event triggers: the ledger is not dropped by accident, and changes to
 *		its tables are in the server log.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
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

/* Returns the extension's row in pg_extension, a copy. */
static HeapTuple
ExtensionTuple(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(EXTENSION_NAME));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "extension \"%s\" is not there", EXTENSION_NAME);
	tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tuple;
}

/* Returns the owner of the extension. */
static Oid
ExtensionOwner(void)
{
	return ((Form_pg_extension) GETSTRUCT(ExtensionTuple()))->extowner;
}

/* Returns the tables that belong to the extension, wherever they are now. */
static List *
ExtensionTables(void)
{
	HeapTuple	extension = ExtensionTuple();
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *tables = NIL;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(((Form_pg_extension) GETSTRUCT(extension))->oid));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RelationRelationId &&
			form->deptype == DEPENDENCY_EXTENSION &&
			get_rel_relkind(form->objid) == RELKIND_RELATION)
			tables = lappend_oid(tables, form->objid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tables;
}

/* Returns the owner of a schema. */
static Oid
SchemaOwner(Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* Tells whether a list of names, as DROP has it, has this one. */
static bool
HasName(List *objects, const char *name)
{
	ListCell   *cell;

	foreach(cell, objects)
	{
		if (strcmp(strVal(lfirst(cell)), name) == 0)
			return true;
	}
	return false;
}

/* Tells whether DROP OWNED by one of these roles takes the extension along. */
static bool
DropsOwner(const DropOwnedStmt *stmt, Oid schema)
{
	ListCell   *cell;

	foreach(cell, stmt->roles)
	{
		Oid			role = get_rolespec_oid(lfirst(cell), true);

		if (OidIsValid(role) && has_privs_of_role(GetUserId(), role) &&
			(role == ExtensionOwner() || role == SchemaOwner(schema)))
			return true;
	}
	return false;
}

/*
 * Tells whether the command would drop the extension.  Not so where its user
 * may not: it then fails by itself, and must not take our lock before.
 */
static bool
DropsExtension(Node *command, Oid schema)
{
	DropStmt   *stmt = (DropStmt *) command;

	if (IsA(command, DropOwnedStmt))
		return DropsOwner((DropOwnedStmt *) command, schema);
	if (!IsA(command, DropStmt))
		return false;
	if (stmt->removeType == OBJECT_EXTENSION)
		return HasName(stmt->objects, EXTENSION_NAME) &&
			object_ownercheck(ExtensionRelationId,
							  get_extension_oid(EXTENSION_NAME, false),
							  GetUserId());
	return stmt->removeType == OBJECT_SCHEMA &&
		stmt->behavior == DROP_CASCADE &&
		HasName(stmt->objects, get_namespace_name(schema)) &&
		object_ownercheck(NamespaceRelationId, schema, GetUserId());
}

/* Tells whether a table has any row; nobody can add one after that. */
static bool
HasRows(Oid table)
{
	Relation	rel = table_open(table, AccessExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	bool		found = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return found;
}

/* Refuses a command that would drop what is in the ledger. */
static void
RefuseToDrop(void)
{
	ListCell   *cell;

	/* pg_restore --clean drops what it brings back. */
	if (doc_extractor_allow_data_loss || IsDumpSession())
		return;
	foreach(cell, ExtensionTables())
	{
		Oid			table = lfirst_oid(cell);

		if (!HasRows(table))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop extension %s while there is data in its tables",
						EXTENSION_NAME),
				 errdetail("Table %s.%s is not empty.",
						   get_namespace_name(get_rel_namespace(table)),
						   get_rel_name(table)),
				 errhint("To keep tables and data, ALTER EXTENSION %s UPDATE TO 'unpackaged' first. To drop them, take a backup with pg_dump, then SET %s.allow_data_loss = on.",
						 EXTENSION_NAME, EXTENSION_NAME)));
	}
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
 * ddl_command_start event trigger: refuses DROP EXTENSION, DROP SCHEMA CASCADE
 * and DROP OWNED while there are documents, and logs DROP INDEX.
 */
Datum
doc_extractor_ddl_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = CheckEventTrigger(fcinfo,
												"doc_extractor_ddl_start");
	Ledger		ledger = GetLedger(fcinfo);

	if (DropsExtension(event->parsetree, ledger.schema))
		RefuseToDrop();
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
