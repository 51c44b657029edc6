/*
 * row_writer.c
 *		Insertion of rows into one of the extension's tables, without a plan.
 *
 * It does what COPY does for a plain table: defaults, triggers of all kinds,
 * generated columns, constraints, many rows a page at a time.  So what users add
 * to the table keeps working.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../compat.h"
#include "index_search.h"
#include "restricted_write.h"
#include "row_writer.h"

/* How many rows, and bytes of rows, are inserted at a time. */
#define MAX_BUFFERED_ROWS 1000
#define MAX_BUFFERED_BYTES (64 * 1024)
#define INITIAL_CAPACITY 8

/*
 * Removes a trigger from a copy of a table's trigger descriptor.  A check of the
 * extension's own is for rows that come from elsewhere, not for those that we
 * write.
 */
static void
SkipTrigger(TriggerDesc *triggers, const char *name)
{
	int			kept = 0;

	triggers->trig_insert_after_statement = false;
	triggers->trig_insert_new_table = false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		int16		type = trigger->tgtype;

		if (strcmp(trigger->tgname, name) == 0)
			continue;
		triggers->triggers[kept++] = *trigger;
		if (!TRIGGER_FOR_INSERT(type))
			continue;
		triggers->trig_insert_after_statement |=
			!TRIGGER_FOR_ROW(type) && TRIGGER_FOR_AFTER(type);
		triggers->trig_insert_new_table |=
			TRIGGER_USES_TRANSITION_TABLE(trigger->tgnewtable);
	}
	triggers->numtriggers = kept;
}

/* Opens the table's indexes and triggers for insertion. */
static void
OpenResultRelation(RowWriter *writer, const char *skipped_trigger)
{
	EState	   *estate = writer->estate;

	writer->rri = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->rri, writer->rel, 0, NULL, 0);
	/* A user's BEFORE trigger may change our rows. */
	if (writer->rri->ri_TrigDesc && skipped_trigger != NULL &&
		!writer->rri->ri_TrigDesc->trig_insert_before_row)
		SkipTrigger(writer->rri->ri_TrigDesc, skipped_trigger);
	CheckConstraintsNow(writer->rri);
	ExecOpenIndices(writer->rri, false);
	/* So that the after triggers find this one in place of a second. */
	estate->es_opened_result_relations =
		lappend(estate->es_opened_result_relations, writer->rri);
	estate->es_output_cid = GetCurrentCommandId(true);
}

/*
 * Opens a ledger's table for rows to be inserted, and switches to its owner,
 * until CloseRowWriter().  Leaves out the trigger named "skipped_trigger", unless
 * that is NULL.  Raises 25006 in a read-only transaction.
 */
RowWriter *
OpenRowWriter(const Ledger *ledger, const char *table,
			  ConflictAction conflict_action, const char *skipped_trigger)
{
	RowWriter  *writer;
	EState	   *estate;
	MemoryContext old;
	int			ncolumns;

	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	/* Users' functions see what this transaction has written so far. */
	CommandCounterIncrement();
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();

	estate = CreateExecutorState();
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	/* Checks of a conflict need it at SERIALIZABLE. */
	estate->es_snapshot = GetActiveSnapshot();
	writer = palloc0(sizeof(RowWriter));
	writer->estate = estate;
	writer->rel = OpenLedgerTable(ledger, table, RowExclusiveLock);
	SwitchToOwner(ledger, RelationGetRelid(writer->rel), &writer->caller);
	OpenResultRelation(writer, skipped_trigger);

	writer->conflict_action = conflict_action;
	if (conflict_action == CONFLICT_SKIP)
		FindArbiters(&writer->conflicts, writer->rri, estate);
	/* A BEFORE trigger that reads the table finds the rows before its own. */
	writer->row_by_row = writer->rri->ri_TrigDesc &&
		writer->rri->ri_TrigDesc->trig_insert_before_row;
	ncolumns = RelationGetNumberOfAttributes(writer->rel);
	writer->is_set = palloc(ncolumns * sizeof(bool));
	writer->capacity = INITIAL_CAPACITY;
	writer->slots = palloc0(writer->capacity * sizeof(TupleTableSlot *));
	writer->defaults = OpenColumnDefaults(writer->rel, estate);

	AfterTriggerBeginQuery();
	writer->capture = MakeTransitionCaptureState(writer->rri->ri_TrigDesc,
												 RelationGetRelid(writer->rel),
												 CMD_INSERT);
	ExecBSInsertTriggers(estate, writer->rri);
	MemoryContextSwitchTo(old);
	return writer;
}

