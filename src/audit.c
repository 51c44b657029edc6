/*
 * audit.c
 *		What changes of a document leave behind: its trail, and its new hash.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "audit.h"
#include "compat.h"
#include "document.h"
#include "relations.h"
#include "row_json.h"
#include "statements.h"
#include "trail.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(documents_before_update);
PG_FUNCTION_INFO_V1(documents_after_update);
PG_FUNCTION_INFO_V1(documents_after_delete);

/*
 * BEFORE UPDATE row trigger: updated_at = now(), what V001's ON UPDATE NOW()
 * means.
 */
Datum
documents_before_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	int		   *column = fcinfo->flinfo->fn_extra;
	TupleDesc	desc;
	Datum		now;
	bool		is_null = false;

	/*
	 * Checked for the statement's first row, whose call the others share, and
	 * for all that are not updated: a trigger can be for other events, too.
	 */
	if (column == NULL || !TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		trigdata = CheckTrigger(fcinfo, "documents_before_update", "documents",
								TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW |
								TRIGGER_EVENT_BEFORE);
		column = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(int));
		*column = ColumnNumber(RelationGetDescr(trigdata->tg_relation),
							   "documents", "updated_at", COLUMN_TIME);
		fcinfo->flinfo->fn_extra = column;
	}
	desc = RelationGetDescr(trigdata->tg_relation);
	now = TransactionTime(ColumnType(desc, *column));
	return PointerGetDatum(heap_modify_tuple_by_cols(trigdata->tg_newtuple,
													 desc, 1, column, &now,
													 &is_null));
}

/*
 * Tells whether two values of a column differ in any byte of their content.
 * An unchanged value that is stored out of line keeps its pointer, so it need
 * not be fetched.
 */
static bool
ValuesDiffer(Form_pg_attribute att, Datum old_value, Datum new_value)
{
	if (att->attlen == -1 &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(old_value)) &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(new_value)) &&
		memcmp(DatumGetPointer(old_value), DatumGetPointer(new_value),
			   VARSIZE_EXTERNAL(DatumGetPointer(old_value))) == 0)
		return false;
	return !datum_image_eq(old_value, new_value, att->attbyval, att->attlen);
}

/*
 * Flags the columns that an UPDATE changed, but for updated_at; false where
 * there are none.
 */
static bool
ChooseChangedColumns(TupleTableSlot *old_row, TupleTableSlot *new_row,
					 AttrNumber updated_at, bool *columns)
{
	TupleDesc	desc = old_row->tts_tupleDescriptor;
	bool		changed = false;

	slot_getallattrs(old_row);
	slot_getallattrs(new_row);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		columns[i] = !att->attisdropped && i != updated_at - 1 &&
			(old_row->tts_isnull[i] != new_row->tts_isnull[i] ||
			 (!old_row->tts_isnull[i] &&
			  ValuesDiffer(att, old_row->tts_values[i],
						   new_row->tts_values[i])));
		changed |= columns[i];
	}
	return changed;
}

/*
 * How often documents were deleted, or got another hash before they had a
 * hash_index row, in this session and the last such transaction: a user's
 * function or trigger can do that to a document that is just being inserted.
 */
static uint64 early_changes = 0;
static LocalTransactionId changing_transaction = InvalidLocalTransactionId;

/* Notes such a change. */
static void
NoteEarlyChange(void)
{
	early_changes++;
	changing_transaction = CurrentLocalTransactionId();
}

/*
 * Returns the number of such changes; 0 where this transaction has made none.
 */
uint64
EarlyChanges(void)
{
	return changing_transaction == CurrentLocalTransactionId() ?
		early_changes : 0;
}

/* Moves the hash_index row of a document along with its hash. */
static void
MoveHash(const Ledger *ledger, Datum old_hash, Datum new_hash,
		 int64 document_id)
{
	Datum		values[3];

	values[0] = old_hash;
	values[1] = new_hash;
	values[2] = Int64GetDatum(document_id);
	if (RunStatement(ledger, STATEMENT_MOVE_HASH, values, NULL, NULL) == 0)
		NoteEarlyChange();
}

/* Memory for one trail row at a time. */
static MemoryContext
CreateRowContext(void)
{
	return AllocSetContextCreate(CurrentMemoryContext,
								 "doc_extractor trail row",
								 ALLOCSET_DEFAULT_SIZES);
}

/*
 * AFTER UPDATE statement trigger: an "updated" trail row with the changed
 * columns of every document that the statement really changed.  With an
 * argument, as since 1.1, it takes V001's valid statuses only.
 */
