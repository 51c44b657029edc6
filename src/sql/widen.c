/*
 * widen.c
 *		doc_extractor_widen(): ids, counts and sizes become bigint, times timestamptz.
 *
 * A ledger that began with an earlier version keeps V001's types until its owner
 * calls this.  The way back to 1.1 makes them narrow again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "../compat.h"
#include "../settings.h"
#include "type_change.h"

PG_FUNCTION_INFO_V1(doc_extractor_widen);
PG_FUNCTION_INFO_V1(doc_extractor_widen_preview);
PG_FUNCTION_INFO_V1(narrow_types);

/* Returns the owner of a table. */
static Oid
GetOwner(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Returns whether our own script is running, and not the owner's code that it runs. */
static bool
IsOwnScript(void)
{
	return creating_extension &&
		CurrentExtensionObject == get_extension_oid(EXTENSION_NAME, true);
}

/* Returns whether this transaction has made the tables. */
static bool
IsNewLedger(const Ledger *ledger)
{
	static const char *const names[] = {
		"documents", "hash_index", "audit_log", "error_log"
	};
	bool		is_new = true;

	for (size_t i = 0; i < lengthof(names); i++)
	{
		Relation	rel = relation_open(LedgerTableOid(ledger, names[i]),
										AccessShareLock);

		is_new &= rel->rd_createSubid != InvalidSubTransactionId;
		relation_close(rel, NoLock);
	}
	return is_new;
}

/* Returns a change of types of the ledger of a function. */
static TypeChange
GetTypeChange(FunctionCallInfo fcinfo, bool widens)
{
	TypeChange	change = {.ledger = GetLedger(fcinfo),.widens = widens};

	change.owner = GetOwner(LedgerTableOid(&change.ledger, "documents"));
	change.definer = superuser() ? GetUserId() : change.owner;
	return change;
}

/*
 * Returns the name of a time zone, the first argument of a call, or NULL.  Raises
 * 22023 unless the setting TimeZone takes it.
 */
static char *
TimeZoneArgument(FunctionCallInfo fcinfo)
{
	char	   *name;
	int			level;

	if (PG_ARGISNULL(0))
		return NULL;
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	level = NewGUCNestLevel();
	(void) set_config_option("timezone", name, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	AtEOXact_GUC(false, level);
	return name;
}

/* Raises 42501 unless the caller may alter the tables, and the definer the extension. */
static void
CheckMayWiden(const TypeChange *change)
{
	if (!has_privs_of_role(GetUserId(), change->owner))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, "documents");
	if (!object_ownercheck(ExtensionRelationId,
						   get_extension_oid(EXTENSION_NAME, false),
						   change->definer))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the owner of the tables must be owner of extension %s",
						EXTENSION_NAME),
				 errdetail("Views of the extension leave it and come back."),
				 errhint("Let a superuser call the function.")));
}

/*
 * Raises 42501 if the owner may not make the views again.  A superuser does not do it
 * for the owner: to parse what the owner wrote can run the owner's code.
 */
static void
CheckMayMakeViews(const TypeChange *change)
{
	if (DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id,
										 ObjectIdGetDatum(change->owner),
										 ObjectIdGetDatum(change->ledger.schema),
										 CStringGetTextDatum("CREATE"))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the owner of the tables must have privilege CREATE on schema %s",
					get_namespace_name(change->ledger.schema)),
			 errdetail("Views of the extension are made again, as their owner."),
			 errhint("Grant it for as long as the function runs.")));
}

/* Raises 25001 if others could change the ledger unseen while we wait for locks. */
static void
CheckIsolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("doc_extractor changes types at isolation level READ COMMITTED only"),
				 errhint("Use BEGIN ISOLATION LEVEL READ COMMITTED, or set default_transaction_isolation to 'read committed'.")));
}

