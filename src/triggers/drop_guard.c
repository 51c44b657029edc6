/*
 * drop_guard.c
 *		The guard against dropping a ledger that has data.
 *
 * It is an object access hook, so it sees every way to drop a table.  An event
 * trigger arms it: so the library is loaded in time, and a ledger of 1.0, which
 * has no event triggers, has no guard.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../compat.h"
#include "../settings.h"
#include "drop_guard.h"
#include "restore.h"

#define EXTENSION_NAME "doc_extractor"

/* The transaction for which the guard is armed. */
static LocalTransactionId guarded_transaction = InvalidLocalTransactionId;
static object_access_hook_type next_hook = NULL;

/* Returns whether a table has any row. */
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

/* Returns whether an object is a table of the extension. */
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
 * Object access hook: raises 2BP01 if a table of the extension that has rows is
 * being dropped, directly or by a cascade.  The server has locked the table.
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

/* Installs the hook.  Called once, when the library is loaded. */
void
InstallDropGuard(void)
{
	next_hook = object_access_hook;
	object_access_hook = RefuseToDrop;
}

/* Arms the guard until the transaction ends. */
void
ArmDropGuard(void)
{
	guarded_transaction = CurrentLocalTransactionId();
}
