/*
 * drop_guard.c
 *		The guard against dropping a ledger that has data, or columns of it.
 *
 * It is an object access hook, so it sees every way to drop a table or column.  An event
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
#include "column_guard.h"
#include "drop_guard.h"

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
	/* The command is to get its own lock first: to strengthen ours can deadlock. */
	table_close(rel, AccessShareLock);
	return found;
}

/* Returns whether a relation is a member of the extension. */
static bool
IsMember(Oid relation)
{
	Oid			extension = getExtensionOfObject(RelationRelationId, relation);

	return OidIsValid(extension) &&
		extension == get_extension_oid(EXTENSION_NAME, true);
}

/* Returns whether a relation is a table of the extension, whatever its name is by now. */
bool
IsMemberTable(Oid object)
{
	return get_rel_relkind(object) == RELKIND_RELATION && IsMember(object);
}

/* Returns whether a script of this extension is running, which knows what it does. */
bool
InOwnScript(void)
{
	return creating_extension &&
		CurrentExtensionObject == get_extension_oid(EXTENSION_NAME, true);
}

/* Returns whether nobody may drop a table, or parts of it: it has rows. */
bool
IsGuarded(Oid table)
{
	return !doc_extractor_allow_data_loss && HasRows(table);
}

/*
 * Returns whether a relation is a sequence of the extension that gives a guarded table
 * its ids.  If it is no table's own any more, we cannot know.
 */
bool
IsGuardedSequence(Oid relation)
{
	Oid			table;
	int32		column;

	if (get_rel_relkind(relation) != RELKIND_SEQUENCE || !IsMember(relation))
		return false;
	if (sequenceIsOwned(relation, DEPENDENCY_AUTO, &table, &column) &&
		IsMemberTable(table))
		return IsGuarded(table);
	return !doc_extractor_allow_data_loss;
}

/* Raises 2BP01: a table must not be dropped. */
static void
RefuseToDropTable(Oid table)
{
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

/* Raises 2BP01: a column must neither be dropped nor renamed. */
static void
RefuseToDropColumn(Oid table, AttrNumber column, const char *verb)
{
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot %s column \"%s\" of table \"%s\", which has data",
					verb, get_attname(table, column, false),
					get_rel_name(table)),
			 errdetail("Extension %s needs all the columns that it created.",
					   EXTENSION_NAME),
			 errhint("To %s it all the same, take a backup with pg_dump, then SET %s.allow_data_loss = on.",
					 verb, EXTENSION_NAME)));
}

/*
 * Object access hook: refuses to drop a table of the extension that has rows, or one of
 * its columns, directly or by a cascade, and to rename a column.  The server has locked
 * the table.
 */
static void
CheckAccess(ObjectAccessType access, Oid class, Oid object, int column,
			void *arg)
{
	if (next_hook)
		next_hook(access, class, object, column, arg);
	if (guarded_transaction != CurrentLocalTransactionId() ||
		(access != OAT_DROP && (access != OAT_POST_ALTER || column <= 0)) ||
		class != RelationRelationId || !IsMemberTable(object))
		return;
	if (column == 0)
	{
		if (IsGuarded(object))
			RefuseToDropTable(object);
		return;
	}
	if (InOwnScript() || column < 0 || !IsLedgerColumn(object, column) ||
		(access == OAT_POST_ALTER && !IsRenamed(object, column)) ||
		!IsGuarded(object))
		return;
	RefuseToDropColumn(object, column, access == OAT_DROP ? "drop" : "rename");
}

/* Installs the hook.  Called once, when the library is loaded. */
void
InstallDropGuard(void)
{
	next_hook = object_access_hook;
	object_access_hook = CheckAccess;
}

/* Arms the guard until the transaction ends. */
void
ArmDropGuard(void)
{
	guarded_transaction = CurrentLocalTransactionId();
}
