/*
 * triggers.c
 *		The triggers of documents: they derive hash_index and audit_log.
 *
 * The AFTER triggers work on the transition tables of a whole statement, so
 * every way into documents (the functions, INSERT, COPY, MERGE) is covered by
 * one writer, at a cost a statement in place of a cost a row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "relations.h"
#include "restore.h"
#include "row_json.h"
#include "statements.h"
#include "trail.h"
#include "triggers.h"
#include "writer.h"

PG_FUNCTION_INFO_V1(documents_before_update);
PG_FUNCTION_INFO_V1(documents_after_insert);
PG_FUNCTION_INFO_V1(documents_after_update);

/* The transition rows of a statement, read one by one. */
typedef struct RowReader
{
	Tuplestorestate *rows;
	int			position;		/* our read pointer, other triggers have theirs */
	TupleTableSlot *slot;
} RowReader;

/*
 * Returns the call's trigger data; an error where it is not called as the
 * trigger that it is made for ("event": its timing, level and event bits).
 */
TriggerData *
CheckTrigger(FunctionCallInfo fcinfo, const char *name, TriggerEvent event)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(trigdata->tg_event & (TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW |
							   TRIGGER_EVENT_TIMINGMASK)) != event)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called as the trigger that it is",
						name),
				 errhint("The extension creates all the triggers that it needs.")));
	return trigdata;
}

/* An error unless the trigger was given its transition table. */
static void
CheckTransitionTable(Tuplestorestate *rows, const char *name)
{
	if (rows == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" needs its transition tables",
						name),
				 errhint("The extension creates all the triggers that it needs.")));
}

/* Starts to read the rows of a transition table of "desc". */
static void
StartReading(RowReader *reader, Tuplestorestate *rows, TupleDesc desc)
{
	reader->rows = rows;
	reader->position = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, reader->position);
	tuplestore_rescan(rows);
	reader->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/* Puts the next row in the reader's slot; false at the end. */
static bool
ReadRow(RowReader *reader)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_select_read_pointer(reader->rows, reader->position);
	return tuplestore_gettupleslot(reader->rows, true, false, reader->slot);
}

/* Ends the reading; the rows themselves belong to the statement. */
static void
StopReading(RowReader *reader)
{
	ExecDropSingleTupleTableSlot(reader->slot);
}

/* Returns a column that V001 declares NOT NULL. */
static Datum
RequiredColumn(TupleTableSlot *slot, AttrNumber column)
{
	bool		is_null;

	return slot_getattr(slot, column, &is_null);
}

/* Returns an integer column that V001 declares NOT NULL. */
static int64
RequiredInteger(TupleTableSlot *slot, AttrNumber column)
{
	return IntegerValue(RequiredColumn(slot, column),
						TupleDescAttr(slot->tts_tupleDescriptor,
									  column - 1)->atttypid);
}

/*
 * BEFORE UPDATE row trigger: updated_at = now(), what V001's ON UPDATE NOW()
 * means.
 */
Datum
documents_before_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_before_update",
										 TRIGGER_EVENT_UPDATE |
										 TRIGGER_EVENT_ROW |
										 TRIGGER_EVENT_BEFORE);
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	int			column = ColumnNumber(desc, "documents", "updated_at");
	Datum		now = TransactionTime(TupleDescAttr(desc, column - 1)->atttypid);
	bool		is_null = false;

	return PointerGetDatum(heap_modify_tuple_by_cols(trigdata->tg_newtuple,
													 desc, 1, &column, &now,
													 &is_null));
}

/*
 * Returns the table whose new rows the derived ones may refer to unchecked, as
 * this statement has just inserted them.  None where anybody else's trigger
 * runs for the insert: it could delete them again first.
 */
static Oid
TrustedParent(TriggerData *trigdata)
{
	TriggerDesc *triggers = trigdata->tg_relation->trigdesc;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_INSERT(trigger->tgtype) && !trigger->tgisinternal &&
			trigger->tgoid != trigdata->tg_trigger->tgoid)
			return InvalidOid;
	}
	return RelationGetRelid(trigdata->tg_relation);
}

/* Tells whether a value is this transaction's now(). */
static bool
IsTransactionTime(Datum value, Oid type)
{
	return (type == TIMESTAMPOID || type == TIMESTAMPTZOID) &&
		DatumGetInt64(value) == DatumGetInt64(TransactionTime(type));
}

/*
 * Chooses what a new document's trail row holds of it: neither id (that is
 * document_id) nor NULLs nor the times that the trail row has itself, as these
 * bytes are paid for every document.
 */
static void
ChooseIngestedColumns(TupleTableSlot *slot, AttrNumber id, bool *columns)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;

	slot_getallattrs(slot);
	for (int i = 0; i < desc->natts; i++)
		columns[i] = i != id - 1 && !slot->tts_isnull[i] &&
			!IsTransactionTime(slot->tts_values[i],
							   TupleDescAttr(desc, i)->atttypid);
}

/* Tells whether the row is a backup's, which brings its derived rows along. */
static bool
IsRestoredRow(TupleTableSlot *slot, RestoreMode mode, AttrNumber created_at)
{
	bool		is_null;
	Datum		value;

	if (mode != RESTORE_OLD_ROWS)
		return mode == RESTORE_ALL;
	value = slot_getattr(slot, created_at, &is_null);
	return !IsTransactionTime(value,
							  TupleDescAttr(slot->tts_tupleDescriptor,
											created_at - 1)->atttypid);
}

/* What documents_after_insert() works on. */
typedef struct NewDocuments
{
	Oid			schema;
	TupleDesc	desc;
	Tuplestorestate *rows;
	RestoreMode mode;
	Oid			trusted_parent;
	AttrNumber	id;
	AttrNumber	file_hash;
	AttrNumber	created_at;
} NewDocuments;

