/*
 * lookup.c
 *		Look-ups of rows by an indexed value, such as a content hash.
 *
 * They go straight to the index, without a plan: so they cost the same
 * whatever the planner believes of a table that is just being filled.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "hash.h"
#include "lookup.h"
#include "relations.h"

/* Tells whether an index makes column "column", by itself, unique. */
static bool
IsUniqueOn(Oid index, AttrNumber column)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		is_unique;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	is_unique = form->indisunique && form->indimmediate && form->indisvalid &&
		form->indnkeyatts == 1 && form->indkey.values[0] == column &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	ReleaseSysCache(tuple);
	return is_unique;
}

/* Returns an index that keeps a table's column unique; InvalidOid: none does. */
Oid
UniqueIndexOn(Relation rel, AttrNumber column)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;
	Oid			found = InvalidOid;

	foreach(cell, indexes)
	{
		if (!IsUniqueOn(lfirst_oid(cell), column))
			continue;
		found = lfirst_oid(cell);
		break;
	}
	list_free(indexes);
	return found;
}

/* Returns the index that keeps a table's file_hash unique. */
Oid
HashIndexOf(Relation rel)
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
				 errhint("Create the table's UNIQUE constraint anew: contents are told apart by it.")));
	return found;
}

/* Makes the condition that an index's first column is so to a value. */
static void
InitKey(ScanKey key, Relation index, StrategyNumber strategy, Datum value)
{
	Oid			operator = get_opfamily_member(index->rd_opfamily[0],
											   index->rd_opcintype[0],
											   index->rd_opcintype[0],
											   strategy);

	ScanKeyEntryInitialize(key, 0, 1, strategy, InvalidOid,
						   index->rd_indcollation[0], get_opcode(operator),
						   value);
}

/*
 * Opens a table, which the caller keeps open, for look-ups by a value of the
 * first column of an index, in what is committed now, or was when the
 * transaction began, as its isolation level has it.
 */
void
OpenLookup(Lookup *lookup, Relation rel, Oid index)
{
	lookup->rel = rel;
	lookup->index = index_open(index, AccessShareLock);
	InitKey(&lookup->key, lookup->index, BTEqualStrategyNumber, (Datum) 0);
	lookup->slot = table_slot_create(rel, NULL);
	CommandCounterIncrement();
	lookup->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	/* At REPEATABLE READ that of the snapshot itself goes on. */
	lookup->command = lookup->snapshot->curcid;
	lookup->scan = BeginIndexScan(rel, lookup->index, lookup->snapshot, 1);
}

/* Returns the first row with this value, until the next look-up; or NULL. */
TupleTableSlot *
LookUp(Lookup *lookup, Datum value)
{
	lookup->key.sk_argument = value;
	index_rescan(lookup->scan, &lookup->key, 1, NULL, 0);
	if (index_getnext_slot(lookup->scan, ForwardScanDirection, lookup->slot))
		return lookup->slot;
	/* A search that fails spoils what the slot holds. */
	ExecClearTuple(lookup->slot);
	return NULL;
}

/* The same for a content hash. */
TupleTableSlot *
LookUpHash(Lookup *lookup, const char *hash)
{
	union
	{
		text		value;
		char		bytes[VARHDRSZ + HASH_SIZE];
	}			key;

	SET_VARSIZE(&key, VARHDRSZ + HASH_DIGITS);
	memcpy(VARDATA(&key), hash, HASH_DIGITS);
	return LookUp(lookup, PointerGetDatum(&key.value));
}

/*
 * Starts to read the rows from one value to another, for index_getnext_slot(),
 * seeing what the look-up sees; ends with index_endscan().
 */
IndexScanDesc
BeginRange(const Lookup *lookup, Datum first, Datum last)
{
	IndexScanDesc range = BeginIndexScan(lookup->rel, lookup->index,
										 lookup->snapshot, 2);
	ScanKeyData keys[2];

	InitKey(&keys[0], lookup->index, BTGreaterEqualStrategyNumber, first);
	InitKey(&keys[1], lookup->index, BTLessEqualStrategyNumber, last);
	index_rescan(range, keys, 2, NULL, 0);
	return range;
}

/*
 * Starts to read the whole index of a look-up, seeing what the look-up sees;
 * ends with index_endscan().
 */
IndexScanDesc
BeginSweep(const Lookup *lookup)
{
	IndexScanDesc sweep = BeginIndexScan(lookup->rel, lookup->index,
										 lookup->snapshot, 0);

	sweep->xs_want_itup = true;
	index_rescan(sweep, NULL, 0, NULL, 0);
	return sweep;
}

/*
 * Reads on to the next entry that is not NULL, and returns its value; the row's
 * place is in the scan.  There may be several for a row, and for rows that are
 * gone.
 */
bool
ReadEntry(IndexScanDesc sweep, Datum *value)
{
	bool		is_null;

	CHECK_FOR_INTERRUPTS();
	while (index_getnext_tid(sweep, ForwardScanDirection) != NULL)
	{
		*value = index_getattr(sweep->xs_itup, 1, sweep->xs_itupdesc, &is_null);
		if (!is_null)
			return true;
	}
	return false;
}

/* Closes what OpenLookup() opened. */
void
CloseLookup(Lookup *lookup)
{
	index_endscan(lookup->scan);
	UnregisterSnapshot(lookup->snapshot);
	ExecDropSingleTupleTableSlot(lookup->slot);
	index_close(lookup->index, NoLock);
}
