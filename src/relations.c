/*
 * relations.c
 *		The extension's tables: found by schema, written as their owner.
 *
 * A table is looked up in the schema of the function that asks, or of the
 * table whose trigger fired, never through search_path.  Columns are found by
 * name, as their numbers differ after an update and a rollback.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "relations.h"

/* Returns the ledger that a function call is for: that of its own schema. */
Ledger
GetLedger(FunctionCallInfo fcinfo)
{
	Oid			function = fcinfo->flinfo->fn_oid;
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	Ledger		ledger;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist any more",
						function)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	ledger.schema = form->pronamespace;
	ledger.actor = form->proowner;
	ReleaseSysCache(tuple);
	return ledger;
}

/* An error: "name" is not there, or was dropped while we waited for it. */
static void
ReportMissingTable(const Ledger *ledger, const char *name)
{
	char	   *schema = get_namespace_name(ledger->schema);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("schema \"%s\" has no table \"%s\"",
					schema != NULL ? schema : "", name),
			 errhint("The functions of doc_extractor work on the tables in their own schema.")));
}

/* Returns the table "name" of the ledger. */
Oid
LedgerTable(const Ledger *ledger, const char *name)
{
	Oid			table = get_relname_relid(name, ledger->schema);

	if (!OidIsValid(table))
		ReportMissingTable(ledger, name);
	return table;
}

/* An error unless a relation in the place of one of our tables is a table. */
static void
CheckIsTable(Form_pg_class form)
{
	if (form->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table as doc_extractor created it",
						NameStr(form->relname))));
}

/* Opens the table "name" of the ledger; the caller closes it. */
Relation
OpenLedgerTable(const Ledger *ledger, const char *name, LOCKMODE lockmode)
{
	Relation	rel = try_relation_open(LedgerTable(ledger, name), lockmode);

	if (rel == NULL)
		ReportMissingTable(ledger, name);
	CheckIsTable(rel->rd_rel);
	return rel;
}

/* Tells whether a table is one of the ledger's. */
bool
IsLedgerTable(const Ledger *ledger, Oid table)
{
	static const char *const names[] = {
		"documents", "hash_index", "audit_log", "error_log"
	};

	for (size_t i = 0; i < lengthof(names); i++)
		if (get_relname_relid(names[i], ledger->schema) == table)
			return true;
	return false;
}

/* Tells whether a type is one that the class allows. */
static bool
IsOfClass(Oid type, ColumnClass class)
{
	switch (class)
	{
		case COLUMN_INTEGER:
			return type == INT4OID || type == INT8OID;
		case COLUMN_TEXT:
			return type == VARCHAROID || type == TEXTOID;
		case COLUMN_TIME:
			return type == TIMESTAMPOID || type == TIMESTAMPTZOID;
		case COLUMN_JSON:
			return type == JSONOID;
		case COLUMN_BYTES:
			return type == BYTEAOID;
	}
	return false;
}

/* Returns the number of a column; InvalidAttrNumber where there is none. */
static AttrNumber
FindColumn(TupleDesc desc, const char *column)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		/* The first letter tells most of them apart. */
		if (NameStr(att->attname)[0] == column[0] && !att->attisdropped &&
			strcmp(NameStr(att->attname), column) == 0)
			return i + 1;
	}
	return InvalidAttrNumber;
}

/*
 * Returns the number of a column that every version of a table has.  An error
 * where somebody has given it a type that we cannot read.
 */
AttrNumber
ColumnNumber(TupleDesc desc, const char *table, const char *column,
			 ColumnClass class)
{
	AttrNumber	number = FindColumn(desc, column);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"", table, column),
				 errhint("The extension needs all the columns that it created.")));
	if (!IsOfClass(ColumnType(desc, number), class))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" has type %s", column,
						table, format_type_be(ColumnType(desc, number))),
				 errhint("Give it the type back that doc_extractor created it with.")));
	return number;
}

/* Returns the type of a column. */
Oid
ColumnType(TupleDesc desc, AttrNumber column)
{
	return TupleDescAttr(desc, column - 1)->atttypid;
}

/* Returns the width of a varchar column in characters; 0: it has none. */
int
ColumnWidth(TupleDesc desc, AttrNumber column)
{
	int32		typmod = TupleDescAttr(desc, column - 1)->atttypmod;

	return ColumnType(desc, column) == VARCHAROID && typmod >= VARHDRSZ ?
		typmod - VARHDRSZ : 0;
}

/*
 * Returns the owner of a table of the ledger.  An error where it is no plain
 * table, or where the function's owner could not act as its owner: a function
 * that was moved to another schema must not write what is there.
 */
static Oid
CheckOwner(const Ledger *ledger, Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Form_pg_class form;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist any more", table)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	CheckIsTable(form);
	owner = form->relowner;
	if (!has_privs_of_role(ledger->actor, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the owner of doc_extractor's functions may not act as the owner of table \"%s\"",
						NameStr(form->relname)),
				 errhint("Give tables and functions of the extension the same owner.")));
	ReleaseSysCache(tuple);
	return owner;
}

