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
#include "table_shape.h"

/*
 * Returns whether the table has a further unique or exclusion index, which can
 * refuse a row before an arbiter does.  An index on id alone does not count, as
 * each row gets an id of its own.
 */
static bool
HasOtherUniqueIndex(const ConflictCheck *check)
{
	for (int i = 0; i < check->rri->ri_NumIndices; i++)
	{
		IndexInfo  *info = check->rri->ri_IndexRelationInfo[i];
		Oid			index = RelationGetRelid(check->rri->ri_IndexRelationDescs[i]);

		if ((info->ii_Unique || info->ii_ExclusionOps != NULL) &&
			!list_member_oid(check->arbiters, index) &&
			!IsIndexOn(index, "id"))
			return true;
	}
	return false;
}

/* The indexes whose conflicts drop a row of a table, if they are not many. */
#define MAX_KEPT_ARBITERS 8
typedef struct Arbiters
{
	int			count;
	Oid			indexes[MAX_KEPT_ARBITERS];
	bool		comes_first;
} Arbiters;

/* Sets the indexes whose conflicts drop a row.  Returns false if none are kept. */
static bool
RecallArbiters(ConflictCheck *check, Relation rel)
{
	Arbiters	kept;

	if (!RecallFacts(rel, FACTS_OF_CONFLICTS, &kept, sizeof(kept)))
		return false;
	check->arbiters = NIL;
	for (int i = 0; i < kept.count; i++)
		check->arbiters = lappend_oid(check->arbiters, kept.indexes[i]);
	check->comes_first = kept.comes_first;
	return true;
}

/* Keeps them, if they are not many. */
static void
KeepArbiters(const ConflictCheck *check, Relation rel, uint64 version)
{
	Arbiters	kept = {.comes_first = check->comes_first};
	ListCell   *cell;

	if (list_length(check->arbiters) > MAX_KEPT_ARBITERS)
		return;
	foreach(cell, check->arbiters)
		kept.indexes[kept.count++] = lfirst_oid(cell);
	KeepFacts(rel, version, FACTS_OF_CONFLICTS, &kept, sizeof(kept));
}

/*
 * Finds the indexes whose conflicts drop a row, of a table that is locked and open
 * for insertion.  Raises 55000 if no valid index keeps its hashes unique.
 */
void
FindArbiters(ConflictCheck *check, ResultRelInfo *rri, EState *estate)
{
	Relation	rel = rri->ri_RelationDesc;
	uint64		version = TableVersion(rel);

	check->rri = rri;
	check->estate = estate;
	if (RecallArbiters(check, rel))
		return;
	(void) FileHashIndex(rel);
	check->arbiters = FileHashArbiters(rel);
	check->comes_first = HasOtherUniqueIndex(check);
	KeepArbiters(check, rel, version);
}

/*
 * Inserts a row unless it conflicts, in an arbiter index, with another one,
 * committed or not.  Does not wait for the other one.  Returns whether it did.
 */
static bool
TryInsert(const ConflictCheck *check, TupleTableSlot *slot)
{
	Relation	rel = check->rri->ri_RelationDesc;
	EState	   *estate = check->estate;
	CommandId	command = GetCurrentCommandId(true);
	TransactionId transaction = GetCurrentTransactionId();
	uint32		token = SpeculativeInsertionLockAcquire(transaction);
	bool		conflict = false;

	table_tuple_insert_speculative(rel, slot, command, 0, NULL, token);
	list_free(InsertIndexTuples(check->rri, slot, estate, check->arbiters,
								&conflict));
	table_tuple_complete_speculative(rel, slot, token, !conflict);
	SpeculativeInsertionLockRelease(transaction);
	return !conflict;
}

/*
 * Raises 40001 if a row that conflicts with ours is not visible to a transaction
 * that has one snapshot, unless it is the transaction's own.
 */
static void
CheckConflictVisible(Relation rel, ItemPointer tid)
{
	TupleTableSlot *row;
	bool		is_null;
	TransactionId creator;

	if (!IsolationUsesXactSnapshot())
		return;
	row = table_slot_create(rel, NULL);
	if (table_tuple_fetch_row_version(rel, tid, SnapshotAny, row) &&
		!table_tuple_satisfies_snapshot(rel, row, GetTransactionSnapshot()))
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
WaitForConflict(const ConflictCheck *check, TupleTableSlot *slot)
{
	ResultRelInfo *rri = check->rri;
	MemoryContext old = MemoryContextSwitchTo(check->estate->es_query_cxt);
	ItemPointerData tid;

	/* What the check needs of the indexes, until they are closed; a conflict is rare. */
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		IndexInfo  *info = rri->ri_IndexRelationInfo[i];

		if (info->ii_Unique && info->ii_ExclusionOps == NULL &&
			info->ii_UniqueOps == NULL)
			BuildSpeculativeIndexInfo(rri->ri_IndexRelationDescs[i], info);
	}
	MemoryContextSwitchTo(old);
	if (CheckIndexConstraints(rri, slot, check->estate, &tid,
							  check->arbiters))
		return false;
	CheckConflictVisible(rri->ri_RelationDesc, &tid);
	return true;
}

/*
 * Inserts a row unless another one with its hash is there.  Waits for transactions
 * that are inserting one.  Returns whether it did.
 */
bool
InsertUnlessConflict(const ConflictCheck *check, TupleTableSlot *slot)
{
	/* To insert first is cheaper; a conflict shows in an arbiter only. */
	if (check->comes_first && WaitForConflict(check, slot))
		return false;
	while (!TryInsert(check, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (WaitForConflict(check, slot))
			return false;
	}
	return true;
}
