/*
 * duplicate_count.c
 *		The counting of duplicates, in hash_index.
 *
 * A count updates the row in the heap, as an UPDATE statement costs several times
 * as much.  as_shipped.c says when it takes the statement.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../access/as_shipped.h"
#include "../access/columns.h"
#include "../access/identity.h"
#include "../access/table_shape.h"
#include "../access/tid_cache.h"
#include "../compat.h"
#include "../lib/sha256.h"
#include "count_by_statement.h"
#include "duplicate_count.h"

/* Finds the columns of hash_index, and its index on file_hash. */
static CountedTable
FindCountedTable(Relation rel)
{
	static const char table[] = "hash_index";
	TupleDesc	desc = RelationGetDescr(rel);
	uint64		version = TableVersion(rel);
	CountedTable found;

	if (RecallFacts(rel, FACTS_OF_COUNTS, &found, sizeof(found)))
		return found;
	found.file_hash = ColumnNumber(desc, table, "file_hash", COLUMN_TEXT);
	found.document_id = ColumnNumber(desc, table, "document_id",
									 COLUMN_INTEGER);
	found.duplicate_count = ColumnNumber(desc, table, "duplicate_count",
										 COLUMN_INTEGER);
	found.last_seen = ColumnNumber(desc, table, "last_seen", COLUMN_TIME);
	found.index = FileHashIndex(rel);
	KeepFacts(rel, version, FACTS_OF_COUNTS, &found, sizeof(found));
	return found;
}

/*
 * Opens hash_index for the counts of a batch, until CloseDuplicateCounter().  The
 * caller has switched to the owner of documents.  The counter belongs to the
 * current memory context.
 */
DuplicateCounter *
OpenDuplicateCounter(const Ledger *ledger)
{
	DuplicateCounter *counter = palloc0(sizeof(DuplicateCounter));

	counter->ledger = ledger;
	counter->rel = OpenLedgerTable(ledger, "hash_index", RowExclusiveLock);
	counter->table = FindCountedTable(counter->rel);
	OpenIndexSearch(&counter->search, counter->rel, counter->table.index);
	counter->by_statement = !IsAsShipped(counter->rel, CMD_UPDATE);
	counter->new_row = table_slot_create(counter->rel, NULL);
	return counter;
}

/*
 * Fetches the row with a TID, or the version of it that is visible, into the slot
 * of the search.  Returns false if there is none.
 */
static bool
FetchVersion(DuplicateCounter *counter, ItemPointer tid)
{
	IndexSearch *search = &counter->search;
	ItemPointerData start = *tid;
	bool		again = false;

	if (!HasBlock(counter->rel, ItemPointerGetBlockNumber(tid)))
		return false;
	if (table_tuple_fetch_row_version(counter->rel, tid, search->snapshot,
									  search->slot))
		return true;
	StartScan(search);
	return table_index_fetch_tuple(search->scan->xs_heapfetch, &start,
								   search->snapshot, search->slot, &again,
								   NULL);
}

/* Returns the row with a TID if it is the row of a hash, else NULL. */
static TupleTableSlot *
FetchRow(DuplicateCounter *counter, ItemPointer tid, const char *hash)
{
	TupleTableSlot *slot = counter->search.slot;

	if (TTS_EMPTY(slot) || !ItemPointerEquals(&slot->tts_tid, tid))
	{
		/* A fetch that fails leaves the slot undefined. */
		ExecClearTuple(slot);
		if (!FetchVersion(counter, tid))
			return NULL;
	}
	return IsHash(RequiredColumn(slot, counter->table.file_hash), hash) ? slot : NULL;
}

/* Finds the row of one hash, and sets its document and TID. */
static void
FindHashRow(DuplicateCounter *counter, FoundDocument *document)
{
	ItemPointerData tid;
	TupleTableSlot *row = NULL;

	if (RecallTid(counter->rel, document->hash, &tid))
		row = FetchRow(counter, &tid, document->hash);
	if (row == NULL)
		row = SearchIndexForHash(&counter->search, document->hash);
	if (row == NULL)
		return;
	document->document_id = RequiredInteger(row, counter->table.document_id);
	document->hash_row = row->tts_tid;
}

