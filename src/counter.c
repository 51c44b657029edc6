/*
 * counter.c
 *		The counting of duplicates in hash_index.
 *
 * A count goes straight to the row, without a plan, as an UPDATE statement
 * costs several times what it does.  Where somebody has given the table
 * triggers, checks or the like, it is that statement, so that they work.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "counter.h"
#include "hash.h"
#include "places.h"
#include "statements.h"

/*
 * Tells whether an update of the table is more than one of its row, or is
 * another role's affair than that of documents' owner, who we are now.
 */
static bool
NeedsExecutor(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;
	TupleConstr *constraints = RelationGetDescr(rel)->constr;

	if (triggers != NULL &&
		(triggers->trig_update_before_row || triggers->trig_update_after_row ||
		 triggers->trig_update_before_statement ||
		 triggers->trig_update_after_statement))
		return true;
	if (constraints != NULL &&
		(constraints->num_check > 0 || constraints->has_generated_stored))
		return true;
	return rel->rd_rules != NULL || rel->rd_rel->relispartition ||
		rel->rd_rel->relowner != GetUserId();
}

/* Opens hash_index, as the owner of documents, for the counts of one batch. */
Counter *
OpenCounter(const Ledger *ledger)
{
	Counter    *counter = palloc0(sizeof(Counter));
	TupleDesc	desc;

	counter->ledger = ledger;
	counter->rel = OpenLedgerTable(ledger, "hash_index", RowExclusiveLock);
	desc = RelationGetDescr(counter->rel);
	counter->file_hash = ColumnNumber(desc, "hash_index", "file_hash",
									  COLUMN_TEXT);
	counter->document_id = ColumnNumber(desc, "hash_index", "document_id",
										COLUMN_INTEGER);
	counter->duplicate_count = ColumnNumber(desc, "hash_index",
											"duplicate_count",
											COLUMN_INTEGER);
	counter->last_seen = ColumnNumber(desc, "hash_index", "last_seen",
									  COLUMN_TIME);
	counter->by_statement = NeedsExecutor(counter->rel);
	if (!counter->by_statement)
	{
		OpenLookup(&counter->lookup, counter->rel, HashIndexOf(counter->rel));
		counter->new_row = table_slot_create(counter->rel, NULL);
	}
	return counter;
}

/* Counts by statement; false where hash_index has no such row. */
static bool
CountByStatement(Counter *counter, const char *hash, int64 document_id,
				 int64 nduplicates, int64 *count)
{
	Datum		values[3];
	Datum		result;

	values[0] = CStringGetTextDatum(hash);
	values[1] = Int64GetDatum(nduplicates);
	values[2] = Int64GetDatum(document_id);
	if (RunStatement(counter->ledger, STATEMENT_COUNT, values, NULL,
					 &result) == 0)
		return false;
	*count = DatumGetInt64(result);
	return true;
}

/*
 * Puts the row at this place, or the version of it that is visible, in the slot
 * of the look-up; false where there is none.
 */
static bool
FetchVersion(Counter *counter, ItemPointer place)
{
	Lookup	   *lookup = &counter->lookup;
	ItemPointerData start = *place;
	bool		again = false;

	/* A rolled back savepoint or TRUNCATE leaves a place without the row. */
	if (counter->nblocks == 0)
		counter->nblocks = RelationGetNumberOfBlocks(counter->rel);
	if (ItemPointerGetBlockNumber(place) >= counter->nblocks)
		return false;
	return table_tuple_fetch_row_version(counter->rel, place, lookup->snapshot,
										 lookup->slot) ||
		table_index_fetch_tuple(lookup->scan->xs_heapfetch, &start,
								lookup->snapshot, lookup->slot, &again, NULL);
}

