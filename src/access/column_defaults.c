/*
 * column_defaults.c
 *		Defaults of columns, for rows that we insert without a plan.
 *
 * The catalog stores a default as text, and to parse it costs more than to insert
 * a row.  So a session keeps each table's defaults until the table changes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "../compat.h"
#include "column_defaults.h"

/* The default of a column, as the session keeps it. */
typedef struct KeptDefault
{
	bool		is_known;
	Expr	   *value;			/* planned; NULL: the column has none */
	ExprState  *state;			/* ready to run; NULL: must not be kept */
	bool		is_stable;		/* the same for all rows of a statement */
} KeptDefault;

/* The defaults of a table, as the session keeps them. */
typedef struct TableDefaults
{
	Oid			table;			/* the hash key */
	bool		is_valid;
	MemoryContext context;		/* holds the columns */
	KeptDefault *columns;
} TableDefaults;

static HTAB *tables = NULL;

/* Relcache callback: the defaults of the table, or of all, are out of date. */
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

/* Syscache callback: a function or type that a default may use has changed. */
static void
ForgetAllDefaults(Datum arg, int cache_id, uint32 hash_value)
{
	ForgetDefaults(arg, InvalidOid);
}

/* Creates the store, on first use. */
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

/*
 * Defaults that are out of date stay for the writers that may be using them.
 * There can be several, as users' triggers write rows on their own.
 */
static MemoryContext retired = NULL;
static int	nusers = 0;			/* writers in this transaction */
static LocalTransactionId users_transaction = InvalidLocalTransactionId;

/* Reset callback: the writer with this memory context has ended. */
static void
EndUse(void *argument)
{
	if (users_transaction == CurrentLocalTransactionId())
		nusers--;
}

/*
 * Lets a writer use defaults until its memory context ends.  If it is the only
 * one, frees the defaults that are out of date.
 */
static void
UseDefaults(MemoryContext context)
{
	MemoryContextCallback *callback =
		MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	if (users_transaction != CurrentLocalTransactionId())
	{
		/* Those of a former transaction have gone with its memory. */
		retired = NULL;
		nusers = 0;
		users_transaction = CurrentLocalTransactionId();
	}
	if (nusers == 0 && retired != NULL)
	{
		MemoryContextDelete(retired);
		retired = NULL;
	}
	callback->func = EndUse;
	MemoryContextRegisterResetCallback(context, callback);
	nusers++;
}

/* Keeps a table's defaults until no writer can be using them. */
static void
RetireContext(MemoryContext context)
{
	if (retired == NULL)
		retired = AllocSetContextCreate(TopTransactionContext,
										"doc_extractor retired defaults",
										ALLOCSET_SMALL_SIZES);
	MemoryContextSetParent(context, retired);
}

/* Returns the entry of a table, empty if it is new or was out of date. */
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

	Assert(nusers > 0);
	if (found && entry->context != NULL)
		RetireContext(entry->context);
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

/*
 * Callback: returns whether a function is anything but a built-in one that
 * everybody may call.
 */
static bool
IsForeignFunction(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is_foreign;

	if (!HeapTupleIsValid(tuple))
		return true;
	is_foreign = ((Form_pg_proc) GETSTRUCT(tuple))->prolang != INTERNALlanguageId ||
		!heap_attisnull(tuple, Anum_pg_proc_proacl, NULL);
	ReleaseSysCache(tuple);
	return is_foreign;
}

/*
 * Returns whether an expression has anything but constants and calls of built-in
 * functions.  Other functions can call us before they return, leave state behind
 * when they fail, or be for some roles only: each statement prepares its own.
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

/* Parses and plans a default.  Returns NULL if the column has none. */
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

