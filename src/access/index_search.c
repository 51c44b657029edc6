/*
 * index_search.c
 *		Searches for rows by the first column of an index, without a plan.
 *
 * So a search costs the same whatever the planner believes of a table that is
 * just being filled.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "../compat.h"
#include "../lib/sha256.h"
#include "columns.h"
#include "index_search.h"
#include "table_shape.h"

/*
 * Returns whether an index makes a column unique by itself, now or, if it is not
 * valid yet, for new rows.  Sets "is_searchable".
 */
static bool
IsUniqueOn(Oid index, AttrNumber column, bool *is_searchable)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		is_unique;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	is_unique = form->indisunique && form->indimmediate && form->indisready &&
		form->indnkeyatts == 1 && form->indkey.values[0] == column &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	/* Searches are for rows that equal a value as the server has it. */
	*is_searchable = form->indisvalid && !HasUsersOperators(tuple);
	ReleaseSysCache(tuple);
	return is_unique;
}

/* Returns whether a relation is an index on just one column, with this name. */
bool
IsIndexOn(Oid index, const char *column)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	char	   *name = NULL;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indnkeyatts == 1 && form->indkey.values[0] > 0)
		name = get_attname(form->indrelid, form->indkey.values[0], true);
	ReleaseSysCache(tuple);
	return name != NULL && strcmp(name, column) == 0;
}

/*
 * Returns whether an error is the violation of a unique index of a ledger's table, on
 * just one column with this name.
 */
bool
IsViolatedIndex(const Ledger *ledger, const ErrorData *error,
				const char *table, const char *column)
{
	char	   *schema = get_namespace_name(ledger->schema);
	Oid			index;

	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION ||
		error->constraint_name == NULL || error->table_name == NULL ||
		error->schema_name == NULL || schema == NULL ||
		strcmp(error->table_name, table) != 0 ||
		strcmp(error->schema_name, schema) != 0)
		return false;
	index = get_relname_relid(error->constraint_name, ledger->schema);
	return OidIsValid(index) && IsIndexOn(index, column);
}

/*
 * Returns a valid index that keeps a column of a table unique, by the server's own
 * operators, or InvalidOid if there is none.
 */
Oid
UniqueIndexOn(Relation rel, AttrNumber column)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	Oid			found = InvalidOid;

	foreach(cell, indexes)
	{
		bool		is_searchable;

		if (!IsUniqueOn(lfirst_oid(cell), column, &is_searchable) ||
			!is_searchable)
			continue;
		found = lfirst_oid(cell);
		break;
	}
	list_free(indexes);
	return found;
}

/*
 * Returns the OIDs of all indexes that keep a table's file_hash unique.  Those that
 * REINDEX CONCURRENTLY has not made valid yet are among them: they refuse a
 * duplicate like the others.
 */
List *
FileHashArbiters(Relation rel)
{
	AttrNumber	file_hash = ColumnNumber(RelationGetDescr(rel),
										 RelationGetRelationName(rel),
										 "file_hash", COLUMN_TEXT);
	List	   *indexes = RelationGetIndexList(rel);
	List	   *found = NIL;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		bool		is_searchable;

		if (IsUniqueOn(lfirst_oid(cell), file_hash, &is_searchable))
			found = lappend_oid(found, lfirst_oid(cell));
	}
	list_free(indexes);
	return found;
}

/*
 * Returns an index that keeps a table's file_hash unique.  Raises 55000 if there
 * is none.
 */
Oid
FileHashIndex(Relation rel)
{
	Oid			found = UniqueIndexOn(rel,
									  ColumnNumber(RelationGetDescr(rel),
												   RelationGetRelationName(rel),
												   "file_hash", COLUMN_TEXT));

	if (!OidIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no valid unique index on file_hash",
						RelationGetRelationName(rel)),
				 errhint("Create the table's UNIQUE constraint again, with the server's own operators: it is what identifies documents.")));
	return found;
}

