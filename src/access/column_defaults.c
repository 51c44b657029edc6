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

#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "../compat.h"
#include "column_defaults.h"

/* The default of a column, as the session keeps it. */
typedef struct KeptDefault
{
	bool		is_known;
	bool		is_stable;		/* one result serves a whole statement */
	Expr	   *expression;		/* planned; NULL: the column has none */
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

/*
 * Returns the default of a column, planned, in the current memory context, or NULL
 * if it has none.  Sets "is_stable" if one result serves for all rows.
 */
static Expr *
GetColumnDefault(Relation rel, AttrNumber column, bool *is_stable)
{
	TableDefaults *entry = GetTableDefaults(rel);
	uint64		invalidations = ninvalidations;
	KeptDefault *kept = &entry->columns[column - 1];
	Expr	   *expression;
	MemoryContext old;

	if (kept->is_known)
	{
		*is_stable = kept->is_stable;
		return copyObject(kept->expression);
	}
	expression = PlanDefault(rel, column);
	*is_stable = expression != NULL &&
		!contain_volatile_functions((Node *) expression);

	/* Do not keep it if an invalidation has arrived during the planning. */
	if (ninvalidations != invalidations)
		return expression;
	old = MemoryContextSwitchTo(entry->context);
	kept->expression = copyObject(expression);
	MemoryContextSwitchTo(old);
	kept->is_stable = *is_stable;
	kept->is_known = true;
	return expression;
}

/* The default of one column in a statement; prepared when first needed. */
typedef struct ColumnDefault
{
	bool		is_prepared;
	ExprState  *expression;		/* NULL: the column has none */
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
	Expr	   *expression;

	expression = GetColumnDefault(defaults->rel, column, &entry->is_stable);
	entry->expression = expression == NULL ? NULL :
		ExecInitExpr(expression, NULL);
	if (entry->is_stable)
	{
		entry->value = RunDefault(defaults, entry->expression);
		if (!entry->value.isnull)
			entry->value.value = datumCopy(entry->value.value, att->attbyval,
										   att->attlen);
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