/* Sets a setting until BecomeCaller(). */
static void
SetForNow(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Sets search_path until BecomeCaller(). */
static void
SetSearchPath(const char *path)
{
	if (strcmp(namespace_search_path, path) != 0)
		SetForNow("search_path", path);
}

/* The marks of an identity that is not the session's own. */
#define OWNER_CONTEXT (SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS)

/* Takes on an identity until BecomeCaller(), with settings of its own. */
static void
TakeOn(Oid owner, int security_context, const char *path,
	   CallerIdentity *caller)
{
	caller->in_script = creating_extension;
	caller->script_extension = CurrentExtensionObject;
	creating_extension = false;
	CurrentExtensionObject = InvalidOid;

	GetUserIdAndSecContext(&caller->user_id, &caller->security_context);
	SetUserIdAndSecContext(owner,
						   caller->security_context | security_context);
	caller->settings_level = NewGUCNestLevel();
	SetSearchPath(path);
}

/* Tells whether there is nothing to take on, as in a write within another. */
static bool
IsTakenOn(Oid owner, const char *path)
{
	Oid			user_id;
	int			security_context;

	GetUserIdAndSecContext(&user_id, &security_context);
	return user_id == owner &&
		(security_context & OWNER_CONTEXT) == OWNER_CONTEXT &&
		!creating_extension && strcmp(namespace_search_path, path) == 0;
}

/*
 * Returns the search_path of writes to a ledger, for the time until the next
 * call.  The last one is kept, as it serves nearly all calls.
 */
static const char *
OwnerPath(const Ledger *ledger)
{
	static NameData schema;
	static char path[2 * NAMEDATALEN + 64];
	char	   *name = get_namespace_name(ledger->schema);

	/* Without a name the schema is gone: then the path finds nothing there. */
	if (name == NULL)
		return "pg_catalog, pg_temp";
	if (strcmp(name, NameStr(schema)) != 0)
	{
		snprintf(path, sizeof(path), "pg_catalog, %s, pg_temp",
				 quote_identifier(name));
		namestrcpy(&schema, name);
	}
	pfree(name);
	return path;
}

/*
 * Takes on the identity of the owner of "table", as referential integrity does
 * for its own queries.  What others have defined on the table then runs with
 * the owner's rights, so it finds the ledger's schema but not the caller's, and
 * is no part of an extension's script that called us.
 *
 * An error on the way needs no clean-up: the abort of the (sub)transaction
 * brings the caller's identity and settings back, and the end of the script,
 * which it fails, what we know of that.
 */
void
BecomeOwner(const Ledger *ledger, Oid table, CallerIdentity *caller)
{
	Oid			owner = CheckOwner(ledger, table);
	const char *path = OwnerPath(ledger);

	if (IsTakenOn(owner, path))
		caller->settings_level = 0;
	else
		TakeOn(owner, OWNER_CONTEXT, path, caller);
}

/*
 * The same for maintenance, which others' code has no part in: it finds nobody's
 * objects, and can leave nothing behind that would run later with other rights.
 */
void
BecomeRestrictedOwner(const Ledger *ledger, Oid table, CallerIdentity *caller)
{
	TakeOn(CheckOwner(ledger, table),
		   OWNER_CONTEXT | SECURITY_RESTRICTED_OPERATION,
		   "pg_catalog, pg_temp", caller);
	SetForNow("quote_all_identifiers", "off");
	SetForNow("doc_extractor.audit_value_limit", "0");
}

/*
 * Goes back to the identity that BecomeOwner() saved, if it took on another.
 * Whatever has been set in the meantime ends here.
 */
void
BecomeCaller(const CallerIdentity *caller)
{
	if (caller->settings_level == 0)
		return;
	AtEOXact_GUC(false, caller->settings_level);
	SetUserIdAndSecContext(caller->user_id, caller->security_context);
	creating_extension = caller->in_script;
	CurrentExtensionObject = caller->script_extension;
}

/* Returns an integer column's value, whichever width the column has. */
int64
IntegerValue(Datum value, Oid type)
{
	return type == INT8OID ? DatumGetInt64(value) : DatumGetInt32(value);
}

/* Returns "value" for an integer column; an error where it does not fit. */
Datum
IntegerDatum(int64 value, Oid type)
{
	if (type == INT8OID)
		return Int64GetDatum(value);
	return DirectFunctionCall1(int84, Int64GetDatum(value));
}

/* Returns a column that V001 declares NOT NULL. */
Datum
RequiredColumn(TupleTableSlot *slot, AttrNumber column)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, column, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" must not be null",
						NameStr(TupleDescAttr(slot->tts_tupleDescriptor,
											  column - 1)->attname)),
				 errhint("Give it the NOT NULL back that doc_extractor created it with.")));
	return value;
}

/* Returns an integer column that V001 declares NOT NULL. */
int64
RequiredInteger(TupleTableSlot *slot, AttrNumber column)
{
	return IntegerValue(RequiredColumn(slot, column),
						ColumnType(slot->tts_tupleDescriptor, column));
}

/*
 * Returns now() for a timestamp column, with or without a time zone.  That
 * without one is kept, as finding it out takes longer than most of a row.
 */
Datum
TransactionTime(Oid type)
{
	static TimestampTz kept_now = 0;
	static pg_tz *kept_zone = NULL;
	static Timestamp kept_local;
	TimestampTz now = GetCurrentTransactionStartTimestamp();

	if (type == TIMESTAMPTZOID)
		return TimestampTzGetDatum(now);
	if (now != kept_now || session_timezone != kept_zone)
	{
		kept_local =
			DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp,
												  TimestampTzGetDatum(now)));
		kept_now = now;
		kept_zone = session_timezone;
	}
	return TimestampGetDatum(kept_local);
}