/*
 * Finds the rows of hashes, in the order of the hashes: sets their documents and
 * TIDs.
 */
void
FindHashRows(DuplicateCounter *counter, FoundDocument *documents,
			 int ndocuments)
{
	for (int i = 0; i < ndocuments; i++)
	{
		CHECK_FOR_INTERRUPTS();
		Assert(i == 0 || strcmp(documents[i - 1].hash, documents[i].hash) < 0);
		ItemPointerSetInvalid(&documents[i].hash_row);
		FindHashRow(counter, &documents[i]);
	}
}

/* Lets the search see what is there at this moment. */
static void
RenewSearch(DuplicateCounter *counter)
{
	CloseIndexSearch(&counter->search);
	OpenIndexSearch(&counter->search, counter->rel, counter->table.index);
	counter->is_renewed = true;
}

/* Returns the row of a hash at this moment, or NULL if there is none. */
static TupleTableSlot *
FindRowNow(DuplicateCounter *counter, const char *hash)
{
	RenewSearch(counter);
	return SearchIndexForHash(&counter->search, hash);
}

/*
 * Returns the row of a hash, of which FindHashRows() may have found the TID, or
 * NULL if there is none.
 */
static TupleTableSlot *
FindRow(DuplicateCounter *counter, const char *hash, ItemPointer tid)
{
	TupleTableSlot *row = NULL;

	/* A user's trigger, fired by this batch, may have updated the row. */
	if (counter->search.command != GetCurrentCommandId(false))
		RenewSearch(counter);
	if (ItemPointerIsValid(tid))
		row = FetchRow(counter, tid, hash);
	if (row == NULL)
		row = SearchIndexForHash(&counter->search, hash);
	/* It may have been inserted since the search began. */
	if (row == NULL)
		row = FindRowNow(counter, hash);
	return row;
}

/*
 * Returns the row of a hash, locked, after "row" turned out to have been updated
 * or deleted since our snapshot, or NULL if there is none any more.
 */
static TupleTableSlot *
FindChangedRow(DuplicateCounter *counter, TupleTableSlot *row, const char *hash,
			   TM_Result change)
{
	ItemPointerData tid = row->tts_tid;
	TM_FailureData failure;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 change == TM_Deleted ?
				 errmsg("could not serialize access due to concurrent delete") :
				 errmsg("could not serialize access due to concurrent update")));
	if (change == TM_Updated &&
		table_tuple_lock(counter->rel, &tid, counter->search.snapshot,
						 row, GetCurrentCommandId(true),
						 LockTupleNoKeyExclusive, LockWaitBlock,
						 TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS |
						 TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) == TM_Ok &&
		IsHash(RequiredColumn(row, counter->table.file_hash), hash))
		return row;
	/* It is gone, or has another hash by now.  There may be a new one. */
	return FindRowNow(counter, hash);
}

/* Fills in the new version of a row.  Returns its count. */
static int64
FillNewRow(DuplicateCounter *counter, TupleTableSlot *row, int64 nduplicates)
{
	TupleTableSlot *new_row = counter->new_row;
	TupleDesc	desc = new_row->tts_tupleDescriptor;
	Oid			count_type = ColumnType(desc, counter->table.duplicate_count);
	Datum		now = TransactionTime(ColumnType(desc, counter->table.last_seen));
	Datum		last_seen = RequiredColumn(row, counter->table.last_seen);
	/* A count that has reached the maximum stays there. */
	int64		count = Min(RequiredInteger(row, counter->table.duplicate_count),
							MaxCount(count_type) - nduplicates) + nduplicates;

	slot_getallattrs(row);
	ExecClearTuple(new_row);
	memcpy(new_row->tts_values, row->tts_values, desc->natts * sizeof(Datum));
	memcpy(new_row->tts_isnull, row->tts_isnull, desc->natts * sizeof(bool));
	new_row->tts_values[counter->table.duplicate_count - 1] =
		IntegerDatum(count, count_type);
	if (DatumGetInt64(now) > DatumGetInt64(last_seen))
		new_row->tts_values[counter->table.last_seen - 1] = now;
	ExecStoreVirtualTuple(new_row);
	return count;
}

