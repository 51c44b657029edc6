/*
 * column_defaults.c
 *		Defaults of columns, for rows that we insert without a plan.
 *
 * The catalog stores a default as text, and to parse and plan it costs more than
 * to insert a row.  So a session keeps the planned expressions until the table
 * changes.  Each statement gets copies of its own: a default can call a function
 * that calls us again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "../compat.h"
#include "column_defaults.h"
#include "columns.h"

/* How to compute a default.  The first ones are those that the extension makes. */
typedef enum DefaultKind
{
	DEFAULT_UNKNOWN,			/* look at the column first */
	DEFAULT_NONE,
	DEFAULT_CONSTANT,
	DEFAULT_NOW,				/* now(), for any timestamp */
	DEFAULT_NEXTVAL,			/* nextval(), for any integer */
	DEFAULT_STABLE,				/* an expression, once a statement */
	DEFAULT_VOLATILE			/* an expression, for each row */
} DefaultKind;

/* The default of a column, as the session keeps it. */
typedef struct KeptDefault
{
	DefaultKind kind;
	Oid			sequence;		/* of DEFAULT_NEXTVAL */
	Expr	   *expression;		/* planned */
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
static uint64 ninvalidations = 0;

/* Relcache callback: the defaults of the table, or of all, are out of date. */
static void
ForgetDefaults(Datum arg, Oid table)
{
	HASH_SEQ_STATUS status;
	TableDefaults *entry;

	ninvalidations++;
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

	if (found && entry->context != NULL)
		MemoryContextDelete(entry->context);
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
 * Returns NULL as a value of a column's type.  A domain may refuse it, so the
 * value must be coerced.  Returns no expression if the type is no domain.
 */
static Node *
NullOfDomain(Form_pg_attribute att)
{
	int32		typmod = att->atttypmod;
	Oid			base_type = getBaseTypeAndTypmod(att->atttypid, &typmod);

	if (base_type == att->atttypid)
		return NULL;
	return coerce_to_domain((Node *) makeNullConst(base_type, typmod,
												   att->attcollation),
							base_type, typmod, att->atttypid,
							COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1,
							false);
}

/*
 * Parses and plans a default, in the current memory context.  Returns NULL if the
 * column has none.
 */
static Expr *
PlanDefault(Relation rel, AttrNumber column)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), column - 1);
	Node	   *expression;

	if (att->attisdropped || att->attgenerated)
		return NULL;
	expression = build_column_default(rel, column);
	if (expression == NULL)
		expression = NullOfDomain(att);
	return expression == NULL ? NULL : expression_planner((Expr *) expression);
}

/* Returns whether an expression calls a built-in function that everybody may call. */
static bool
IsCallOf(Node *node, Oid function)
{
	HeapTuple	tuple;
	bool		is_public;

	if (!IsA(node, FuncExpr) || ((FuncExpr *) node)->funcid != function)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	is_public = HeapTupleIsValid(tuple) &&
		heap_attisnull(tuple, Anum_pg_proc_proacl, NULL);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return is_public;
}

/* Returns the argument of a function call. */
static Node *
Argument(Node *node)
{
	return linitial(((FuncExpr *) node)->args);
}

/* Sets the kind of a default from its expression, for a column of this type. */
static void
Classify(KeptDefault *kept, Oid type)
{
	Node	   *node = (Node *) kept->expression;
	Node	   *value = node;

	/* The casts of a column that is not as wide as the function. */
	if (node != NULL && (IsCallOf(node, F_INT4_INT8) ||
						 IsCallOf(node, F_TIMESTAMP_TIMESTAMPTZ)))
		value = Argument(node);
	if (node == NULL)
		kept->kind = DEFAULT_NONE;
	else if (IsA(node, Const))
		kept->kind = DEFAULT_CONSTANT;
	else if (IsCallOf(value, F_NOW) &&
			 (type == TIMESTAMPOID || type == TIMESTAMPTZOID))
		kept->kind = DEFAULT_NOW;
	else if (IsCallOf(value, F_NEXTVAL) && IsA(Argument(value), Const) &&
			 !((Const *) Argument(value))->constisnull &&
			 (type == INT4OID || type == INT8OID))
	{
		kept->kind = DEFAULT_NEXTVAL;
		kept->sequence = DatumGetObjectId(((Const *) Argument(value))->constvalue);
	}
	else
		kept->kind = contain_volatile_functions(node) ?
			DEFAULT_VOLATILE : DEFAULT_STABLE;
}

