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
 * Takes the foreign key checks against "parent" out of a table's triggers: for
 * rows whose parent this very statement has just inserted there is nothing to
 * look up.
 */
static void
SkipKeyChecks(ResultRelInfo *rri, Oid parent)
{
	TriggerDesc *triggers = rri->ri_TrigDesc;
	int			kept = 0;
	bool		after_row = false;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgfoid == F_RI_FKEY_CHECK_INS &&
			trigger->tgconstrrelid == parent)
			continue;
		if (TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW,
								 TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT))
			after_row = true;
		triggers->triggers[kept++] = *trigger;
	}
	triggers->numtriggers = kept;
	triggers->trig_insert_after_row = after_row;
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
	if (OidIsValid(trusted_parent) && writer->rri->ri_TrigDesc)
		SkipKeyChecks(writer->rri, trusted_parent);
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