/* Plans a default and keeps it, ready to run if it may be.  Returns it. */
static KeptDefault *
KeepDefault(Relation rel, AttrNumber column)
{
	Expr	   *value = PlanDefault(rel, column);
	/* Planning may have received an invalidation of what we hold. */
	TableDefaults *entry = GetTableDefaults(rel);
	KeptDefault *kept = &entry->columns[column - 1];
	MemoryContext old = MemoryContextSwitchTo(entry->context);

	kept->value = copyObject(value);
	kept->is_known = true;
	if (kept->value != NULL && !HasForeignCode((Node *) kept->value, NULL))
	{
		kept->state = ExecInitExpr(kept->value, NULL);
		kept->is_stable = !contain_volatile_functions((Node *) kept->value);
	}
	MemoryContextSwitchTo(old);
	/* Even if that has received an invalidation, it is what we came for. */
	return kept;
}

/*
 * Returns the default of a column, ready to run until the statement ends, or NULL
 * if it has none.  Sets "is_stable" if one result serves for all rows.
 */
static ExprState *
GetColumnDefault(Relation rel, AttrNumber column, bool *is_stable)
{
	KeptDefault *kept = &GetTableDefaults(rel)->columns[column - 1];

	if (!kept->is_known)
		kept = KeepDefault(rel, column);
	*is_stable = kept->is_stable;
	if (kept->state != NULL || kept->value == NULL)
		return kept->state;
	return ExecInitExpr(copyObject(kept->value), NULL);
}

/* The default of one column in a statement; prepared when first needed. */
typedef struct ColumnDefault
{
	bool		is_prepared;
	ExprState  *expression;		/* NULL: none, or "value" has its result */
	bool		is_stable;		/* "value" serves for all rows */
	NullableDatum value;
} ColumnDefault;

/* The defaults of a table for one statement. */
struct ColumnDefaults
{
	Relation	rel;
	EState	   *estate;
	ColumnDefault *columns;
};

/*
 * Returns the defaults of a table for rows of one statement.  They belong to the
 * memory context of the executor state, and end with it.
 */
ColumnDefaults *
OpenColumnDefaults(Relation rel, EState *estate)
{
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	ColumnDefaults *defaults = palloc(sizeof(ColumnDefaults));

	defaults->rel = rel;
	defaults->estate = estate;
	defaults->columns = palloc0(RelationGetNumberOfAttributes(rel) *
								sizeof(ColumnDefault));
	UseDefaults(estate->es_query_cxt);
	MemoryContextSwitchTo(old);
	return defaults;
}

/* Runs a default. */
static NullableDatum
RunDefault(ColumnDefaults *defaults, ExprState *expression)
{
	NullableDatum result;

	result.value = ExecEvalExprSwitchContext(expression,
											 GetPerTupleExprContext(defaults->estate),
											 &result.isnull);
	return result;
}

/* Prepares a column's default, and runs it if it is the same for all rows. */
static void
PrepareDefault(ColumnDefaults *defaults, int column, ColumnDefault *entry)
{
	MemoryContext old = MemoryContextSwitchTo(defaults->estate->es_query_cxt);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(defaults->rel),
										  column - 1);

	entry->expression = GetColumnDefault(defaults->rel, column,
										 &entry->is_stable);
	if (entry->is_stable)
	{
		entry->value = RunDefault(defaults, entry->expression);
		if (!entry->value.isnull)
			entry->value.value = datumCopy(entry->value.value, att->attbyval,
										   att->attlen);
		entry->expression = NULL;
	}
	entry->is_prepared = true;
	MemoryContextSwitchTo(old);
}

/*
 * Fills in the defaults of a row's columns that are not set.  By-reference values
 * live until the executor state's per-tuple context is reset.
 */
void
FillDefaults(ColumnDefaults *defaults, TupleTableSlot *slot,
			 const bool *is_set)
{
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		ColumnDefault *entry = &defaults->columns[i];
		NullableDatum value;

		if (is_set[i])
			continue;
		if (!entry->is_prepared)
			PrepareDefault(defaults, i + 1, entry);
		if (entry->is_stable)
			value = entry->value;
		else if (entry->expression != NULL)
			value = RunDefault(defaults, entry->expression);
		else
			continue;
		slot->tts_values[i] = value.value;
		slot->tts_isnull[i] = value.isnull;
	}
}
