/*
 * defaults.c
 *		Column defaults, made ready once a session.
 *
 * A default is stored as text, and reading it costs more than inserting a row
 * does.  So each table's are kept until the table changes.
 */
#include "postgres.h"

#include "access/htup_details.h"
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

#include "compat.h"
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

/*
 * What is out of date stays for the writers that may be using it, which can be
 * many, as users' triggers write on their own.
 */
static MemoryContext retired = NULL;
static int	nusers = 0;			/* writers of this transaction */
static LocalTransactionId users_transaction = InvalidLocalTransactionId;

/* Reset callback: a writer, in whose memory context it is, has gone. */
static void
EndUse(void *argument)
{
	if (users_transaction == CurrentLocalTransactionId())
		nusers--;
}

/*
 * Lets a writer use defaults until its memory context goes.  If there is no
 * other, what is out of date goes now.
 */
void
UseDefaults(MemoryContext context)
{
	MemoryContextCallback *callback =
		MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	if (users_transaction != CurrentLocalTransactionId())
	{
		/* A former transaction's went with it. */
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

/* Retires a table's defaults; there is a writer. */
static void
RetireContext(MemoryContext context)
{
	if (retired == NULL)
		retired = AllocSetContextCreate(TopTransactionContext,
										"doc_extractor retired defaults",
										ALLOCSET_SMALL_SIZES);
	MemoryContextSetParent(context, retired);
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
 * Callback: tells whether a function is not one that the server has in C, and
 * that everybody may call.
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
 * Tells whether an expression has anything but constants and calls of the
 * server's own functions.  The others can be called again before they return,
 * leave something behind when they fail, or be for some roles only: each
 * statement makes its own ready.
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

/* Reads a default, and makes it ready if it may be kept; returns it. */
static KeptDefault *
KeepDefault(Relation rel, AttrNumber column)
{
	Expr	   *value = PlanDefault(rel, column);
	/* Planning may have met an invalidation of what we hold. */
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
	/* Even if that has met an invalidation, it is what we came for. */
	return kept;
}

/*
 * Returns the default of a column, ready to run until the statement ends; NULL
 * where it has none.  "is_stable": it may be run once for all rows.
 */
ExprState *
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
