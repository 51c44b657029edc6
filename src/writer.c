/*
 * writer.c
 *		Insertion of derived rows without a plan.
 *
 * Does what INSERT does for a plain table (defaults, triggers of all kinds,
 * generated columns, constraints, indexes), so that whatever users add to the
 * table keeps working, but pays for its set-up once a statement.
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
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "compat.h"
#include "writer.h"

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

/* Returns the default of a column, ready to run; NULL where it has none. */
static ExprState *
PrepareDefault(RowWriter *writer, int column)
{
	Expr	   *expr = NULL;
	ExprState  *state = NULL;
	MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(writer->rel), column);

	if (!att->attisdropped && !att->attgenerated)
		expr = (Expr *) build_column_default(writer->rel, column + 1);
	if (expr != NULL)
		state = ExecInitExpr(expression_planner(expr), NULL);
	MemoryContextSwitchTo(old);
	return state;
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

	writer->slot = table_slot_create(writer->rel, &estate->es_tupleTable);
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

/* Starts a new row, all of it NULL. */
void
StartRow(RowWriter *writer)
{
	TupleTableSlot *slot = writer->slot;

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

/* Fills in the default of every column that was not set. */
static void
FillDefaults(RowWriter *writer)
{
	TupleTableSlot *slot = writer->slot;
	ExprContext *econtext = GetPerTupleExprContext(writer->estate);

	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		ColumnDefault *column = &writer->defaults[i];

		if (!slot->tts_isnull[i])
			continue;
		if (!column->prepared)
		{
			column->value = PrepareDefault(writer, i);
			column->prepared = true;
		}
		if (column->value != NULL)
			slot->tts_values[i] =
				ExecEvalExprSwitchContext(column->value, econtext,
										  &slot->tts_isnull[i]);
	}
}

/*
 * Inserts the row.  Returns false where a user's BEFORE trigger suppressed it;
 * else the slot holds the row as it was stored.
 */
bool
WriteRow(RowWriter *writer)
{
	TupleTableSlot *slot = writer->slot;
	ResultRelInfo *rri = writer->rri;
	EState	   *estate = writer->estate;
	TriggerDesc *triggers = rri->ri_TrigDesc;
	TupleConstr *constraints = RelationGetDescr(writer->rel)->constr;
	List	   *recheck_indexes = NIL;

	FillDefaults(writer);
	ExecStoreVirtualTuple(slot);

	if (triggers && triggers->trig_insert_before_row &&
		!ExecBRInsertTriggers(estate, rri, slot))
		return false;

	if (constraints && constraints->has_generated_stored)
		ExecComputeStoredGenerated(rri, estate, slot, CMD_INSERT);
	if (constraints)
		ExecConstraints(rri, slot, estate);
	if (writer->rel->rd_rel->relispartition)
		ExecPartitionCheck(rri, slot, estate, true);

	table_tuple_insert(writer->rel, slot, estate->es_output_cid, 0, NULL);
	if (rri->ri_NumIndices > 0)
		recheck_indexes = InsertIndexTuples(rri, slot, estate);
	ExecARInsertTriggers(estate, rri, slot, recheck_indexes, writer->capture);
	list_free(recheck_indexes);
	return true;
}

/* Runs the statement's after triggers, closes all, becomes the caller again. */
void
CloseRowWriter(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	Relation	rel = writer->rel;
	CallerIdentity caller = writer->caller;

	ExecASInsertTriggers(estate, writer->rri, writer->capture);
	AfterTriggerEndQuery(estate);
	ExecResetTupleTable(estate->es_tupleTable, false);
	ExecCloseResultRelations(estate);
	table_close(rel, NoLock);
	FreeExecutorState(estate);
	BecomeCaller(&caller);
}
