/*
 * defaults.c
 *		Column defaults, made ready once a session.
 *
 * A default is stored as text, and reading it costs more than inserting a row
 * does.  So each table's are kept until the table changes.
 */
#include "postgres.h"

#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "defaults.h"

/* The default of a column. */
typedef struct KeptDefault
{
	bool		is_known;
	Expr	   *value;			/* planned; NULL: none */
	ExprState  *state;			/* ready to run; NULL: not to be kept */
	bool		is_stable;		/* the same for all rows of a statement */
} KeptDefault;

/* The defaults of a table. */
typedef struct TableDefaults
{
	Oid			table;			/* the hash key */
	bool		is_valid;
	MemoryContext context;		/* of all that follows */
	KeptDefault *columns;
} TableDefaults;

static HTAB *tables = NULL;

/* Relcache callback: what is kept of the table, or of all, is out of date. */
static void
ForgetDefaults(Datum arg, Oid table)
{
	HASH_SEQ_STATUS status;
	TableDefaults *entry;

	hash_seq_init(&status, tables);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (table == InvalidOid || table == entry->table)
			entry->is_valid = false;
}

/* Syscache callback: a function or a type that defaults may use has changed. */
static void
ForgetAllDefaults(Datum arg, int cache_id, uint32 hash_value)
{
	ForgetDefaults(arg, InvalidOid);
}

/* Makes the store, on first use. */
static void
CreateStore(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid),
	.entrysize = sizeof(TableDefaults)};

	tables = hash_create("doc_extractor defaults", 8, &control,
						 HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(ForgetDefaults, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, ForgetAllDefaults, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, ForgetAllDefaults, (Datum) 0);
}

/* Returns the entry of a table, empty where it is new or out of date. */
static TableDefaults *
GetTableDefaults(Relation rel)
{
	Oid			table = RelationGetRelid(rel);
	TableDefaults *entry;
	bool		found;

	if (tables == NULL)
		CreateStore();
	entry = hash_search(tables, &table, HASH_ENTER, &found);
	if (found && entry->is_valid)
		return entry;

	/* Who works with the former ones may go on until the transaction ends. */
	if (found && entry->context != NULL)
		MemoryContextSetParent(entry->context, TopTransactionContext);
	entry->context = NULL;
	entry->is_valid = false;
	entry->context = AllocSetContextCreate(CacheMemoryContext,
										   "doc_extractor defaults",
										   ALLOCSET_SMALL_SIZES);
	entry->columns = MemoryContextAllocZero(entry->context,
											RelationGetNumberOfAttributes(rel) *
											sizeof(KeptDefault));
	entry->is_valid = true;
	return entry;
}

/* Callback: tells whether a function is not one that the server has in C. */
static bool
IsForeignFunction(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is_foreign;

	if (!HeapTupleIsValid(tuple))
		return true;
	is_foreign = ((Form_pg_proc) GETSTRUCT(tuple))->prolang != INTERNALlanguageId;
	ReleaseSysCache(tuple);
	return is_foreign;
}

/*
 * Tells whether an expression has anything but constants and calls of the
 * server's own functions.  The others can be called again before they return,
 * or leave something behind when they fail: each statement makes its own ready.
 */
static bool
HasForeignCode(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_RelabelType:
		case T_List:
			return check_functions_in_node(node, IsForeignFunction, NULL) ||
				expression_tree_walker(node, HasForeignCode, NULL);
		default:
			return true;
	}
}

/* Reads and plans a default; NULL where the column has none. */
static Expr *
PlanDefault(Relation rel, AttrNumber column)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), column - 1);
	Expr	   *value;

	if (att->attisdropped || att->attgenerated)
		return NULL;
	value = (Expr *) build_column_default(rel, column);
	return value == NULL ? NULL : expression_planner(value);
}

/* Reads a default, and makes it ready if it may be kept. */
static void
KeepDefault(Relation rel, AttrNumber column)
{
	Expr	   *value = PlanDefault(rel, column);
	/* Planning may have met an invalidation of what we hold. */
	TableDefaults *entry = GetTableDefaults(rel);
	KeptDefault *kept = &entry->columns[column - 1];
	MemoryContext old = MemoryContextSwitchTo(entry->context);

	kept->value = copyObject(value);
	if (kept->value != NULL && !HasForeignCode((Node *) kept->value, NULL))
	{
		kept->state = ExecInitExpr(kept->value, NULL);
		kept->is_stable = !contain_volatile_functions((Node *) kept->value);
	}
	kept->is_known = true;
	MemoryContextSwitchTo(old);
}

/*
 * Returns the default of a column, ready to run until the statement ends; NULL
 * where it has none.  "is_stable": it may be run once for all rows.
 */
ExprState *
GetColumnDefault(Relation rel, AttrNumber column, bool *is_stable)
{
	KeptDefault *kept = &GetTableDefaults(rel)->columns[column - 1];

	/* To make it ready may meet an invalidation, too. */
	while (!kept->is_known)
	{
		KeepDefault(rel, column);
		kept = &GetTableDefaults(rel)->columns[column - 1];
	}
	*is_stable = kept->is_stable;
	if (kept->state != NULL || kept->value == NULL)
		return kept->state;
	return ExecInitExpr(copyObject(kept->value), NULL);
}