Datum
documents_after_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_update", "documents",
										 TRIGGER_EVENT_UPDATE |
										 TRIGGER_EVENT_AFTER);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Ledger		ledger = GetLedger(fcinfo);
	bool		check_status = trigdata->tg_trigger->tgnargs > 0;
	AttrNumber	id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	AttrNumber	file_hash = ColumnNumber(desc, "documents", "file_hash",
										 COLUMN_TEXT);
	AttrNumber	status = ColumnNumber(desc, "documents", "ingestion_status",
									  COLUMN_TEXT);
	AttrNumber	updated_at = ColumnNumber(desc, "documents", "updated_at",
										  COLUMN_TIME);
	RowEncoder *encoder = CreateRowEncoder(desc);
	bool	   *columns = palloc(desc->natts * sizeof(bool));
	MemoryContext row_context = CreateRowContext();
	Trail		trail = {NULL};
	RowReader	before;
	RowReader	after;

	CheckTransitionTable(trigdata->tg_oldtable, "documents_after_update");
	CheckTransitionTable(trigdata->tg_newtable, "documents_after_update");
	StartReading(&before, trigdata->tg_oldtable, desc);
	StartReading(&after, trigdata->tg_newtable, desc);
	/* The two tables hold the same rows in the same order. */
	while (ReadRow(&before) && ReadRow(&after))
	{
		TrailEntry	entry = {.action = "updated"};
		MemoryContext old;

		if (!ChooseChangedColumns(before.slot, after.slot, updated_at, columns))
			continue;
		if (check_status && columns[status - 1])
			CheckStatus(after.slot, status);
		if (columns[id - 1])
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the id of a document cannot change"),
					 errdetail("Document " INT64_FORMAT " is in hash_index and audit_log by its id.",
							   RequiredInteger(before.slot, id))));
		/* An UPDATE that changes nothing does not even open the trail. */
		if (trail.writer == NULL)
			OpenTrail(&trail, &ledger);

		old = MemoryContextSwitchTo(row_context);
		entry.document_id = RequiredInteger(after.slot, id);
		if (columns[file_hash - 1])
			MoveHash(&ledger, RequiredColumn(before.slot, file_hash),
					 RequiredColumn(after.slot, file_hash),
					 entry.document_id);
		entry.old_value = EncodeRow(encoder, before.slot, columns);
		entry.new_value = EncodeRow(encoder, after.slot, columns);
		(void) WriteTrail(&trail, &entry);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	StopReading(&before);
	StopReading(&after);
	if (trail.writer != NULL)
		CloseTrail(&trail);
	MemoryContextDelete(row_context);
	return PointerGetDatum(NULL);
}

/* Flags the columns of a deleted row that its trail keeps: neither id nor NULLs. */
static void
ChooseDeletedColumns(TupleTableSlot *slot, AttrNumber id, bool *columns)
{
	slot_getallattrs(slot);
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
		columns[i] = i != id - 1 && !slot->tts_isnull[i];
}

/* Deletes the hash_index row of a document. */
void
DeleteHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	RunStatement(ledger, STATEMENT_DELETE_HASH, values, NULL, NULL);
}

/*
 * AFTER DELETE statement trigger, since 1.1: the document's hash_index row goes
 * with it, and a "deleted" trail row keeps all of its columns.
 */
Datum
documents_after_delete(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_delete", "documents",
										 TRIGGER_EVENT_DELETE |
										 TRIGGER_EVENT_AFTER);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Ledger		ledger = GetLedger(fcinfo);
	AttrNumber	id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	AttrNumber	file_hash = ColumnNumber(desc, "documents", "file_hash",
										 COLUMN_TEXT);
	RowEncoder *encoder = CreateRowEncoder(desc);
	bool	   *columns = palloc(desc->natts * sizeof(bool));
	MemoryContext row_context = CreateRowContext();
	Trail		trail;
	RowReader	reader;

	CheckTransitionTable(trigdata->tg_oldtable, "documents_after_delete");
	if (tuplestore_tuple_count(trigdata->tg_oldtable) == 0)
		return PointerGetDatum(NULL);
	NoteEarlyChange();
	OpenTrail(&trail, &ledger);
	StartReading(&reader, trigdata->tg_oldtable, desc);
	while (ReadRow(&reader))
	{
		TrailEntry	entry = {.action = "deleted"};
		MemoryContext old = MemoryContextSwitchTo(row_context);

		ChooseDeletedColumns(reader.slot, id, columns);
		entry.document_id = RequiredInteger(reader.slot, id);
		DeleteHash(&ledger, RequiredColumn(reader.slot, file_hash),
				   entry.document_id);
		entry.old_value = EncodeRow(encoder, reader.slot, columns);
		(void) WriteTrail(&trail, &entry);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	StopReading(&reader);
	CloseTrail(&trail);
	MemoryContextDelete(row_context);
	return PointerGetDatum(NULL);
}
