/*
 * table_shape.c
 *		What of a table decides how its rows can be written: columns and indexes.
 *
 * The catalog stores a default as text, and to parse it costs more than to insert
 * a row.  To look up columns and indexes costs a good part of what it takes to count
 * a duplicate.  So a session keeps what it has found out until the table changes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "utils/datum.h"
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
	uint64		version;		/* another one each time it is looked up */
	bool		has_deferrable_index;
	bool		has_index_code;
	MemoryContext context;		/* holds what follows; NULL: nothing is known */
	ColumnDefault *defaults;	/* DEFAULT_UNKNOWN until one is wanted */
	void	   *facts[KINDS_OF_FACTS];	/* NULL: not kept */
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

/*
 * Syscache callback: a function or type that a default may use has changed, or an
 * index, of which the relcache tells only some changes as the table's.
 */
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
	CacheRegisterSyscacheCallback(INDEXRELID, ForgetAllShapes, (Datum) 0);
}

/* Returns whether an index, a row of pg_index, has operators not of the server's own. */
bool
HasUsersOperators(HeapTuple index)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(index);
	bool		is_null;
	oidvector  *classes =
		(oidvector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, index,
													  Anum_pg_index_indclass,
													  &is_null));

	Assert(!is_null);
	for (int i = 0; i < form->indnkeyatts; i++)
		if (classes->values[i] >= FirstNormalObjectId)
			return true;
	return false;
}

/*
 * Returns whether values of a type can be compared by code that is not the server's.
 * The server's own operators of arrays, rows and ranges call the functions of what
 * these hold.  Even for a type of the server's, a user can have made these functions.
 */
static bool
IsComparedByUsers(Oid type)
{
	return type >= FirstNormalObjectId ||
		OidIsValid(get_element_type(type)) ||
		get_typtype(type) != TYPTYPE_BASE;
}

/* Returns whether an index, a row of pg_index, sorts by a column of such a type. */
static bool
HasUsersType(HeapTuple index)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(index);

	for (int i = 0; i < form->indnkeyatts; i++)
		if (IsComparedByUsers(get_atttype(form->indrelid,
										  form->indkey.values[i])))
			return true;
	return false;
}

/* Returns whether an index may run code that is not the server's. */
static bool
RunsCode(HeapTuple index)
{
	return !heap_attisnull(index, Anum_pg_index_indexprs, NULL) ||
		!heap_attisnull(index, Anum_pg_index_indpred, NULL) ||
		HasUsersOperators(index) || HasUsersType(index);
}

/* Looks at the indexes of a table. */
static void
FindIndexes(Relation rel, TableShape *shape)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;

	shape->has_deferrable_index = false;
	shape->has_index_code = false;
	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		shape->has_deferrable_index |=
			!((Form_pg_index) GETSTRUCT(tuple))->indimmediate;
		shape->has_index_code |= RunsCode(tuple);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
}

/* Returns the shape of a table that is open and locked. */
static TableShape *
GetShape(Relation rel)
{
	static TableShape *shape = NULL;	/* the last one; none is ever removed */
	static uint64 nversions = 0;
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
	shape->defaults = NULL;
	memset(shape->facts, 0, sizeof(shape->facts));
	shape->version = ++nversions;
	FindIndexes(rel, shape);
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

/*
 * Returns whether an index of a table may run code that is not the server's, also if
 * the indexes have changed just now.
 */
bool
HasIndexCode(Relation rel)
{
	const TableShape *shape = GetShape(rel);

	return shape->has_index_code || !shape->is_valid;
}

/* Returns the memory context of what is kept of a table. */
static MemoryContext
ShapeContext(TableShape *shape)
{
	if (shape->context == NULL)
		shape->context = AllocSetContextCreate(CacheMemoryContext,
											   "doc_extractor table",
											   ALLOCSET_SMALL_SIZES);
	return shape->context;
}

/* Creates the store of a table's defaults, unless it is there. */
static void
NeedDefaults(TableShape *shape, Relation rel)
{
	if (shape->defaults == NULL)
		shape->defaults =
			MemoryContextAllocZero(ShapeContext(shape),
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
 * Returns whether GetColumnDefault() has the default of a column at hand.  Else it
 * plans it, which can run functions of users'.
 */
bool
KnowsDefault(Relation rel, AttrNumber column)
{
	const TableShape *shape = GetShape(rel);

	return shape->defaults != NULL &&
		shape->defaults[column - 1].kind != DEFAULT_UNKNOWN;
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
	uint64		version = shape->version;
	ColumnDefault found;

	NeedDefaults(shape, rel);
	if (shape->defaults[column - 1].kind != DEFAULT_UNKNOWN)
		return CopyDefault(shape->defaults[column - 1], att,
						   CurrentMemoryContext);
	found = PlanDefault(rel, att);
	/*
	 * Do not keep it if the table may have changed meanwhile: the default can
	 * have called a function, and that one us, who looked the table up anew.
	 */
	if (ninvalidations == invalidations && shape->is_valid &&
		shape->version == version)
		shape->defaults[column - 1] = CopyDefault(found, att, shape->context);
	return found;
}

/*
 * Returns the version of a table that is open and locked: a number that is another
 * one when columns or indexes may have changed, and that no other table has.
 */
uint64
TableVersion(Relation rel)
{
	return GetShape(rel)->version;
}

/*
 * Copies what a module keeps of a table that is open and locked.  Returns false if
 * there is nothing, as it keeps nothing yet, or the table may have changed since.
 */
bool
RecallFacts(Relation rel, FactsOf kind, void *facts, Size size)
{
	const TableShape *shape = GetShape(rel);

	if (shape->facts[kind] == NULL)
		return false;
	memcpy(facts, shape->facts[kind], size);
	return true;
}

/*
 * Keeps a copy of what has been found out of a table, until it changes.  "version"
 * is the one before that: it may have changed meanwhile.
 */
void
KeepFacts(Relation rel, uint64 version, FactsOf kind, const void *facts,
		  Size size)
{
	TableShape *shape = GetShape(rel);

	if (shape->version != version || !shape->is_valid)
		return;
	if (shape->facts[kind] == NULL)
		shape->facts[kind] = MemoryContextAlloc(ShapeContext(shape), size);
	memcpy(shape->facts[kind], facts, size);
}
