/*
 * writer.c
 *		Insertion of rows without a plan.
 *
 * Does what COPY does for a plain table (defaults, triggers of all kinds,
 * generated columns, constraints, many rows a page at a time), so that
 * whatever users add to the table keeps working.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "compat.h"
#include "defaults.h"
#include "writer.h"

/* Rows, and bytes in them, that are put in the table at a time. */
#define MAX_BUFFERED_ROWS 1000
#define MAX_BUFFERED_BYTES (64 * 1024)
#define INITIAL_CAPACITY 8

/*
 * Tells whether a trigger is the extension's own: these look at rows that come
 * from elsewhere, not at the ones that we write.
 */
static bool
IsOwnTrigger(const Trigger *trigger)
{
	static const char *const names[] = {
		"hash_index_before_insert", "hash_index_after_insert",
		"audit_log_before_insert", "audit_log_after_insert"
	};

	for (size_t i = 0; i < lengthof(names); i++)
		if (strcmp(trigger->tgname, names[i]) == 0)
			return true;
	return false;
}

/*
 * Takes out of a table's triggers the extension's own, and the foreign key
 * checks against "trusted_parent": for rows whose parent this very statement
 * has just inserted there is nothing to look up.
 */
static void
SkipTriggers(TriggerDesc *triggers, Oid trusted_parent)
{
	int			kept = 0;

	triggers->trig_insert_before_statement = false;
	triggers->trig_insert_after_statement = false;
	triggers->trig_insert_after_row = false;
	triggers->trig_insert_new_table = false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		int16		type = trigger->tgtype;

		if (IsOwnTrigger(trigger) ||
			(trigger->tgfoid == F_RI_FKEY_CHECK_INS &&
			 trigger->tgconstrrelid == trusted_parent))
			continue;
		triggers->triggers[kept++] = *trigger;
		if (!TRIGGER_FOR_INSERT(type))
			continue;
		if (TRIGGER_FOR_ROW(type))
			triggers->trig_insert_after_row |= TRIGGER_FOR_AFTER(type);
		else if (TRIGGER_FOR_BEFORE(type))
			triggers->trig_insert_before_statement = true;
		else
			triggers->trig_insert_after_statement = true;
		triggers->trig_insert_new_table |=
			TRIGGER_USES_TRANSITION_TABLE(trigger->tgnewtable);
	}
	triggers->numtriggers = kept;
}

/*
 * Opens "table" for rows to be inserted as its owner, until CloseRowWriter().
 * Foreign keys to "trusted_parent" are not checked; InvalidOid checks all.
 */
RowWriter *
OpenRowWriter(Oid table, Oid trusted_parent)
{
	RowWriter  *writer;
	EState	   *estate;
	MemoryContext old;

	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");

	estate = CreateExecutorState();
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	writer = palloc0(sizeof(RowWriter));
	writer->estate = estate;
	writer->rel = table_open(table, RowExclusiveLock);
	BecomeOwner(table, &writer->caller);

	writer->rri = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->rri, writer->rel, 0, NULL, 0);
	if (writer->rri->ri_TrigDesc)
		SkipTriggers(writer->rri->ri_TrigDesc, trusted_parent);
	ExecOpenIndices(writer->rri, false);
	/* So that the after triggers find this one in place of a second. */
	estate->es_opened_result_relations =
		lappend(estate->es_opened_result_relations, writer->rri);
	estate->es_output_cid = GetCurrentCommandId(true);

	writer->capacity = INITIAL_CAPACITY;
	writer->slots = palloc0(writer->capacity * sizeof(TupleTableSlot *));
	writer->rows = palloc(writer->capacity * sizeof(void *));
	writer->defaults = palloc0(RelationGetNumberOfAttributes(writer->rel) *
							   sizeof(ColumnDefault));

	AfterTriggerBeginQuery();
	writer->capture = MakeTransitionCaptureState(writer->rri->ri_TrigDesc,
												 table, CMD_INSERT);
	ExecBSInsertTriggers(estate, writer->rri);
	MemoryContextSwitchTo(old);
	return writer;
}

/* Returns the number of a column of the open table. */
AttrNumber
WriterColumn(RowWriter *writer, const char *column)
{
	return ColumnNumber(RelationGetDescr(writer->rel),
						RelationGetRelationName(writer->rel), column);
}

/* Makes room for more buffered rows. */
static void
GrowBuffer(RowWriter *writer)
{
	int			old_capacity = writer->capacity;

	writer->capacity *= 2;
	writer->slots = repalloc(writer->slots,
							 writer->capacity * sizeof(TupleTableSlot *));
	writer->rows = repalloc(writer->rows, writer->capacity * sizeof(void *));
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

/* Starts a new row, all of it NULL. */
void
StartRow(RowWriter *writer)
{
	TupleTableSlot *slot = NextSlot(writer);

	writer->slot = slot;
	ResetPerTupleExprContext(writer->estate);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
}

/* Sets a column of the row; by-reference values must live until WriteRow(). */
void
SetColumn(RowWriter *writer, AttrNumber column, Datum value)
{
	writer->slot->tts_values[column - 1] = value;
	writer->slot->tts_isnull[column - 1] = false;
}

/* Returns the default of a column, ready to run; NULL where it has none. */
static ExprState *
GetDefault(RowWriter *writer, int column)
{
	ColumnDefault *entry = &writer->defaults[column - 1];

	if (!entry->is_prepared)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
		Expr	   *value = GetColumnDefault(writer->rel, column);

		if (value != NULL)
			entry->value = ExecInitExpr(value, NULL);
		entry->is_prepared = true;
		MemoryContextSwitchTo(old);
	}
	return entry->value;
}

