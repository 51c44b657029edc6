/*
 * row_conflict.c
 *		Insertion of a row unless its file_hash is in the table.
 *
 * It does what INSERT ... ON CONFLICT DO NOTHING does, with the indexes on file_hash
 * as arbiters.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../compat.h"
#include "index_search.h"
#include "row_conflict.h"

/*
 * Returns whether the table has a further unique or exclusion index, which can
 * refuse a row before an arbiter does.  An index on id alone does not count, as
 * each row gets an id of its own.
 */
static bool
HasOtherUniqueIndex(RowWriter *writer)
{
	for (int i = 0; i < writer->rri->ri_NumIndices; i++)
	{
		IndexInfo  *info = writer->rri->ri_IndexRelationInfo[i];
		Oid			index = RelationGetRelid(writer->rri->ri_IndexRelationDescs[i]);

		if ((info->ii_Unique || info->ii_ExclusionOps != NULL) &&
			!list_member_oid(writer->arbiters, index) &&
			!IsIndexOn(index, "id"))
			return true;
	}
	return false;
}

/*
 * Finds the indexes whose conflicts drop a row, after the table is locked.  Raises
 * 55000 if no valid index keeps its hashes unique.
 */
void
FindArbiters(RowWriter *writer)
{
	(void) FileHashIndex(writer->rel);
	writer->arbiters = FileHashArbiters(writer->rel);
	writer->check_first = HasOtherUniqueIndex(writer);
}

/*
 * Inserts a row unless it conflicts, in an arbiter index, with another one,
 * committed or not.  Does not wait for the other one.  Returns whether it did.
 */
static bool
TryInsert(RowWriter *writer)
{
	Relation	rel = writer->rel;
	EState	   *estate = writer->estate;
	TupleTableSlot *slot = writer->slot;
	TransactionId transaction = GetCurrentTransactionId();
	uint32		token = SpeculativeInsertionLockAcquire(transaction);
	List	   *recheck_indexes;
	bool		conflict = false;

	/* The caller may have run other commands since the last row. */
	estate->es_output_cid = GetCurrentCommandId(true);
	table_tuple_insert_speculative(rel, slot, estate->es_output_cid, 0, NULL,
								   token);
	recheck_indexes = InsertIndexTuples(writer->rri, slot, estate,
										writer->arbiters, &conflict);
	table_tuple_complete_speculative(rel, slot, token, !conflict);
	SpeculativeInsertionLockRelease(transaction);
	if (!conflict)
		ExecARInsertTriggers(estate, writer->rri, slot, recheck_indexes,
							 writer->capture);
	list_free(recheck_indexes);
	return !conflict;
}

/*
 * Raises 40001 if a row that conflicts with ours is not visible to a transaction
 * that has one snapshot, unless it is the transaction's own.
 */
static void
CheckConflictVisible(RowWriter *writer, ItemPointer tid)
{
	TupleTableSlot *row;
	bool		is_null;
	TransactionId creator;

	if (!IsolationUsesXactSnapshot())
		return;
	row = table_slot_create(writer->rel, NULL);
	if (table_tuple_fetch_row_version(writer->rel, tid, SnapshotAny, row) &&
		!table_tuple_satisfies_snapshot(writer->rel, row,
										GetTransactionSnapshot()))
	{
		creator = DatumGetTransactionId(slot_getsysattr(row,
														MinTransactionIdAttributeNumber,
														&is_null));
		if (!TransactionIdIsCurrentTransactionId(creator))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
	}
	ExecDropSingleTupleTableSlot(row);
}

/*
 * Waits for the transaction that is inserting a conflicting row.  Returns whether
 * the row is there now.
 */
static bool
WaitForConflict(RowWriter *writer)
{
	ResultRelInfo *rri = writer->rri;
	ItemPointerData tid;

	/* What the check needs of the indexes; a conflict is rare. */
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		IndexInfo  *info = rri->ri_IndexRelationInfo[i];

		if (info->ii_Unique && info->ii_ExclusionOps == NULL &&
			info->ii_UniqueOps == NULL)
			BuildSpeculativeIndexInfo(rri->ri_IndexRelationDescs[i], info);
	}
	if (CheckIndexConstraints(rri, writer->slot, writer->estate, &tid,
							  writer->arbiters))
		return false;
	CheckConflictVisible(writer, &tid);
	return true;
}

/*
 * Inserts a row unless another one with its hash is there, waiting for
 * transactions that are inserting one.  Returns whether it did.
 */
bool
InsertUnlessConflict(RowWriter *writer)
{
	/* To insert first is cheaper; a conflict shows in an arbiter only. */
	if (writer->check_first && WaitForConflict(writer))
		return false;
	while (!TryInsert(writer))
	{
		CHECK_FOR_INTERRUPTS();
		if (WaitForConflict(writer))
			return false;
	}
	return true;
}