/* Sets a scan key: an index's first column equals a value that is to come. */
static void
InitKey(ScanKey key, Relation index)
{
	StrategyNumber strategy = index->rd_rel->relam == HASH_AM_OID ?
		HTEqualStrategyNumber : BTEqualStrategyNumber;
	Oid			operator = get_opfamily_member(index->rd_opfamily[0],
											   index->rd_opcintype[0],
											   index->rd_opcintype[0],
											   strategy);

	ScanKeyEntryInitialize(key, 0, 1, strategy, InvalidOid,
						   index->rd_indcollation[0], get_opcode(operator),
						   (Datum) 0);
}

/*
 * Prepares searches by the first column of an index, which is locked and opened for
 * the first of them; the caller keeps the table open.  Searches see what is committed
 * now, or what was when the transaction began, as the isolation level has it.
 */
void
OpenIndexSearch(IndexSearch *search, Relation rel, Oid index)
{
	Assert(OidIsValid(index));
	search->rel = rel;
	search->index_oid = index;
	search->index = NULL;
	search->scan = NULL;
	search->slot = table_slot_create(rel, NULL);
	CommandCounterIncrement();
	search->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	/* At REPEATABLE READ the snapshot's own command counter goes on. */
	search->command = search->snapshot->curcid;
}

/* Opens the index, unless it is open. */
void
StartScan(IndexSearch *search)
{
	if (search->scan != NULL)
		return;
	search->index = index_open(search->index_oid, AccessShareLock);
	InitKey(&search->key, search->index);
	search->scan = BeginIndexScan(search->rel, search->index,
								  search->snapshot, 1);
}

/*
 * Returns the first row with a value, or NULL if there is none.  The row is valid
 * until the next search.  A hash index may find rows with other values, too.
 */
TupleTableSlot *
SearchIndex(IndexSearch *search, Datum value)
{
	StartScan(search);
	search->key.sk_argument = value;
	index_rescan(search->scan, &search->key, 1, NULL, 0);
	return SearchNext(search);
}

/* Returns the next row with the value of the last search, or NULL if none is left. */
TupleTableSlot *
SearchNext(IndexSearch *search)
{
	CHECK_FOR_INTERRUPTS();
	if (index_getnext_slot(search->scan, ForwardScanDirection, search->slot))
		return search->slot;
	/* A search that fails leaves the slot undefined. */
	ExecClearTuple(search->slot);
	return NULL;
}

/* The same for the digits of a file_hash. */
TupleTableSlot *
SearchIndexForHash(IndexSearch *search, const char *hash)
{
	union
	{
		text		value;
		char		bytes[VARHDRSZ + HASH_SIZE];
	}			key;

	SET_VARSIZE(&key, VARHDRSZ + HASH_DIGITS);
	memcpy(VARDATA(&key), hash, HASH_DIGITS);
	return SearchIndex(search, PointerGetDatum(&key.value));
}

/*
 * Begins a scan of a whole index, which is open, for NextIndexEntry().  It sees what
 * the search sees.
 */
IndexScanDesc
BeginFullIndexScan(const IndexSearch *search)
{
	IndexScanDesc scan = BeginIndexScan(search->rel, search->index,
										search->snapshot, 0);

	scan->xs_want_itup = true;
	index_rescan(scan, NULL, 0, NULL, 0);
	return scan;
}

/*
 * Returns whether a full index scan has another entry that is not NULL.  "value"
 * receives its value, and scan->xs_heaptid has its TID.  A row can have several
 * entries, and there are entries of rows that are gone.
 */
bool
NextIndexEntry(IndexScanDesc scan, Datum *value)
{
	bool		is_null;

	Assert(scan->xs_want_itup);
	CHECK_FOR_INTERRUPTS();
	while (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		*value = index_getattr(scan->xs_itup, 1, scan->xs_itupdesc, &is_null);
		if (!is_null)
			return true;
	}
	return false;
}

/* Closes what OpenIndexSearch() opened. */
void
CloseIndexSearch(IndexSearch *search)
{
	if (search->scan != NULL)
	{
		index_endscan(search->scan);
		index_close(search->index, NoLock);
	}
	search->scan = NULL;
	UnregisterSnapshot(search->snapshot);
	ExecDropSingleTupleTableSlot(search->slot);
}
