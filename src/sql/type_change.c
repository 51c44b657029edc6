/*
 * type_change.c
 *		Changing the types of the ledger's columns and sequences.
 *
 * A view keeps the types of the columns that it uses, so those of the extension that
 * use one are dropped and made again, with all that has been set on them.  Tables are
 * altered as their owner, whose code can run then; views as whoever may define them.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "../access/identity.h"
#include "../compat.h"
#include "../lib/subtransaction.h"
#include "type_change.h"

#include "widen_queries.h"

/* How long to try to get all locks, if lock_timeout does not say, in ms. */
#define LOCK_PATIENCE 60000

/* A statement, and the role that runs it, or InvalidOid for the definer. */
typedef struct RoleStatement
{
	Oid			role;
	const char *text;
	bool		drops;			/* comes before the change of types */
} RoleStatement;

/* Changes a setting until End(). */
static void
ChangeSetting(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Switches to a role until End().  A script of ours that is just making the ledger
 * makes views as itself, so that they are the extension's.
 */
static void
Begin(const TypeChange *change, Oid role, CallerIdentity *caller)
{
	caller->user_id = InvalidOid;
	if (!change->is_new || role != change->definer)
		SwitchToRestrictedRole(role, caller);
	else
	{
		caller->settings_level = NewGUCNestLevel();
		ChangeSetting("search_path", "pg_catalog, pg_temp");
		ChangeSetting("quote_all_identifiers", "off");
	}
	/* Compiling a query of catalogs takes a hundred times as long as it runs. */
	ChangeSetting("jit", "off");
	/* As pg_dump has them, so that constants in views stay what they are. */
	ChangeSetting("datestyle", "ISO");
	ChangeSetting("intervalstyle", "postgres");
	ChangeSetting("extra_float_digits", "3");
	/* A cast between times takes this zone. */
	if (change->time_zone != NULL)
		ChangeSetting("timezone", change->time_zone);
}

/* Ends Begin(). */
static void
End(const CallerIdentity *caller)
{
	if (!OidIsValid(caller->user_id))
		AtEOXact_GUC(false, caller->settings_level);
	else
		SwitchBack(caller);
}

/* Runs one of the queries, with a fourth parameter of its own. */
static void
RunQuery(const TypeChange *change, const char *query, bool parameter)
{
	Oid			types[4] = {OIDOID, BOOLOID, BOOLOID, BOOLOID};
	Datum		values[4];

	values[0] = ObjectIdGetDatum(change->ledger.schema);
	values[1] = BoolGetDatum(change->widens);
	values[2] = BoolGetDatum(change->time_zone != NULL);
	values[3] = BoolGetDatum(parameter);
	if (SPI_execute_with_args(query, 4, types, values, NULL, false, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\"", query);
}

/* Returns a column of a row of SPI's result, or NULL. */
static char *
ResultText(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* Returns a column of type bigint of a row of SPI's result, or 0 for NULL. */
static int64
ResultInteger(uint64 row, int column)
{
	bool		is_null;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

/* Runs a statement that is no query. */
static void
RunStatementText(const char *statement)
{
	int			result = SPI_execute(statement, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", statement,
			 SPI_result_code_string(result));
}

/* Returns what there is to do, as a list of PlannedAction. */
List *
PlanTypeChange(const TypeChange *change)
{
	CallerIdentity caller;
	List	   *plan = NIL;

	Begin(change, change->owner, &caller);
	RunQuery(change, plan_query, false);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		PlannedAction *action = palloc(sizeof(PlannedAction));

		action->action = ResultText(row, 1);
		action->object = ResultText(row, 2);
		action->bytes = ResultText(row, 3);
		plan = lappend(plan, action);
	}
	End(&caller);
	return plan;
}

/* Raises 2BP01 if objects of users stand in the way, and names them all. */
void
CheckObstacles(const TypeChange *change)
{
	CallerIdentity caller;
	char	   *obstacles;

	Begin(change, change->owner, &caller);
	RunQuery(change, obstacles_query, false);
	obstacles = ResultText(0, 1);
	End(&caller);
	if (obstacles != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("other objects depend on types of columns that change"),
				 errdetail("In the way: %s.", obstacles),
				 errhint("Drop them, try again, then create them again.")));
}

/* A try to lock all that is changed. */
typedef struct LockAttempt
{
	const TypeChange *change;
	bool		has_documents;	/* did it get the first lock? */
} LockAttempt;

/* Raises 55P03 unless a relation can be locked at once. */
static void
LockAtOnce(Oid relation)
{
	if (!ConditionalLockRelationOid(relation, AccessExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not lock the tables of doc_extractor, which are in use"),
				 errhint("Wait for the transactions that use them or end them, then try again.")));
}

/* Locks documents, and then all the rest at once: an attempt's callback. */
static void
TryToLock(void *argument)
{
	LockAttempt *attempt = argument;
	const Ledger *ledger = &attempt->change->ledger;

	relation_close(OpenLedgerTable(ledger, "documents", AccessExclusiveLock),
				   NoLock);
	attempt->has_documents = true;
	LockAtOnce(LedgerTableOid(ledger, "hash_index"));
	LockAtOnce(LedgerTableOid(ledger, "audit_log"));
	LockAtOnce(LedgerTableOid(ledger, "error_log"));
	SPI_connect();
	RunQuery(attempt->change, relations_query, false);
	for (uint64 row = 0; row < SPI_processed; row++)
		LockAtOnce((Oid) ResultInteger(row, 1));
	SPI_finish();
}

/*
 * Locks all that is changed.  Waits for documents only, under the caller's
 * lock_timeout, and holds nothing else meanwhile: who has locked a view, or a
 * sequence, will want its table.  If the rest is not free, lets the others go first
 * and tries again.
 */
void
LockForTypeChange(const TypeChange *change)
{
	TimestampTz start = GetCurrentTimestamp();
	int			patience = LockTimeout > 0 ? LockTimeout : LOCK_PATIENCE;
	CallerIdentity caller;

	if (change->is_new)
		return;
	Begin(change, change->owner, &caller);
	for (;;)
	{
		LockAttempt attempt = {.change = change};
		ErrorData  *error = TryInSubtransaction(TryToLock, &attempt);

		if (error == NULL)
			break;
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE ||
			!attempt.has_documents ||
			TimestampDifferenceExceeds(start, GetCurrentTimestamp(), patience))
			ReThrowError(error);
		FreeErrorData(error);
		DirectFunctionCall1(pg_sleep, Float8GetDatum(0.1));
	}
	End(&caller);
}

/* Returns what does not fit into narrower types, as a list of Misfit. */
List *
FindMisfits(const TypeChange *change)
{
	CallerIdentity caller;
	List	   *queries = NIL;
	List	   *misfits = NIL;
	List	   *found = NIL;
	ListCell   *query;
	ListCell   *cell;

	Begin(change, change->owner, &caller);
	RunQuery(change, misfits_query, false);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		Misfit	   *misfit = palloc(sizeof(Misfit));

		misfit->what = ResultText(row, 2);
		misfit->is_time = strcmp(ResultText(row, 3), "t") == 0;
		queries = lappend(queries, ResultText(row, 1));
		misfits = lappend(misfits, misfit);
	}
	forboth(query, queries, cell, misfits)
	{
		Misfit	   *misfit = lfirst(cell);

		if (SPI_execute(lfirst(query), false, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not run \"%s\"", (char *) lfirst(query));
		misfit->count = ResultInteger(0, 1);
		if (misfit->count > 0)
			found = lappend(found, misfit);
	}
	End(&caller);
	return found;
}

/* Changes the types of tables and sequences. */
void
ChangeTypes(const TypeChange *change, bool only_times)
{
	CallerIdentity caller;
	List	   *statements = NIL;
	ListCell   *cell;

	Begin(change, change->owner, &caller);
	RunQuery(change, change_query, only_times);
	for (uint64 row = 0; row < SPI_processed; row++)
		statements = lappend(statements, ResultText(row, 1));
	/* The guard knows wider types only.  What does not fit has been reported. */
	if (!change->widens)
		ChangeSetting("doc_extractor.allow_data_loss", "on");
	foreach(cell, statements)
		RunStatementText(lfirst(cell));
	End(&caller);
}

/* Returns what drops the views and makes them again, as a list of RoleStatement. */
static List *
FindViewStatements(const TypeChange *change)
{
	CallerIdentity caller;
	List	   *statements = NIL;

	Begin(change, change->definer, &caller);
	RunQuery(change, views_query, change->is_new);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		RoleStatement *statement = palloc(sizeof(RoleStatement));

		statement->role = (Oid) ResultInteger(row, 1);
		statement->text = ResultText(row, 2);
		statement->drops = ResultInteger(row, 3) == 0;
		statements = lappend(statements, statement);
	}
	End(&caller);
	return statements;
}

/* Runs the statements that drop the views, or those that make them again. */
static void
RunViewStatements(const TypeChange *change, List *statements, bool drops)
{
	ListCell   *cell;

	foreach(cell, statements)
	{
		const RoleStatement *statement = lfirst(cell);
		CallerIdentity caller;

		if (statement->drops != drops)
			continue;
		Begin(change, OidIsValid(statement->role) ? statement->role :
			  change->definer, &caller);
		RunStatementText(statement->text);
		End(&caller);
	}
}

/*
 * Drops the views that use the columns.  Returns what makes them again.  Nothing may
 * stand in the way, and all must be locked.
 */
List *
DropViews(const TypeChange *change)
{
	List	   *statements = FindViewStatements(change);

	RunViewStatements(change, statements, true);
	return statements;
}

/* Makes the views again. */
void
MakeViews(const TypeChange *change, List *statements)
{
	RunViewStatements(change, statements, false);
}