/*
 * Returns the default of a column.  What it points to belongs to the current memory
 * context.
 */
static KeptDefault
GetColumnDefault(Relation rel, AttrNumber column)
{
	TableDefaults *entry = GetTableDefaults(rel);
	uint64		invalidations = ninvalidations;
	KeptDefault found = entry->columns[column - 1];
	MemoryContext old;

	if (found.kind != DEFAULT_UNKNOWN)
	{
		found.expression = copyObject(found.expression);
		return found;
	}
	found.expression = PlanDefault(rel, column);
	Classify(&found, ColumnType(RelationGetDescr(rel), column));

	/* Do not keep it if an invalidation has arrived during the planning. */
	if (ninvalidations != invalidations)
		return found;
	old = MemoryContextSwitchTo(entry->context);
	entry->columns[column - 1] = found;
	entry->columns[column - 1].expression = copyObject(found.expression);
	MemoryContextSwitchTo(old);
	return found;
}

/* The default of one column in a statement; prepared when first needed. */
typedef struct ColumnDefault
{
	DefaultKind kind;
	Oid			sequence;
	ExprState  *expression;		/* of DEFAULT_VOLATILE */
	NullableDatum value;		/* of the kinds with one value for all rows */
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

/* Runs a default for all rows of the statement. */
static NullableDatum
RunDefaultOnce(ColumnDefaults *defaults, int column, Expr *expression)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(defaults->rel),
										  column - 1);
	NullableDatum result = RunDefault(defaults, ExecInitExpr(expression, NULL));

	if (!result.isnull)
		result.value = datumCopy(result.value, att->attbyval, att->attlen);
	return result;
}

/* Prepares a column's default, and computes it if all rows have the same. */
static void
PrepareDefault(ColumnDefaults *defaults, int column, ColumnDefault *entry)
{
	MemoryContext old = MemoryContextSwitchTo(defaults->estate->es_query_cxt);
	KeptDefault found = GetColumnDefault(defaults->rel, column);

	entry->sequence = found.sequence;
	switch (found.kind)
	{
		case DEFAULT_CONSTANT:
			entry->value.value = ((Const *) found.expression)->constvalue;
			entry->value.isnull = ((Const *) found.expression)->constisnull;
			break;
		case DEFAULT_NOW:
			entry->value.value =
				TransactionTime(ColumnType(RelationGetDescr(defaults->rel),
										   column));
			break;
		case DEFAULT_STABLE:
			entry->value = RunDefaultOnce(defaults, column, found.expression);
			break;
		case DEFAULT_VOLATILE:
			entry->expression = ExecInitExpr(found.expression, NULL);
			break;
		case DEFAULT_UNKNOWN:
		case DEFAULT_NONE:
		case DEFAULT_NEXTVAL:
			break;
	}
	entry->kind = found.kind;
	MemoryContextSwitchTo(old);
}

/*
 * Returns the next value of a sequence.  Raises 2200H if the column cannot hold it:
 * that is the sequence's fault, not the row's.
 */
static Datum
NextValue(ColumnDefaults *defaults, int column, Oid sequence)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(defaults->rel),
										  column - 1);
	int64		value = nextval_internal(sequence, true);

	if (att->atttypid == INT4OID &&
		(value > PG_INT32_MAX || value < PG_INT32_MIN))
		ereport(ERROR,
				(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
				 errmsg("value " INT64_FORMAT " of sequence \"%s\" is out of range for column \"%s\"",
						value, get_rel_name(sequence),
						NameStr(att->attname))));
	return IntegerDatum(value, att->atttypid);
}

/* Returns the default of a column for one row. */
static NullableDatum
ComputeDefault(ColumnDefaults *defaults, int column, ColumnDefault *entry)
{
	if (entry->kind == DEFAULT_UNKNOWN)
		PrepareDefault(defaults, column, entry);
	if (entry->kind == DEFAULT_VOLATILE)
		return RunDefault(defaults, entry->expression);
	if (entry->kind == DEFAULT_NEXTVAL)
		entry->value.value = NextValue(defaults, column, entry->sequence);
	if (entry->kind == DEFAULT_NONE)
		entry->value.isnull = true;
	return entry->value;
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
		NullableDatum value;

		if (is_set[i])
			continue;
		value = ComputeDefault(defaults, i + 1, &defaults->columns[i]);
		slot->tts_values[i] = value.value;
		slot->tts_isnull[i] = value.isnull;
	}
}
