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
 * Where this transaction has left the rows that it counted last.  Every count
 * leaves a dead row version behind, and until the transaction ends a look-up
 * would walk over all of them: a content that comes again and again in one
 * transaction would take longer each time.
 */
typedef struct CountedRow
{
	LocalTransactionId transaction;
	Oid			table;
	char		hash[HASH_SIZE];
	ItemPointerData place;
} CountedRow;

#define COUNTED_ROWS 4096
static CountedRow counted_rows[COUNTED_ROWS];

/* Returns the entry for a hash, which is that of its first three digits. */
static CountedRow *
CountedRowOf(const char *hash)
{
	char		digits[4] = {hash[0], hash[1], hash[2], '\0'};

	return &counted_rows[strtoul(digits, NULL, 16)];
}

/* Returns the row of a hash if that is at this place, or NULL. */
static TupleTableSlot *
FetchRow(Counter *counter, ItemPointer place, const char *hash)
{
	TupleTableSlot *slot = counter->lookup.slot;

	if (!TTS_EMPTY(slot) && ItemPointerEquals(&slot->tts_tid, place))
		return slot;
	if (!table_tuple_fetch_row_version(counter->rel, place,
									   counter->lookup.snapshot, slot) ||
		!IsHash(RequiredColumn(slot, counter->file_hash), hash))
		return NULL;
	return slot;
}

/* Returns the row of a hash where we left it; NULL where it is not there. */
static TupleTableSlot *
FindCountedRow(Counter *counter, const char *hash)
{
	CountedRow *counted = CountedRowOf(hash);

	if (counted->transaction != CurrentLocalTransactionId() ||
		counted->table != RelationGetRelid(counter->rel) ||
		strcmp(counted->hash, hash) != 0)
		return NULL;
	/* A rolled back savepoint or TRUNCATE leaves a place without the row. */
	if (ItemPointerGetBlockNumber(&counted->place) >=
		RelationGetNumberOfBlocks(counter->rel))
		return NULL;
	return FetchRow(counter, &counted->place, hash);
}

/*
 * Finds the row of a hash: its document and place.  False where there is none,
 * or it can be counted by statement only.
 */
bool
FindCount(Counter *counter, const char *hash, int64 *document_id,
		  ItemPointer place)
{
	TupleTableSlot *row;

	if (counter->by_statement)
		return false;
	row = FindCountedRow(counter, hash);
	if (row == NULL)
		row = LookUpHash(&counter->lookup, hash);
	if (row == NULL)
		return false;
	*document_id = RequiredInteger(row, counter->document_id);
	*place = row->tts_tid;
	return true;
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
 * Returns the row of a hash, which FindCount() may have found at "place"; NULL
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
	Oid			time_type = ColumnType(desc, counter->last_seen);
	Datum		last_seen = RequiredColumn(row, counter->last_seen);
	Datum		now = TransactionTime(time_type);
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

/* Notes where the row of a hash is now. */
static void
NoteCountedRow(Counter *counter, const char *hash)
{
	CountedRow *counted = CountedRowOf(hash);

	counted->transaction = CurrentLocalTransactionId();
	counted->table = RelationGetRelid(counter->rel);
	strlcpy(counted->hash, hash, sizeof(counted->hash));
	counted->place = counter->new_row->tts_tid;
}

/*
 * Counts duplicates of a document's content, whose row FindCount() may have
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
			NoteCountedRow(counter, hash);
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
