/*
 * as_shipped.c
 *		Whether rows of a table can be written without the executor.
 *
 * There are two ways to write: straight into the heap and its indexes, or as an SQL
 * statement.  The first is several times as fast, and is for tables that are, as far
 * as the operation goes, what the extension has made, plus indexes and plain
 * columns: no code of a user's runs but index expressions.  The second is for all
 * others, so that whatever users attach to a table works as PostgreSQL has it.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "../compat.h"
#include "as_shipped.h"
#include "table_shape.h"

#ifndef WRITE_BY_SQL
#define WRITE_BY_SQL false
#endif

/*
 * A trigger function of ours, AFTER INSERT for each statement.  What it does is
 * done, or not needed, when we write a row ourselves.
 */
typedef struct InsertTrigger
{
	const char *table;
	PGFunction	function;
	bool		is_required;	/* without it, an INSERT does less than we */
} InsertTrigger;

static InsertTrigger insert_triggers[2];
static int	ninsert_triggers = 0;

/* Called when the library is loaded, once for each of them. */
void
RegisterInsertTrigger(const char *table, PGFunction function,
					  bool is_required)
{
	Assert(ninsert_triggers < (int) lengthof(insert_triggers));
	insert_triggers[ninsert_triggers++] =
		(InsertTrigger) {table, function, is_required};
}

/* Returns the registered trigger of a table, or NULL if there is none. */
static const InsertTrigger *
FindInsertTrigger(Relation rel)
{
	for (int i = 0; i < ninsert_triggers; i++)
		if (strcmp(insert_triggers[i].table, RelationGetRelationName(rel)) == 0)
			return &insert_triggers[i];
	return NULL;
}

/* Returns whether a trigger fires in this session. */
static bool
Fires(const Trigger *trigger)
{
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
			trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA;
	return trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
		trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN;
}

/* Returns whether a trigger is one as the extension creates for INSERT. */
static bool
IsPlainInsertTrigger(const Trigger *trigger)
{
	return trigger->tgtype == (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_AFTER) &&
		trigger->tgqual == NULL && trigger->tgnewtable != NULL;
}

/*
 * Returns whether a trigger's function is the registered one, of the table's ledger.
 * An owner can replace the function: so its code counts, not its name.
 */
static bool
IsFunctionOf(const InsertTrigger *ours, Oid function, Relation rel)
{
	FmgrInfo	info;

	if (get_func_namespace(function) != RelationGetNamespace(rel))
		return false;
	fmgr_info(function, &info);
	return info.fn_addr == ours->function;
}

/* Returns whether no triggers but ours fire on INSERT, and ours once if it must. */
static bool
HasOnlyOurInsertTriggers(Relation rel)
{
	const InsertTrigger *ours = FindInsertTrigger(rel);
	TriggerDesc *triggers = rel->trigdesc;
	Oid			function = InvalidOid;

	/* Look-ups in the catalog may free this descriptor: first read all of it. */
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_INSERT(trigger->tgtype) || !Fires(trigger))
			continue;
		if (OidIsValid(function) || !IsPlainInsertTrigger(trigger))
			return false;
		function = trigger->tgfoid;
	}
	if (OidIsValid(function))
		return ours != NULL && IsFunctionOf(ours, function, rel);
	return ours == NULL || !ours->is_required;
}

/* Returns whether no triggers fire on UPDATE. */
static bool
HasNoUpdateTriggers(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (TRIGGER_FOR_UPDATE(triggers->triggers[i].tgtype) &&
			Fires(&triggers->triggers[i]))
			return false;
	return true;
}

/* Returns whether rows must satisfy more than NOT NULL, or hold computed values. */
static bool
HasExpressions(Relation rel)
{
	TupleConstr *constraints = RelationGetDescr(rel)->constr;

	return constraints != NULL &&
		(constraints->num_check > 0 || HasGeneratedColumns(constraints));
}

/* Returns whether a time is rounded to fewer digits than now() has. */
static bool
HasRoundedTimes(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if ((att->atttypid == TIMESTAMPOID || att->atttypid == TIMESTAMPTZOID) &&
			att->atttypmod >= 0)
			return true;
	}
	return false;
}

/*
 * Returns whether rows of a table of ours, locked and open, can be written without
 * the executor: inserted, if no default takes it, or updated in columns of the
 * extension's own.  The current user must be the owner of the table.
 */
bool
IsAsShipped(Relation rel, CmdType operation)
{
	bool		is_insert = operation == CMD_INSERT;

	Assert(is_insert || operation == CMD_UPDATE);
	/* For tests: the whole suite has to pass this way, too. */
	if (WRITE_BY_SQL)
		return false;
	return rel->rd_rel->relowner == GetUserId() &&
		pg_class_aclcheck(RelationGetRelid(rel), GetUserId(),
						  is_insert ? ACL_INSERT : ACL_UPDATE) == ACLCHECK_OK &&
		!rel->rd_rel->relispartition && !rel->rd_rel->relhassubclass &&
		rel->rd_tableam == GetHeapamTableAmRoutine() &&
		!HasExpressions(rel) && !HasRoundedTimes(rel) &&
		(is_insert ? HasOnlyOurInsertTriggers(rel) : HasNoUpdateTriggers(rel)) &&
		!HasDeferrableIndex(rel);
}
