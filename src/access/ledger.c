/*
 * ledger.c
 *		The extension's tables, found by the schema of its functions.
 *
 * A function works on the tables in its own schema, and a trigger on those in
 * the schema of its function.  search_path plays no part.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ledger.h"

#define NUMBER_OF_TABLES 6
#define TABLES_OF_1_0 4			/* the first ones, which every ledger has */
static const char *const table_names[NUMBER_OF_TABLES] = {
	"documents", "hash_index", "audit_log", "error_log",
	"document_locations", "scans"	/* since 1.2 */
};

/* What the session knows of the tables of the schema that it used last. */
static struct
{
	Oid			schema;			/* InvalidOid: nothing is known */
	Oid			tables[NUMBER_OF_TABLES];	/* InvalidOid: none, or not known */
	bool		is_missing[NUMBER_OF_TABLES];	/* is there none of this name? */
	bool		has_no_rules;
}			known;

/*
 * How often something was forgotten.  An invalidation can arrive while we look:
 * what we find then must not be kept.
 */
static uint64 nforgotten = 0;

/* Syscache callback: some table has changed. */
static void
ForgetTables(Datum arg, int cache_id, uint32 hash_value)
{
	known.schema = InvalidOid;
	nforgotten++;
}

/* Prepares to keep what is found out of a schema's tables. */
static void
LearnTables(Oid schema)
{
	static bool is_registered = false;

	if (!is_registered)
		CacheRegisterSyscacheCallback(RELOID, ForgetTables, (Datum) 0);
	is_registered = true;
	if (known.schema == schema)
		return;
	memset(&known, 0, sizeof(known));
	known.schema = schema;
}

/*
 * Returns the ledger that a function call is for.  Raises 42883 if the function
 * has been dropped.
 */
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
				 errmsg("function with OID %u no longer exists",
						function)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	ledger.schema = form->pronamespace;
	ledger.function_owner = form->proowner;
	ReleaseSysCache(tuple);
	return ledger;
}

/*
 * Raises 55000 if the owner's code, which has just run, has renamed the schema, or
 * dropped the extension or the function that is running.  A script goes on with their
 * names, as a superuser, and would call what the owner has put in their place.
 */
void
CheckLedgerStays(const Ledger *ledger, const char *schema_name,
				 FunctionCallInfo fcinfo)
{
	Oid			extension = getExtensionOfObject(ProcedureRelationId,
												 fcinfo->flinfo->fn_oid);

	AcceptInvalidationMessages();
	if (OidIsValid(extension) &&
		extension == get_extension_oid(EXTENSION_NAME, true) &&
		get_namespace_oid(schema_name, true) == ledger->schema)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the ledger in schema %s was renamed or dropped while a function of doc_extractor worked on it",
					schema_name),
			 errhint("Look for functions in indexes and constraints of its tables, and drop them.")));
}

/* Raises the error that a table is missing, or was dropped while we waited. */
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

/*
 * Looks up a table in the catalogs.  In a ledger of an older version, a user's table
 * may have the name of one that came later.  Sets "is_missing" if none has it.
 */
static Oid
LookUpTable(const Ledger *ledger, int i, bool *is_missing)
{
	Oid			table = get_relname_relid(table_names[i], ledger->schema);
	Oid			extension;

	*is_missing = !OidIsValid(table);
	if (i < TABLES_OF_1_0 || *is_missing)
		return table;
	extension = getExtensionOfObject(RelationRelationId, table);
	return OidIsValid(extension) &&
		extension == get_extension_oid(EXTENSION_NAME, true) ? table : InvalidOid;
}

/* Returns the OID of a ledger's table or view, or InvalidOid if there is none. */
Oid
FindLedgerTable(const Ledger *ledger, const char *name)
{
	uint64		before = nforgotten;
	int			i = 0;
	Oid			table;
	bool		is_missing;

	/* The first letter tells most of them apart. */
	while (i < NUMBER_OF_TABLES &&
		   (table_names[i][0] != name[0] || strcmp(table_names[i], name) != 0))
		i++;
	if (i == NUMBER_OF_TABLES)
		return get_relname_relid(name, ledger->schema);
	LearnTables(ledger->schema);
	if (OidIsValid(known.tables[i]) || known.is_missing[i])
		return known.tables[i];
	table = LookUpTable(ledger, i, &is_missing);
	if (nforgotten != before)
		return table;
	known.tables[i] = table;
	known.is_missing[i] = is_missing;
	return table;
}

