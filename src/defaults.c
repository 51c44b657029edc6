/*
 * defaults.c
 *		Column defaults, planned once a session.
 *
 * A default is stored as text, and reading it costs more than inserting a row
 * does.  So each table's are kept until the table changes.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "defaults.h"

/* The defaults of a table. */
typedef struct TableDefaults
{
	Oid			table;			/* the hash key */
	bool		is_valid;
	MemoryContext context;		/* of all that follows */
	int			natts;
	bool	   *is_known;		/* one a column */
	Expr	  **values;			/* NULL: none */
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

	if (!found)
		entry->context = NULL;
	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->context = NULL;
	entry->is_valid = false;
	entry->context = AllocSetContextCreate(CacheMemoryContext,
										   "doc_extractor defaults",
										   ALLOCSET_SMALL_SIZES);
	entry->natts = RelationGetNumberOfAttributes(rel);
	entry->is_known = MemoryContextAllocZero(entry->context,
											 entry->natts * sizeof(bool));
	entry->values = MemoryContextAllocZero(entry->context,
										   entry->natts * sizeof(Expr *));
	entry->is_valid = true;
	return entry;
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

/*
 * Returns the planned default of a column, in the current memory context; NULL
 * where it has none.
 */
Expr *
GetColumnDefault(Relation rel, AttrNumber column)
{
	TableDefaults *entry = GetTableDefaults(rel);

	if (!entry->is_known[column - 1])
	{
		Expr	   *value = PlanDefault(rel, column);
		MemoryContext old;

		/* Planning may have met an invalidation of what we hold. */
		entry = GetTableDefaults(rel);
		old = MemoryContextSwitchTo(entry->context);
		entry->values[column - 1] = copyObject(value);
		entry->is_known[column - 1] = true;
		MemoryContextSwitchTo(old);
	}
	return copyObject(entry->values[column - 1]);
}
