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
 * Temporary functions are refused.  The server refuses other temporary objects only.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
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
void
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

/* Raises 42501 if a function that was just created is temporary. */
static void
CheckNewFunction(Oid function)
{
	Relation	rel = table_open(ProcedureRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_proc_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(function));
	scan = systable_beginscan(rel, ProcedureOidIndexId, true, SnapshotSelf, 1,
							  &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple) &&
		isAnyTempNamespace(((Form_pg_proc) GETSTRUCT(tuple))->pronamespace))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot create temporary function within security-restricted operation")));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Object access hook: checks new functions. */
static void
CheckNewObject(ObjectAccessType access, Oid class, Oid object, int column,
			   void *arg)
{
	if (next_access_hook != NULL)
		next_access_hook(access, class, object, column, arg);
	if (access == OAT_POST_CREATE && class == ProcedureRelationId &&
		InRestrictedWrite())
		CheckNewFunction(object);
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