/* Adds a result row for each action. */
static void
ReturnPlan(ReturnSetInfo *result, List *plan)
{
	ListCell   *cell;

	foreach(cell, plan)
	{
		const PlannedAction *action = lfirst(cell);
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = CStringGetTextDatum(action->action);
		values[1] = CStringGetTextDatum(action->object);
		nulls[2] = action->bytes == NULL;
		values[2] = nulls[2] ? (Datum) 0 :
			DirectFunctionCall1(int8in, CStringGetDatum(action->bytes));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * doc_extractor_widen_preview(time_zone): a row for each thing that
 * doc_extractor_widen() would do, and for each that stands in its way.
 */
Datum
doc_extractor_widen_preview(PG_FUNCTION_ARGS)
{
	TypeChange	change = GetTypeChange(fcinfo, true);

	change.time_zone = TimeZoneArgument(fcinfo);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	ReturnPlan((ReturnSetInfo *) fcinfo->resultinfo, PlanTypeChange(&change));
	SPI_finish();
	return (Datum) 0;
}

/* Returns whether there is anything to widen.  Raises 2BP01 if it cannot be done. */
static bool
MustWiden(const TypeChange *change)
{
	bool		must_widen;

	SPI_connect();
	must_widen = PlanTypeChange(change) != NIL;
	if (must_widen)
		CheckObstacles(change);
	SPI_finish();
	return must_widen;
}

/*
 * doc_extractor_widen(time_zone): widens ids, counts, sizes and sequences, and with a
 * zone the times, too.  Returns a row for each thing that it has done.
 */
Datum
doc_extractor_widen(PG_FUNCTION_ARGS)
{
	TypeChange	change = GetTypeChange(fcinfo, true);
	char	   *schema_name = get_namespace_name(change.ledger.schema);
	List	   *plan;
	List	   *views;

	change.time_zone = TimeZoneArgument(fcinfo);
	change.is_new = IsOwnScript();
	InitMaterializedSRF(fcinfo, 0);
	/* An update keeps the types. */
	if (change.is_new && !IsNewLedger(&change.ledger))
		return (Datum) 0;
	CheckMayWiden(&change);
	if (!MustWiden(&change))
		return (Datum) 0;
	PreventCommandIfReadOnly("doc_extractor_widen()");
	if (!change.is_new)
	{
		CheckMayMakeViews(&change);
		CheckIsolation();
	}
	LockForTypeChange(&change);
	SPI_connect();
	/* It may have changed before we had the locks. */
	CheckObstacles(&change);
	plan = PlanTypeChange(&change);
	views = DropViews(&change);
	ChangeTypes(&change, false);
	CheckLedgerStays(&change.ledger, schema_name, fcinfo);
	MakeViews(&change, views);
	ReturnPlan((ReturnSetInfo *) fcinfo->resultinfo, plan);
	SPI_finish();
	return (Datum) 0;
}

/* Returns whether there are numbers among misfits. */
static bool
HasNumbers(List *misfits)
{
	ListCell   *cell;

	foreach(cell, misfits)
		if (!((const Misfit *) lfirst(cell))->is_time)
			return true;
	return false;
}

/* Returns misfits as a list for a message. */
static char *
DescribeMisfits(List *misfits)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, misfits)
	{
		const Misfit *misfit = lfirst(cell);

		appendStringInfo(&text, "%s" INT64_FORMAT " %s",
						 text.len > 0 ? ", " : "", misfit->count, misfit->what);
	}
	return text.data;
}

/* Raises 55000 for values that narrower types cannot hold; a warning if that is allowed. */
static void
ReportMisfits(List *misfits)
{
	if (misfits == NIL)
		return;
	if (!doc_extractor_allow_data_loss)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the types of version 1.1 cannot hold all that is in the ledger"),
				 errdetail("Too wide: %s.", DescribeMisfits(misfits)),
				 errhint("For times, set TimeZone to a zone without summer time, such as UTC. Or take a backup, then SET doc_extractor.allow_data_loss = on: with such numbers, all numbers stay bigint; such times lose their offset.")));
	ereport(WARNING,
			(errmsg("the types of version 1.1 cannot hold all that is in the ledger"),
			 errdetail("With such numbers, all numbers stay bigint; such times lose their offset. Too wide: %s.",
					   DescribeMisfits(misfits))));
}

/*
 * narrow_types(is_check): for the script that leads back to 1.1.  First checks that
 * all fits into V001's types, and that nothing stands in the way.  Then, when the
 * views are gone, changes the types, times to the local time of the session's
 * TimeZone.
 */
Datum
narrow_types(PG_FUNCTION_ARGS)
{
	bool		is_check = PG_GETARG_BOOL(0);
	TypeChange	change = GetTypeChange(fcinfo, false);
	char	   *schema_name = get_namespace_name(change.ledger.schema);
	List	   *misfits;

	change.time_zone = pstrdup(GetConfigOption("TimeZone", false, false));
	SPI_connect();
	if (is_check)
		CheckObstacles(&change);
	misfits = FindMisfits(&change);
	if (is_check)
		ReportMisfits(misfits);
	else
		ChangeTypes(&change, HasNumbers(misfits));
	SPI_finish();
	CheckLedgerStays(&change.ledger, schema_name, fcinfo);
	PG_RETURN_VOID();
}
