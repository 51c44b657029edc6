/*
 * documents_change.c
 *		Triggers of UPDATE and DELETE on documents: updated_at, the trail, and the
 *		document's row in hash_index.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/identity.h"
#include "../lib/derived.h"
#include "../tables/audit_log.h"
#include "../tables/documents.h"
#include "../tables/hash_index.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(documents_before_update);
PG_FUNCTION_INFO_V1(documents_after_update);
PG_FUNCTION_INFO_V1(documents_after_delete);

/*
 * BEFORE UPDATE row trigger: sets updated_at to now(), as V001's ON UPDATE NOW()
 * would.
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
	 * The check of a statement's first row serves for the others.  Events
	 * that are no update are always checked, as a trigger can be for several
	 * events.
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

/* What documents_after_update() needs for each row. */
typedef struct DocumentUpdate
{
	Ledger		ledger;
	DocumentTrail trail;
	bool		check_status;
	AttrNumber	id;
	AttrNumber	file_hash;
	AttrNumber	ingestion_status;
	AttrNumber	updated_at;
	TupleTableSlot *old_row;
	TupleTableSlot *new_row;
} DocumentUpdate;

/* Raises 55000: an UPDATE must not change the id of a document. */
static void
ReportChangedId(int64 document_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the id of a document cannot change"),
			 errdetail("Document " INT64_FORMAT " is in hash_index and audit_log by its id.",
					   document_id)));
}

/*
 * Lets the hash_index row of a document follow it, and writes the trail:
 * WriteDerived()'s callback.
 */
static void
DeriveUpdate(void *argument)
{
	DocumentUpdate *update = argument;

	/* hash_index before audit_log: all transactions lock them in this order. */
	if (!update->trail.is_open)
		LockTableToWrite(&update->ledger, "hash_index");
	if (update->trail.columns[update->file_hash - 1])
	{
		NoteHashChange();
		FollowDocument(&update->ledger,
					   RequiredColumn(update->old_row, update->file_hash),
					   RequiredInteger(update->new_row, update->id));
	}
	AuditUpdate(&update->trail, update->old_row, update->new_row);
}

/* Checks the change of a row.  Returns whether there is one. */
static bool
CheckUpdate(DocumentUpdate *update)
{
	const bool *changed = update->trail.columns;

	if (!ChooseChangedColumns(&update->trail, update->old_row,
							  update->new_row, update->updated_at))
		return false;
	if (update->check_status && changed[update->ingestion_status - 1])
		CheckStatus(update->new_row, update->ingestion_status);
	if (changed[update->id - 1])
		ReportChangedId(RequiredInteger(update->old_row, update->id));
	return true;
}

/* Closes the trail, whose rows are now complete: WriteDerived()'s callback. */
static void
CompleteTrail(void *trail)
{
	CloseDocumentTrail(trail);
}

/*
 * AFTER UPDATE statement trigger: writes an "updated" trail row, with the changed
 * columns, for every document that the statement has really changed.  With an
 * argument, as since 1.1, raises 23514 for a status that is not V001's.
 */
Datum
documents_after_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_update",
										 "documents",
										 TRIGGER_EVENT_UPDATE |
										 TRIGGER_EVENT_AFTER);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	DocumentUpdate update;
	CallerIdentity caller;
	RowReader	before;
	RowReader	after;

	update.ledger = GetLedger(fcinfo);
	update.check_status = trigdata->tg_trigger->tgnargs > 0;
	update.id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	update.file_hash = ColumnNumber(desc, "documents", "file_hash",
									COLUMN_TEXT);
	update.ingestion_status = ColumnNumber(desc, "documents",
										   "ingestion_status", COLUMN_TEXT);
	update.updated_at = ColumnNumber(desc, "documents", "updated_at",
									 COLUMN_TIME);
	CheckTransitionTable(trigdata->tg_oldtable, "documents_after_update");
	CheckTransitionTable(trigdata->tg_newtable, "documents_after_update");

	SwitchToOwner(&update.ledger, RelationGetRelid(trigdata->tg_relation),
				  &caller);
	OpenDocumentTrail(&update.trail, &update.ledger, desc);
	StartReading(&before, trigdata->tg_oldtable, desc);
	StartReading(&after, trigdata->tg_newtable, desc);
	update.old_row = before.slot;
	update.new_row = after.slot;
	/* The two tables hold the same rows in the same order. */
	while (ReadRow(&before) && ReadRow(&after))
		if (CheckUpdate(&update))
			WriteDerived(DeriveUpdate, &update);
	StopReading(&before);
	StopReading(&after);
	WriteDerived(CompleteTrail, &update.trail);
	SwitchBack(&caller);
	return PointerGetDatum(NULL);
}

/* The rows that a statement has deleted. */
typedef struct DeletedDocuments
{
	Ledger		ledger;
	TupleDesc	desc;
	Tuplestorestate *rows;
	AttrNumber	id;
	AttrNumber	file_hash;
} DeletedDocuments;

/* Deletes their hashes, and writes their trail: WriteDerived()'s callback. */
static void
DeriveDelete(void *argument)
{
	const DeletedDocuments *documents = argument;
	DocumentTrail trail;
	RowReader	reader;

	OpenDocumentTrail(&trail, &documents->ledger, documents->desc);
	StartReading(&reader, documents->rows, documents->desc);
	while (ReadRow(&reader))
	{
		DeleteHash(&documents->ledger,
				   RequiredColumn(reader.slot, documents->file_hash),
				   RequiredInteger(reader.slot, documents->id));
		AuditDelete(&trail, reader.slot);
	}
	StopReading(&reader);
	CloseDocumentTrail(&trail);
}

/*
 * AFTER DELETE statement trigger, since 1.1: deletes the hash_index rows of the
 * documents, and writes a "deleted" trail row with all columns for each of them.
 */
Datum
documents_after_delete(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_delete",
										 "documents",
										 TRIGGER_EVENT_DELETE |
										 TRIGGER_EVENT_AFTER);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	DeletedDocuments documents;
	CallerIdentity caller;

	documents.ledger = GetLedger(fcinfo);
	documents.desc = desc;
	documents.rows = trigdata->tg_oldtable;
	documents.id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	documents.file_hash = ColumnNumber(desc, "documents", "file_hash",
									   COLUMN_TEXT);
	CheckTransitionTable(trigdata->tg_oldtable, "documents_after_delete");
	if (tuplestore_tuple_count(trigdata->tg_oldtable) == 0)
		return PointerGetDatum(NULL);
	NoteHashChange();
	SwitchToOwner(&documents.ledger, RelationGetRelid(trigdata->tg_relation),
				  &caller);
	WriteDerived(DeriveDelete, &documents);
	SwitchBack(&caller);
	return PointerGetDatum(NULL);
}