/* Returns the number of a column of the open table. */
AttrNumber
WriterColumn(RowWriter *writer, const char *column, ColumnClass class)
{
	return ColumnNumber(RelationGetDescr(writer->rel),
						RelationGetRelationName(writer->rel), column, class);
}

/* Makes room for more buffered rows. */
static void
GrowBuffer(RowWriter *writer)
{
	int			old_capacity = writer->capacity;

	writer->capacity *= 2;
	writer->slots = repalloc(writer->slots,
							 writer->capacity * sizeof(TupleTableSlot *));
	memset(writer->slots + old_capacity, 0,
		   (writer->capacity - old_capacity) * sizeof(TupleTableSlot *));
}

/* Returns the slot for the next row. */
static TupleTableSlot *
NextSlot(RowWriter *writer)
{
	MemoryContext old;

	if (writer->nrows == writer->capacity)
		GrowBuffer(writer);
	if (writer->slots[writer->nrows] != NULL)
		return writer->slots[writer->nrows];
	old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	writer->slots[writer->nrows] =
		table_slot_create(writer->rel, &writer->estate->es_tupleTable);
	MemoryContextSwitchTo(old);
	return writer->slots[writer->nrows];
}

/* Starts a new row, with all columns NULL and none set. */
void
StartRow(RowWriter *writer)
{
	TupleTableSlot *slot = NextSlot(writer);

	writer->slot = slot;
	ResetPerTupleExprContext(writer->estate);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
	memset(writer->is_set, false,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
}

/* Raises 22001 if a text is longer than its column allows. */
static void
CheckWidth(Form_pg_attribute att, Datum value)
{
	int			limit = att->atttypmod - VARHDRSZ;
	text	   *packed = DatumGetTextPP(value);
	int			length = VARSIZE_ANY_EXHDR(packed);

	if (length > limit &&
		pg_mbstrlen_with_len(VARDATA_ANY(packed), length) > limit)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("value too long for column \"%s\", which holds %d characters",
						NameStr(att->attname), limit)));
}

/* Sets a column of the row.  A by-reference value must live until WriteRow(). */
void
SetColumn(RowWriter *writer, AttrNumber column, Datum value)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(writer->rel),
										  column - 1);

	Assert(writer->slot != NULL && AttributeNumberIsValid(column));
	if (att->atttypid == VARCHAROID && att->atttypmod >= (int32) VARHDRSZ)
		CheckWidth(att, value);
	writer->slot->tts_values[column - 1] = value;
	writer->slot->tts_isnull[column - 1] = false;
	writer->is_set[column - 1] = true;
}

/* Sets a column of the row to NULL, whatever its default. */
void
SetNull(RowWriter *writer, AttrNumber column)
{
	writer->is_set[column - 1] = true;
}

/* Inserts the index entries of a row and queues its AFTER triggers. */
static void
CompleteRow(RowWriter *writer, TupleTableSlot *slot)
{
	List	   *recheck_indexes = NIL;

	if (writer->rri->ri_NumIndices > 0)
		recheck_indexes = InsertIndexTuples(writer->rri, slot, writer->estate,
											NIL, NULL);
	ExecARInsertTriggers(writer->estate, writer->rri, slot, recheck_indexes,
						 writer->capture);
	list_free(recheck_indexes);
}

