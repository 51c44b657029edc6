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

/* A table, as the session keeps it. */
typedef struct TableShape
{
	Oid			table;			/* the hash key */
	bool		is_valid;
	bool		has_deferrable_index;
	MemoryContext context;		/* holds the defaults; NULL: none is known */
	ColumnDefault *defaults;	/* DEFAULT_UNKNOWN until one is wanted */
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

/* Finds the default of a column.  It belongs to the current memory context. */
static ColumnDefault
FindDefault(Relation rel, Form_pg_attribute att)
{
	Node	   *expression;

	/* Not even NULL is for certain a value of a domain. */
	if (att->attgenerated || att->attidentity ||
		get_typtype(att->atttypid) == TYPTYPE_DOMAIN)
		return (ColumnDefault) {.kind = DEFAULT_OTHER};
	expression = att->attisdropped ? NULL :
		build_column_default(rel, att->attnum);
	if (expression == NULL)
		return (ColumnDefault) {
			.kind = DEFAULT_CONSTANT,.value = {.isnull = true}
		};
	return Classify((Node *) expression_planner((Expr *) expression),
					att->atttypid);
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
	static TableShape *shape = NULL;	/* the last one; none is ever removed */
	Oid			table = RelationGetRelid(rel);
	uint64		invalidations = ninvalidations;
	bool		exists;

	if (shapes == NULL)
		CreateStore();
	if (shape == NULL || shape->table != table)
	{
		shape = hash_search(shapes, &table, HASH_ENTER, &exists);
		if (!exists)
			*shape = (TableShape) {.table = table};
	}
	if (shape->is_valid)
		return shape;

	if (shape->context != NULL)
		MemoryContextDelete(shape->context);
	shape->context = NULL;
	shape->has_deferrable_index = FindDeferrableIndex(rel);
	/* An invalidation that has arrived meanwhile may be about this. */
	shape->is_valid = ninvalidations == invalidations;
	return shape;
}

/* Returns whether a unique or exclusion constraint of a table is deferrable. */
bool
HasDeferrableIndex(Relation rel)
{
	return GetShape(rel)->has_deferrable_index;
}

/* Creates the store of a table's defaults, unless it is there. */
static void
NeedDefaults(TableShape *shape, Relation rel)
{
	MemoryContext context;

	if (shape->context != NULL)
		return;
	context = AllocSetContextCreate(CacheMemoryContext,
									"doc_extractor defaults",
									ALLOCSET_SMALL_SIZES);
	shape->context = context;
	shape->defaults = MemoryContextAllocZero(context,
											 RelationGetNumberOfAttributes(rel) *
											 sizeof(ColumnDefault));
}

/* Returns a copy of a default of a column, in the memory context. */
static ColumnDefault
CopyDefault(ColumnDefault source, Form_pg_attribute att, MemoryContext context)
{
	MemoryContext old;

	if (source.kind != DEFAULT_CONSTANT || source.value.isnull)
		return source;
	old = MemoryContextSwitchTo(context);
	source.value.value = datumCopy(source.value.value, att->attbyval,
								   att->attlen);
	MemoryContextSwitchTo(old);
	return source;
}

/*
 * Returns the default of a column of a table that is open and locked.  A value by
 * reference belongs to the current memory context.  Raises what the default raises,
 * if the planner can compute it.
 */
ColumnDefault
GetColumnDefault(Relation rel, AttrNumber column)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), column - 1);
	TableShape *shape = GetShape(rel);
	uint64		invalidations = ninvalidations;
	ColumnDefault found;

	NeedDefaults(shape, rel);
	if (shape->defaults[column - 1].kind != DEFAULT_UNKNOWN)
		return CopyDefault(shape->defaults[column - 1], att,
						   CurrentMemoryContext);
	found = FindDefault(rel, att);
	/*
	 * Do not keep it if the table may have changed meanwhile: the default can
	 * have called a function, and that one us.
	 */
	if (ninvalidations == invalidations && shape->is_valid)
		shape->defaults[column - 1] = CopyDefault(found, att, shape->context);
	return found;
}