/* Returns the row of a hash if that is at this place, or NULL. */
static TupleTableSlot *
FetchRow(Counter *counter, ItemPointer place, const char *hash)
{
	TupleTableSlot *slot = counter->lookup.slot;

	if (TTS_EMPTY(slot) || !ItemPointerEquals(&slot->tts_tid, place))
	{
		/* A search that fails spoils what the slot holds. */
		ExecClearTuple(slot);
		if (!FetchVersion(counter, place))
			return NULL;
	}
	return IsHash(RequiredColumn(slot, counter->file_hash), hash) ? slot : NULL;
}

/* Notes the row of a content: its document and place. */
static void
NoteRow(Counter *counter, TupleTableSlot *row, FoundContent *content)
{
	content->document_id = RequiredInteger(row, counter->document_id);
	content->counted_at = row->tts_tid;
}

/* Finds the row of one content. */
static void
FindCount(Counter *counter, FoundContent *content)
{
	ItemPointerData place;
	TupleTableSlot *row = NULL;

	if (FindPlace(counter->rel, content->hash, &place))
		row = FetchRow(counter, &place, content->hash);
	if (row == NULL)
		row = LookUpHash(&counter->lookup, content->hash);
	if (row != NULL)
		NoteRow(counter, row, content);
}

/*
 * Finds the rows of contents, in the order of their hashes: which document they
 * are, and where the row is.  Finds none where rows can be counted by statement
 * only.
 */
void
FindCounts(Counter *counter, FoundContent *contents, int ncontents)
{
	for (int i = 0; i < ncontents; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ItemPointerSetInvalid(&contents[i].counted_at);
		if (!counter->by_statement)
			FindCount(counter, &contents[i]);
	}
}

/* Lets the look-ups see what is there at this moment. */
static void
RenewLookup(Counter *counter)
{
	CloseLookup(&counter->lookup);
	OpenLookup(&counter->lookup, counter->rel, HashIndexOf(counter->rel));
}

/* Returns the row of a hash as it is at this moment; NULL if there is none. */
static TupleTableSlot *
FindRowNow(Counter *counter, const char *hash)
{
	RenewLookup(counter);
	return LookUpHash(&counter->lookup, hash);
}

/*
 * Returns the row of a hash, which FindCounts() may have found at "place"; NULL
 * if there is none.
 */
static TupleTableSlot *
FindRow(Counter *counter, const char *hash, ItemPointer place)
{
	TupleTableSlot *row = NULL;

	/* A user's trigger, fired by this batch, may have updated the row. */
	if (counter->lookup.command != GetCurrentCommandId(false))
		RenewLookup(counter);
	if (ItemPointerIsValid(place))
		row = FetchRow(counter, place, hash);
	if (row == NULL)
		row = LookUpHash(&counter->lookup, hash);
	/* It may have come after the batch's other rows were looked up. */
	if (row == NULL)
		row = FindRowNow(counter, hash);
	return row;
}

/*
 * Returns the row of a hash, locked, after "row" turned out to have been
 * updated or deleted since our snapshot; NULL if there is none any more.
 */
static TupleTableSlot *
FindChangedRow(Counter *counter, TupleTableSlot *row, const char *hash,
			   TM_Result change)
{
	ItemPointerData place = row->tts_tid;
	TM_FailureData failure;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 change == TM_Deleted ?
				 errmsg("could not serialize access due to concurrent delete") :
				 errmsg("could not serialize access due to concurrent update")));
	if (change == TM_Updated &&
		table_tuple_lock(counter->rel, &place, counter->lookup.snapshot,
						 row, GetCurrentCommandId(true),
						 LockTupleNoKeyExclusive, LockWaitBlock,
						 TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS |
						 TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) == TM_Ok &&
		IsHash(RequiredColumn(row, counter->file_hash), hash))
		return row;
	/* It is gone, or another content's by now; there may be a new one. */
	return FindRowNow(counter, hash);
}

