/*
 * restricted_write.c
 *		Writes as an owner whose code could gain rights from the session.
 *
 * They are security-restricted operations (see identity.c), which differ from the
 * server's own in two ways.
 *
 * Deferrable constraints, constraint triggers among them, are checked at the end of
 * each statement, those of users' triggers included.  The server refuses to defer
 * them, as they would run later, as somebody else.  SET CONSTRAINTS would have the
 * same effect, but would also check what the caller has deferred before, and nobody
 * could tell which mode to restore.
 *
 * Temporary functions and types are refused.  The server itself refuses the other
 * temporary objects; whether it refuses types depends on its minor release.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"
#include "utils/snapmgr.h"

#include "restricted_write.h"

static ExecutorStart_hook_type next_start_hook = NULL;
static object_access_hook_type next_access_hook = NULL;

/* Returns whether such a write is running. */
static bool
InRestrictedWrite(void)
{
	return InSecurityRestrictedOperation() && InLocalUserIdChange() &&
		InNoForceRLSOperation();
}

/* Makes the constraints of a table immediate, for the rows of one statement. */
static void
CheckConstraintsNow(ResultRelInfo *rri)
{
	TriggerDesc *triggers = rri->ri_TrigDesc;

	if (triggers == NULL || !InRestrictedWrite())
		return;
	/* It is the statement's own copy. */
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		triggers->triggers[i].tgdeferrable = false;
		triggers->triggers[i].tginitdeferred = false;
	}
}

/* Executor hook: does so for all tables that a statement writes. */
static void
StartStatement(QueryDesc *query, int flags)
{
	ListCell   *cell;

	if (next_start_hook != NULL)
		next_start_hook(query, flags);
	else
		standard_ExecutorStart(query, flags);
	foreach(cell, query->estate->es_opened_result_relations)
		CheckConstraintsNow(lfirst(cell));
}

/* A catalog whose new objects are checked. */
typedef struct CheckedCatalog
{
	Oid			catalog;
	Oid			index;			/* by OID */
	AttrNumber	oid;
	AttrNumber	namespace;
	const char *object;			/* for the message */
} CheckedCatalog;

static const CheckedCatalog checked_catalogs[] = {
	{ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid,
	Anum_pg_proc_pronamespace, "function"},
	{TypeRelationId, TypeOidIndexId, Anum_pg_type_oid,
	Anum_pg_type_typnamespace, "type"}
};

/* Returns whether an object that was just created is temporary. */
static bool
IsTemporary(const CheckedCatalog *checked, Oid object)
{
	Relation	rel = table_open(checked->catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			namespace = InvalidOid;
	bool		is_null;

	ScanKeyInit(&key, checked->oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object));
	/* The command has not ended, so only this snapshot sees the object. */
	scan = systable_beginscan(rel, checked->index, true, SnapshotSelf, 1,
							  &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		namespace = DatumGetObjectId(heap_getattr(tuple, checked->namespace,
												  RelationGetDescr(rel),
												  &is_null));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return OidIsValid(namespace) && isAnyTempNamespace(namespace);
}

/* Object access hook: raises 42501 if a new function or type is temporary. */
static void
CheckNewObject(ObjectAccessType access, Oid class, Oid object, int column,
			   void *arg)
{
	if (next_access_hook != NULL)
		next_access_hook(access, class, object, column, arg);
	if (access != OAT_POST_CREATE || !InRestrictedWrite())
		return;
	for (size_t i = 0; i < lengthof(checked_catalogs); i++)
	{
		const CheckedCatalog *checked = &checked_catalogs[i];

		if (class == checked->catalog && IsTemporary(checked, object))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("cannot create temporary %s within security-restricted operation",
							checked->object)));
	}
}

/* Called when the library is loaded. */
void
InstallWriteHooks(void)
{
	next_start_hook = ExecutorStart_hook;
	ExecutorStart_hook = StartStatement;
	next_access_hook = object_access_hook;
	object_access_hook = CheckNewObject;
}