/* The same, but raises 42P01 if there is none. */
Oid
LedgerTableOid(const Ledger *ledger, const char *name)
{
	Oid			table = FindLedgerTable(ledger, name);

	if (!OidIsValid(table))
		ReportMissingTable(ledger, name);
	return table;
}

/* Raises 42809 unless the relation with the name of a table of ours is a table. */
void
CheckIsTable(Form_pg_class form)
{
	if (form->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not the table that doc_extractor created",
						NameStr(form->relname))));
}

/*
 * Raises 0A000 if a table has rules.  Some of our writes are no statements, so
 * rules would apply to some of them only.
 */
static void
CheckNoRules(Relation rel)
{
	if (rel->rd_rules != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("doc_extractor does not support rules on table \"%s\"",
						RelationGetRelationName(rel)),
				 errhint("Drop the rules, or use triggers instead.")));
}

/*
 * Returns whether a relation is a table that may have rules: the catalog says so
 * until the next VACUUM after they have been dropped.
 */
static bool
MayHaveRules(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Form_pg_class form;
	bool		may_have_rules;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	may_have_rules = form->relkind == RELKIND_RELATION && form->relhasrules;
	ReleaseSysCache(tuple);
	return may_have_rules;
}

/*
 * The same as GetLedger(), for functions that write to the ledger.  Raises 0A000 if
 * any of its tables has rules, even if this call would not write to it.
 */
Ledger
GetLedgerToWrite(FunctionCallInfo fcinfo)
{
	Ledger		ledger = GetLedger(fcinfo);
	uint64		before = nforgotten;
	bool		has_no_rules = true;

	LearnTables(ledger.schema);
	if (known.has_no_rules)
		return ledger;
	for (int i = 0; i < NUMBER_OF_TABLES; i++)
	{
		Oid			table = FindLedgerTable(&ledger, table_names[i]);
		Relation	rel;

		if (!MayHaveRules(table))
			continue;
		has_no_rules = false;
		rel = try_relation_open(table, AccessShareLock);
		if (rel == NULL)
			continue;
		CheckNoRules(rel);
		relation_close(rel, AccessShareLock);
	}
	if (nforgotten == before)
		known.has_no_rules = has_no_rules;
	return ledger;
}

/*
 * Opens and locks a ledger's table.  The caller closes it.  Raises 42P01 if it
 * is missing, 42809 if it is not a table, 0A000 if it has rules.
 */
Relation
OpenLedgerTable(const Ledger *ledger, const char *name, LOCKMODE lockmode)
{
	Oid			table = LedgerTableOid(ledger, name);

	for (;;)
	{
		Relation	rel = try_relation_open(table, lockmode);
		Oid			current = LedgerTableOid(ledger, name);

		/* While we waited for the lock, another table may have got the name. */
		if (rel != NULL && current == table)
		{
			CheckIsTable(rel->rd_rel);
			CheckNoRules(rel);
			return rel;
		}
		if (rel != NULL)
			relation_close(rel, lockmode);
		else if (current == table)
			ReportMissingTable(ledger, name);
		table = current;
	}
}

/*
 * Locks a ledger's table, if it is there, before others that come later in the
 * order of the locks: this statement may write to it.
 */
void
LockTableToWrite(const Ledger *ledger, const char *name)
{
	Oid			table = FindLedgerTable(ledger, name);

	/* What cannot write gets its error later, from what it tries to write. */
	if (get_rel_relkind(table) == RELKIND_RELATION &&
		!XactReadOnly && !IsInParallelMode())
		LockRelationOid(table, RowExclusiveLock);
}

/* Returns whether a table is one of the ledger's. */
bool
IsLedgerTable(const Ledger *ledger, Oid table)
{
	for (int i = 0; i < NUMBER_OF_TABLES; i++)
		if (OidIsValid(table) && FindLedgerTable(ledger, table_names[i]) == table)
			return true;
	return false;
}