/* Makes the new version of a row; returns its count. */
static int64
FillNewRow(Counter *counter, TupleTableSlot *row, int64 nduplicates)
{
	TupleTableSlot *new_row = counter->new_row;
	TupleDesc	desc = new_row->tts_tupleDescriptor;
	Oid			count_type = ColumnType(desc, counter->duplicate_count);
	Datum		now = TransactionTime(ColumnType(desc, counter->last_seen));
	Datum		last_seen = RequiredColumn(row, counter->last_seen);
	/* A count that is full stays so. */
	int64		count = Min(RequiredInteger(row, counter->duplicate_count) +
							nduplicates, PG_INT32_MAX);

	slot_getallattrs(row);
	ExecClearTuple(new_row);
	memcpy(new_row->tts_values, row->tts_values, desc->natts * sizeof(Datum));
	memcpy(new_row->tts_isnull, row->tts_isnull, desc->natts * sizeof(bool));
	new_row->tts_values[counter->duplicate_count - 1] =
		IntegerDatum(count, count_type);
	if (DatumGetInt64(now) > DatumGetInt64(last_seen))
		new_row->tts_values[counter->last_seen - 1] = now;
	ExecStoreVirtualTuple(new_row);
	return count;
}

/* Inserts the index entries of a new row version that needs them. */
static void
InsertIndexEntries(Counter *counter, UpdatedIndexes updated)
{
	if (counter->estate == NULL)
	{
		counter->estate = CreateExecutorState();
		counter->rri = makeNode(ResultRelInfo);
		InitResultRelInfo(counter->rri, counter->rel, 0, NULL, 0);
		ExecOpenIndices(counter->rri, false);
	}
	UpdateIndexTuples(counter->rri, counter->new_row, counter->estate, updated);
	ResetPerTupleExprContext(counter->estate);
}

/* Puts the new version of a row in place of the one that was found. */
static TM_Result
UpdateRow(Counter *counter, TupleTableSlot *row)
{
	UpdatedIndexes updated;
	LockTupleMode lockmode;
	TM_FailureData failure;
	TM_Result	result;

	result = UpdateTuple(counter->rel, &row->tts_tid, counter->new_row,
						 counter->lookup.snapshot, &failure, &lockmode, &updated);
	if (result == TM_Ok &&
		(ALL_INDEXES(updated) || SUMMARIZING_INDEXES(updated)))
		InsertIndexEntries(counter, updated);
	return result;
}

/*
 * Counts duplicates of a document's content, whose row FindCounts() may have
 * found at "place"; "count" is how many there are then.  False where hash_index
 * has no row of this hash and document: another document with the hash may have
 * come meanwhile, which need not be a success.
 */
bool
CountDuplicates(Counter *counter, const char *hash, int64 document_id,
				ItemPointer place, int64 nduplicates, int64 *count)
{
	TupleTableSlot *row;

	PreventCommandIfReadOnly("UPDATE");
	PreventCommandIfParallelMode("UPDATE");

	if (counter->by_statement)
		return CountByStatement(counter, hash, document_id, nduplicates,
								count);

	CheckCmdReplicaIdentity(counter->rel, CMD_UPDATE);
	row = FindRow(counter, hash, place);
	while (row != NULL &&
		   RequiredInteger(row, counter->document_id) == document_id)
	{
		TM_Result	outcome;

		CHECK_FOR_INTERRUPTS();
		*count = FillNewRow(counter, row, nduplicates);
		outcome = UpdateRow(counter, row);
		if (outcome == TM_Ok)
		{
			NotePlace(&counter->lookup, hash, &counter->new_row->tts_tid);
			return true;
		}
		if (outcome == TM_SelfModified) /* by this very command */
			row = FindRowNow(counter, hash);
		else
			row = FindChangedRow(counter, row, hash, outcome);
	}
	return false;
}

/* Closes hash_index. */
void
CloseCounter(Counter *counter)
{
	if (counter->estate != NULL)
	{
		ExecCloseIndices(counter->rri);
		FreeExecutorState(counter->estate);
	}
	if (!counter->by_statement)
	{
		ExecDropSingleTupleTableSlot(counter->new_row);
		CloseLookup(&counter->lookup);
	}
	table_close(counter->rel, NoLock);
	pfree(counter);
}
