/*
 * table_shape.c
 *		What of a table decides how its rows can be written: columns and indexes.
 *
 * The catalog stores a default as text, and to parse it costs more than to insert
 * a row.  So a session keeps what it has found out until the table changes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_index.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
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
#include "columns.h"
#include "table_shape.h"

/* The defaults of all columns, in a memory context of their own. */
typedef struct Defaults
{
	MemoryContext context;
	bool		are_plain;		/* none takes the executor */
	ColumnDefault columns[FLEXIBLE_ARRAY_MEMBER];
} Defaults;

/* A table, as the session keeps it. */
typedef struct TableShape
{
	Oid			table;			/* the hash key */
	bool		is_valid;
	bool		has_deferrable_index;
	Defaults   *defaults;		/* NULL: not known yet */
} TableShape;

static HTAB *shapes = NULL;
static uint64 ninvalidations = 0;

/* Relcache callback: the shape of the table, or of all, is out of date. */
static void
ForgetShape(Datum arg, Oid table)
{
	HASH_SEQ_STATUS status;
	TableShape *shape;

	ninvalidations++;
	hash_seq_init(&status, shapes);
	while ((shape = hash_seq_search(&status)) != NULL)
		if (table == InvalidOid || table == shape->table)
			shape->is_valid = false;
}

/* Syscache callback: a function or type that a default may use has changed. */
static void
ForgetAllShapes(Datum arg, int cache_id, uint32 hash_value)
{
	ForgetShape(arg, InvalidOid);
}

/* Creates the store, on first use. */
static void
CreateStore(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid),
	.entrysize = sizeof(TableShape)};

	shapes = hash_create("doc_extractor tables", 8, &control,
						 HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(ForgetShape, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, ForgetAllShapes, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, ForgetAllShapes, (Datum) 0);
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

/* Returns a constant default.  Its value is still the expression's own. */
static ColumnDefault
ConstantDefault(const Const *constant)
{
	return (ColumnDefault)
	{
		.kind = DEFAULT_CONSTANT,
		.value = {constant->constvalue, constant->constisnull}
	};
}

/* Returns the default that a planned expression is, for a column of this type. */
static ColumnDefault
Classify(Node *node, Oid type)
{
	ColumnDefault result = {.kind = DEFAULT_OTHER};
	Node	   *value = node;

	/* The casts of a column that is not as wide as the function. */
	if (IsCallOf(node, F_INT4_INT8) || IsCallOf(node, F_TIMESTAMP_TIMESTAMPTZ))
		value = Argument(node);
	if (IsA(node, Const))
		return ConstantDefault((Const *) node);
	if (IsCallOf(value, F_NOW) &&
		(type == TIMESTAMPOID || type == TIMESTAMPTZOID))
		result.kind = DEFAULT_NOW;
	else if (IsCallOf(value, F_NEXTVAL) && IsA(Argument(value), Const) &&
			 !((Const *) Argument(value))->constisnull &&
			 (type == INT4OID || type == INT8OID))
	{
		result.kind = DEFAULT_NEXTVAL;
		result.sequence = DatumGetObjectId(((Const *) Argument(value))->constvalue);
	}
	return result;
}

/*
 * Returns the default of a column.  A value by reference belongs to the memory
 * context.
 */
static ColumnDefault
FindDefault(Relation rel, Form_pg_attribute att, MemoryContext context)
{
	ColumnDefault result = {.kind = DEFAULT_CONSTANT,.value = {.isnull = true}};
	Node	   *expression;
	MemoryContext old;

	if (att->attisdropped)
		return result;
	/* Not even NULL is for certain a value of a domain. */
	if (att->attgenerated || att->attidentity ||
		get_typtype(att->atttypid) == TYPTYPE_DOMAIN)
		return (ColumnDefault) {.kind = DEFAULT_OTHER};
	expression = build_column_default(rel, att->attnum);
	if (expression == NULL)
		return result;
	result = Classify((Node *) expression_planner((Expr *) expression),
					  att->atttypid);
	if (result.kind != DEFAULT_CONSTANT || result.value.isnull)
		return result;
	old = MemoryContextSwitchTo(context);
	result.value.value = datumCopy(result.value.value, att->attbyval,
								   att->attlen);
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * Finds the defaults of all columns.  They belong to the current memory context.  Raises
 * what a default raises, if the planner can compute it.
 */
static Defaults *
FindDefaults(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "doc_extractor defaults",
												  ALLOCSET_SMALL_SIZES);
	Defaults   *defaults = MemoryContextAlloc(context,
											  offsetof(Defaults, columns) +
											  desc->natts * sizeof(ColumnDefault));

	defaults->context = context;
	defaults->are_plain = true;
	for (int i = 0; i < desc->natts; i++)
	{
		defaults->columns[i] = FindDefault(rel, TupleDescAttr(desc, i),
										   context);
		defaults->are_plain &= defaults->columns[i].kind != DEFAULT_OTHER;
	}
	return defaults;
}

/* Returns whether any index checks its constraint later than at once. */
static bool
FindDeferrableIndex(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	bool		found = false;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		found |= !((Form_pg_index) GETSTRUCT(tuple))->indimmediate;
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

/* Returns the shape of a table that is open and locked. */
static TableShape *
GetShape(Relation rel)
{
	Oid			table = RelationGetRelid(rel);
	TableShape *shape;
	uint64		invalidations = ninvalidations;
	bool		exists;

	if (shapes == NULL)
		CreateStore();
	shape = hash_search(shapes, &table, HASH_ENTER, &exists);
	if (!exists)
		*shape = (TableShape) {.table = table};
	if (shape->is_valid)
		return shape;

	if (shape->defaults != NULL)
		MemoryContextDelete(shape->defaults->context);
	shape->defaults = NULL;
	shape->has_deferrable_index = FindDeferrableIndex(rel);
	/* An invalidation that has arrived meanwhile may be about this. */
	shape->is_valid = ninvalidations == invalidations;
	return shape;
}

/*
 * Returns the defaults of a table that is open and locked, valid until the next
 * call.
 */
static const Defaults *
GetDefaults(Relation rel)
{
	TableShape *shape = GetShape(rel);
	uint64		invalidations = ninvalidations;
	Defaults   *defaults = shape->defaults;

	if (defaults != NULL)
		return defaults;
	defaults = FindDefaults(rel);
	/* A default may have called us, and so may have found them first. */
	if (shape->is_valid && shape->defaults == NULL &&
		ninvalidations == invalidations)
	{
		MemoryContextSetParent(defaults->context, CacheMemoryContext);
		shape->defaults = defaults;
	}
	return defaults;
}

/*
 * Returns whether the executor is not needed to fill in a new row of a table: no
 * column is generated, an identity or a domain, and each default is a constant,
 * now() or nextval().
 */
bool
HasPlainColumns(Relation rel)
{
	return GetDefaults(rel)->are_plain;
}

/* Returns whether a unique or exclusion constraint of a table is deferrable. */
bool
HasDeferrableIndex(Relation rel)
{
	return GetShape(rel)->has_deferrable_index;
}

/*
 * Returns a copy of the defaults of all columns, and of their values, in the
 * current memory context.
 */
ColumnDefault *
CopyDefaults(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	const Defaults *defaults = GetDefaults(rel);
	Size		size = desc->natts * sizeof(ColumnDefault);
	ColumnDefault *copy = memcpy(palloc(size), defaults->columns, size);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (copy[i].kind == DEFAULT_CONSTANT && !copy[i].value.isnull)
			copy[i].value.value = datumCopy(copy[i].value.value, att->attbyval,
											att->attlen);
	}
	return copy;
}