/* Inserts the index entries of a new row version. */
static void
InsertIndexEntries(DuplicateCounter *counter, UpdatedIndexes updated)
{
	bool		runs_users_code = HasIndexCode(counter->rel);
	CallerIdentity caller;

	if (runs_users_code)
		SwitchToOwner(counter->ledger, RelationGetRelid(counter->rel), &caller);
	if (counter->estate == NULL)
	{
		counter->estate = CreateExecutorState();
		counter->estate->es_snapshot = counter->search.snapshot;
		counter->rri = makeNode(ResultRelInfo);
		InitResultRelInfo(counter->rri, counter->rel, 0, NULL, 0);
		ExecOpenIndices(counter->rri, false);
	}
	UpdateIndexTuples(counter->rri, counter->new_row, counter->estate, updated);
	ResetPerTupleExprContext(counter->estate);
	if (runs_users_code)
		SwitchBack(&caller);
}

/* Replaces a row by its new version. */
static TM_Result
UpdateRow(DuplicateCounter *counter, TupleTableSlot *row)
{
	UpdatedIndexes updated;
	LockTupleMode lockmode;
	TM_FailureData failure;
	TM_Result	result;

	result = UpdateTuple(counter->rel, &row->tts_tid, counter->new_row,
						 counter->search.snapshot, &failure, &lockmode, &updated);
	if (result == TM_Ok &&
		(ALL_INDEXES(updated) || SUMMARIZING_INDEXES(updated)))
		InsertIndexEntries(counter, updated);
	return result;
}

/*
 * Counts duplicates of a document, which can be none, and sets "count" to the new
 * total.  Returns false if hash_index has no row with the document's hash and id.
 * There may be one with another id: a document that was inserted meanwhile, and which
 * need not be a success.
 */
bool
CountDuplicates(DuplicateCounter *counter, FoundDocument *document,
				int64 nduplicates, int64 *count)
{
	const char *hash = document->hash;
	int64		document_id = document->document_id;
	TupleTableSlot *row;

	Assert(nduplicates >= 0);
	PreventCommandIfReadOnly("UPDATE");
	PreventCommandIfParallelMode("UPDATE");

	/* All of them can be at their current locations. */
	if (nduplicates == 0)
		return ReadCount(counter, hash, document_id, count);
	if (counter->by_statement)
		return CountByStatement(counter, hash, document_id, nduplicates,
								count);

	CheckCmdReplicaIdentity(counter->rel, CMD_UPDATE);
	counter->is_renewed = false;
	row = FindRow(counter, hash, &document->hash_row);
	while (row != NULL &&
		   RequiredInteger(row, counter->table.document_id) == document_id)
	{
		TM_Result	outcome;

		CHECK_FOR_INTERRUPTS();
		if (counter->is_renewed && counter->recount != NULL)
			nduplicates = counter->recount(counter->recount_argument);
		counter->is_renewed = false;
		if (nduplicates == 0)
		{
			*count = RequiredInteger(row, counter->table.duplicate_count);
			return true;
		}
		*count = FillNewRow(counter, row, nduplicates);
		outcome = UpdateRow(counter, row);
		if (outcome == TM_Ok)
		{
			RememberTid(&counter->search, hash, &counter->new_row->tts_tid);
			return true;
		}
		if (outcome == TM_SelfModified) /* by this very command */
			row = FindRowNow(counter, hash);
		else
		{
			row = FindChangedRow(counter, row, hash, outcome);
			counter->is_renewed = true;
		}
	}
	return false;
}

/* Closes hash_index. */
void
CloseDuplicateCounter(DuplicateCounter *counter)
{
	if (counter->estate != NULL)
	{
		ExecCloseIndices(counter->rri);
		FreeExecutorState(counter->estate);
	}
	ExecDropSingleTupleTableSlot(counter->new_row);
	CloseIndexSearch(&counter->search);
	table_close(counter->rel, NoLock);
	pfree(counter);
}

/* Adds to the count of a document. */
void
AddDuplicates(const Ledger *ledger, const char *hash, int64 document_id,
			  int64 nduplicates)
{
	DuplicateCounter *counter = OpenDuplicateCounter(ledger);

	(void) CountByStatement(counter, hash, document_id, nduplicates,
							&nduplicates);
	CloseDuplicateCounter(counter);
}