/* Inserts the buffered rows. */
static void
FlushRows(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	MemoryContext old;

	if (writer->nrows == 0)
		return;
	ResetPerTupleExprContext(estate);
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(writer->rel, writer->slots, writer->nrows,
					   estate->es_output_cid, 0, NULL);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < writer->nrows; i++)
		CompleteRow(writer, writer->slots[i]);
	writer->nrows = 0;
	writer->bytes = 0;
}

/* Adds the row to the buffered ones, and inserts them if they are many. */
static void
BufferRow(RowWriter *writer)
{
	bool		should_free;
	HeapTuple	tuple;

	ExecMaterializeSlot(writer->slot);
	tuple = ExecFetchSlotHeapTuple(writer->slot, false, &should_free);
	writer->bytes += tuple->t_len;
	if (should_free)
		pfree(tuple);
	writer->nrows++;
	if (writer->row_by_row || writer->nrows == MAX_BUFFERED_ROWS ||
		writer->bytes >= MAX_BUFFERED_BYTES)
		FlushRows(writer);
}

/*
 * Runs the BEFORE row triggers.  Returns false if one suppresses the row.  What
 * their functions keep from call to call must live as long as the writer.
 */
static bool
RunBeforeTriggers(RowWriter *writer)
{
	TriggerDesc *triggers = writer->rri->ri_TrigDesc;
	MemoryContext old;
	bool		is_row;

	if (triggers == NULL || !triggers->trig_insert_before_row)
		return true;
	old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	is_row = ExecBRInsertTriggers(writer->estate, writer->rri, writer->slot);
	MemoryContextSwitchTo(old);
	return is_row;
}

/* Computes the generated columns and checks the constraints. */
static void
CheckRow(RowWriter *writer)
{
	TupleConstr *constraints = RelationGetDescr(writer->rel)->constr;

	if (constraints && constraints->has_generated_stored)
		ExecComputeStoredGenerated(writer->rri, writer->estate, writer->slot,
								   CMD_INSERT);
	if (constraints)
		ExecConstraints(writer->rri, writer->slot, writer->estate);
	if (writer->rel->rd_rel->relispartition)
		ExecPartitionCheck(writer->rri, writer->slot, writer->estate, true);
}

/*
 * Inserts the row, at once or together with others.  If it is stored,
 * writer->slot holds it until the next row is started.
 */
RowOutcome
WriteRow(RowWriter *writer)
{
	Assert(writer->slot != NULL && TTS_EMPTY(writer->slot));
	FillDefaults(writer->defaults, writer->slot, writer->is_set);
	ExecStoreVirtualTuple(writer->slot);
	if (!RunBeforeTriggers(writer))
		return ROW_SUPPRESSED;
	CheckRow(writer);
	if (writer->conflict_action == CONFLICT_SKIP)
		return InsertUnlessConflict(&writer->conflicts, writer->slot,
									writer->capture) ?
			ROW_STORED : ROW_CONFLICTS;
	BufferRow(writer);
	return ROW_STORED;
}

/*
 * Closes the indexes and keeps their locks, as the table's, so that the
 * transaction's next write need not take them again.
 */
static void
CloseIndexes(ResultRelInfo *rri)
{
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		CleanUpInsertion(rri->ri_IndexRelationDescs[i],
						 rri->ri_IndexRelationInfo[i]);
		index_close(rri->ri_IndexRelationDescs[i], NoLock);
	}
	rri->ri_NumIndices = 0;
}

/* Runs the statement's AFTER triggers, closes all, switches back. */
void
CloseRowWriter(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	Relation	rel = writer->rel;
	CallerIdentity caller = writer->caller;

	FlushRows(writer);
	Assert(writer->nrows == 0);
	ExecASInsertTriggers(estate, writer->rri, writer->capture);
	AfterTriggerEndQuery(estate);
	ExecResetTupleTable(estate->es_tupleTable, false);
	CloseIndexes(writer->rri);
	ExecCloseResultRelations(estate);
	table_close(rel, NoLock);
	FreeExecutorState(estate);
	PopActiveSnapshot();
	SwitchBack(&caller);
}