/* Fills in the default of every column that was not set. */
static void
FillDefaults(RowWriter *writer)
{
	TupleTableSlot *slot = writer->slot;
	ExprContext *econtext = GetPerTupleExprContext(writer->estate);

	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		ExprState  *value;

		if (!slot->tts_isnull[i] || (value = GetDefault(writer, i + 1)) == NULL)
			continue;
		slot->tts_values[i] = ExecEvalExprSwitchContext(value, econtext,
														&slot->tts_isnull[i]);
	}
}

/*
 * Takes rows out again that conflict with another's.  Nobody else can have
 * seen them, and no trigger has.
 */
static void
RemoveRows(RowWriter *writer, TupleTableSlot **slots, int nslots)
{
	if (nslots == 0)
		return;
	CommandCounterIncrement();
	for (int i = 0; i < nslots; i++)
		simple_table_tuple_delete(writer->rel, &slots[i]->tts_tid,
								  InvalidSnapshot);
	CommandCounterIncrement();
	writer->estate->es_output_cid = GetCurrentCommandId(true);
}

/*
 * Completes a row that is in the table: its index entries, and what after
 * triggers need.  False where it conflicts and is to be removed.
 */
static bool
CompleteRow(RowWriter *writer, int number)
{
	TupleTableSlot *slot = writer->slots[number];
	List	   *recheck_indexes = NIL;
	bool		conflict = false;

	if (writer->rri->ri_NumIndices > 0)
		recheck_indexes = InsertIndexTuples(writer->rri, slot, writer->estate,
											writer->arbiters, &conflict);
	if (!conflict)
	{
		ExecARInsertTriggers(writer->estate, writer->rri, slot,
							 recheck_indexes, writer->capture);
		if (writer->stored != NULL)
			writer->stored(writer->rows[number], slot);
	}
	list_free(recheck_indexes);
	return !conflict;
}

/* Puts the buffered rows in the table. */
static void
FlushRows(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	int			nrows = writer->nrows;
	TupleTableSlot **removed;
	int			nremoved = 0;
	MemoryContext old;

	if (nrows == 0)
		return;
	ResetPerTupleExprContext(estate);
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(writer->rel, writer->slots, nrows,
					   estate->es_output_cid, 0, NULL);
	MemoryContextSwitchTo(old);

	removed = palloc(nrows * sizeof(TupleTableSlot *));
	for (int i = 0; i < nrows; i++)
		if (!CompleteRow(writer, i))
			removed[nremoved++] = writer->slots[i];
	RemoveRows(writer, removed, nremoved);
	pfree(removed);
	writer->nrows = 0;
	writer->bytes = 0;
}

/* Checks what the table says of its rows, and computes what it generates. */
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
 * Inserts the row, sooner or later; "row" is for writer->stored().  Returns
 * false where a user's BEFORE trigger suppressed it; else the slot holds the
 * row as it is stored, until the next one is started.
 */
bool
WriteRow(RowWriter *writer, void *row)
{
	TriggerDesc *triggers = writer->rri->ri_TrigDesc;
	bool		before_row = triggers && triggers->trig_insert_before_row;
	HeapTuple	tuple;
	bool		should_free;

	FillDefaults(writer);
	ExecStoreVirtualTuple(writer->slot);
	if (before_row &&
		!ExecBRInsertTriggers(writer->estate, writer->rri, writer->slot))
		return false;
	CheckRow(writer);
	ExecMaterializeSlot(writer->slot);
	tuple = ExecFetchSlotHeapTuple(writer->slot, false, &should_free);
	writer->rows[writer->nrows++] = row;
	writer->bytes += tuple->t_len;
	if (should_free)
		pfree(tuple);

	/* A trigger that looks at the table finds the rows before its own. */
	if (before_row || writer->nrows == MAX_BUFFERED_ROWS ||
		writer->bytes >= MAX_BUFFERED_BYTES)
		FlushRows(writer);
	return true;
}

/* Runs the statement's after triggers, closes all, becomes the caller again. */
void
CloseRowWriter(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	Relation	rel = writer->rel;
	CallerIdentity caller = writer->caller;

	FlushRows(writer);
	ExecASInsertTriggers(estate, writer->rri, writer->capture);
	AfterTriggerEndQuery(estate);
	ExecResetTupleTable(estate->es_tupleTable, false);
	ExecCloseResultRelations(estate);
	table_close(rel, NoLock);
	FreeExecutorState(estate);
	BecomeCaller(&caller);
}