/* Reads on to the next row that is not a backup's. */
static bool
ReadNewDocument(RowReader *reader, const NewDocuments *documents)
{
	while (ReadRow(reader))
		if (!IsRestoredRow(reader->slot, documents->mode,
						   documents->created_at))
			return true;
	return false;
}

/* Tells whether any row is new. */
static bool
HasNewDocument(const NewDocuments *documents)
{
	RowReader	reader;
	bool		found;

	StartReading(&reader, documents->rows, documents->desc);
	found = ReadNewDocument(&reader, documents);
	StopReading(&reader);
	return found;
}

/* Writes the hash_index rows of new documents. */
static void
DeriveHashIndex(const NewDocuments *documents)
{
	RowWriter  *writer = OpenRowWriter(LedgerTable(documents->schema,
												   "hash_index"),
									   documents->trusted_parent);
	AttrNumber	file_hash = WriterColumn(writer, "file_hash");
	AttrNumber	document_id = WriterColumn(writer, "document_id");
	Oid			id_type = TupleDescAttr(RelationGetDescr(writer->rel),
										document_id - 1)->atttypid;
	RowReader	reader;

	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
	{
		StartRow(writer);
		SetColumn(writer, file_hash,
				  RequiredColumn(reader.slot, documents->file_hash));
		SetColumn(writer, document_id,
				  IntegerDatum(RequiredInteger(reader.slot, documents->id),
							   id_type));
		(void) WriteRow(writer);
	}
	StopReading(&reader);
	CloseRowWriter(writer);
}

/* Writes the trail rows of new documents. */
static void
DeriveTrail(const NewDocuments *documents)
{
	RowEncoder *encoder = CreateRowEncoder(documents->desc);
	bool	   *columns = palloc(documents->desc->natts * sizeof(bool));
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext,
													  "doc_extractor trail row",
													  ALLOCSET_DEFAULT_SIZES);
	Trail		trail;
	RowReader	reader;

	OpenTrail(&trail, documents->schema, documents->trusted_parent);
	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
	{
		TrailEntry	entry = {.action = "ingested"};
		MemoryContext old = MemoryContextSwitchTo(row_context);

		ChooseIngestedColumns(reader.slot, documents->id, columns);
		entry.document_id = RequiredInteger(reader.slot, documents->id);
		entry.new_value = EncodeRow(encoder, reader.slot, columns);
		(void) WriteTrail(&trail, &entry);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	StopReading(&reader);
	CloseTrail(&trail);
	MemoryContextDelete(row_context);
}

/*
 * AFTER INSERT statement trigger: a hash_index row and an "ingested" trail row
 * for every new document.
 */
Datum
documents_after_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_insert",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_AFTER);
	Relation	rel = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(rel);
	NewDocuments documents;

	CheckTransitionTable(trigdata->tg_newtable, "documents_after_insert");
	documents.schema = RelationGetNamespace(rel);
	documents.desc = desc;
	documents.rows = trigdata->tg_newtable;
	documents.mode = CurrentRestoreMode(rel);
	documents.trusted_parent = TrustedParent(trigdata);
	documents.id = ColumnNumber(desc, "documents", "id");
	documents.file_hash = ColumnNumber(desc, "documents", "file_hash");
	documents.created_at = ColumnNumber(desc, "documents", "created_at");

	if (tuplestore_tuple_count(documents.rows) == 0)
		return PointerGetDatum(NULL);
	if (HasNewDocument(&documents))
	{
		DeriveHashIndex(&documents);
		DeriveTrail(&documents);
	}
	else
		LogRestore(rel);
	return PointerGetDatum(NULL);
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

/* Moves the hash_index row of a document along with its hash. */
static void
MoveHash(Oid schema, Datum old_hash, Datum new_hash, int64 document_id)
{
	Datum		values[3];

	values[0] = old_hash;
	values[1] = new_hash;
	values[2] = Int64GetDatum(document_id);
	SPI_connect();
	RunStatement(schema, STATEMENT_MOVE_HASH, values, NULL);
	SPI_finish();
}

/*
 * AFTER UPDATE statement trigger: an "updated" trail row with the changed
 * columns of every document that the statement really changed.
 */
Datum
documents_after_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_update",
										 TRIGGER_EVENT_UPDATE |
										 TRIGGER_EVENT_AFTER);
	Relation	rel = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(rel);
	Oid			schema = RelationGetNamespace(rel);
	AttrNumber	id = ColumnNumber(desc, "documents", "id");
	AttrNumber	file_hash = ColumnNumber(desc, "documents", "file_hash");
	AttrNumber	updated_at = ColumnNumber(desc, "documents", "updated_at");
	RowEncoder *encoder = CreateRowEncoder(desc);
	bool	   *columns = palloc(desc->natts * sizeof(bool));
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext,
													  "doc_extractor trail row",
													  ALLOCSET_DEFAULT_SIZES);
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
		MemoryContext old = MemoryContextSwitchTo(row_context);

		if (ChooseChangedColumns(before.slot, after.slot, updated_at, columns))
		{
			entry.document_id = RequiredInteger(after.slot, id);
			if (columns[file_hash - 1])
				MoveHash(schema, RequiredColumn(before.slot, file_hash),
						 RequiredColumn(after.slot, file_hash),
						 entry.document_id);
			if (trail.writer == NULL)
			{
				MemoryContextSwitchTo(old);
				OpenTrail(&trail, schema, InvalidOid);
				MemoryContextSwitchTo(row_context);
			}
			entry.old_value = EncodeRow(encoder, before.slot, columns);
			entry.new_value = EncodeRow(encoder, after.slot, columns);
			(void) WriteTrail(&trail, &entry);
		}
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
