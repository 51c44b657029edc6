/*
 * derive.c
 *		The rows of hash_index and audit_log that come with new documents.
 *
 * documents is the only source, and this trigger their only writer.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "audit.h"
#include "document.h"
#include "relations.h"
#include "restore.h"
#include "row_json.h"
#include "statements.h"
#include "trail.h"
#include "transition.h"
#include "writer.h"

PG_FUNCTION_INFO_V1(documents_after_insert);

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
	Ledger		ledger;
	TupleDesc	desc;
	Tuplestorestate *rows;
	RestoreMode mode;
	bool		check_status;
	AttrNumber	id;
	AttrNumber	file_hash;
	AttrNumber	ingestion_status;
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

/*
 * Returns the hash that a new document has by now, in the current memory
 * context; the zero Datum where it is gone already.
 */
static Datum
CurrentHash(const NewDocuments *documents, int64 id)
{
	Datum		values[1];
	Datum		hash;

	values[0] = Int64GetDatum(id);
	return RunStatement(&documents->ledger, STATEMENT_LOCK_DOCUMENT, values,
						NULL, &hash) > 0 ? hash : (Datum) 0;
}

/*
 * Makes the row of a hash that is in hash_index already the new document's.  As
 * no other document has the hash, the one that the row was for is gone.
 */
static void
TakeOverHash(const Ledger *ledger, Datum hash, int64 id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(id);
	RunStatement(ledger, STATEMENT_TAKE_OVER_HASH, values, NULL, NULL);
}

/* Removes the hash_index rows of new documents that are gone already. */
static void
RemoveOrphans(const NewDocuments *documents)
{
	RowReader	reader;

	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
	{
		int64		id = RequiredInteger(reader.slot, documents->id);

		if (CurrentHash(documents, id) == (Datum) 0)
			DeleteHash(&documents->ledger,
					   RequiredColumn(reader.slot, documents->file_hash), id);
	}
	StopReading(&reader);
}

/* Writes the hash_index rows of new documents, whose status it checks. */
static void
DeriveHashIndex(const NewDocuments *documents)
{
	RowWriter  *writer = OpenRowWriter(&documents->ledger, "hash_index", true);
	AttrNumber	file_hash = WriterColumn(writer, "file_hash", COLUMN_TEXT);
	AttrNumber	document_id = WriterColumn(writer, "document_id",
										   COLUMN_INTEGER);
	Oid			id_type = ColumnType(RelationGetDescr(writer->rel), document_id);
	uint64		changes = EarlyChanges();
	RowReader	reader;

	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
	{
		int64		id = RequiredInteger(reader.slot, documents->id);
		Datum		hash = RequiredColumn(reader.slot, documents->file_hash);

		if (documents->check_status)
			CheckStatus(reader.slot, documents->ingestion_status);
		if (changes > 0 && (hash = CurrentHash(documents, id)) == (Datum) 0)
			continue;
		StartRow(writer);
		SetColumn(writer, file_hash, hash);
		SetColumn(writer, document_id, IntegerDatum(id, id_type));
		if (WriteRow(writer) == ROW_CONFLICTS)
			TakeOverHash(&documents->ledger, hash, id);
	}
	StopReading(&reader);
	CloseRowWriter(writer);
	/* A trigger of hash_index can do it, too. */
	if (EarlyChanges() != changes)
		RemoveOrphans(documents);
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

	OpenTrail(&trail, &documents->ledger);
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
 * for every new document.  With an argument, as since 1.1, it takes V001's
 * valid statuses only.
 */
Datum
documents_after_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_insert", "documents",
										 TRIGGER_EVENT_INSERT |
										 TRIGGER_EVENT_AFTER);
	Relation	rel = trigdata->tg_relation;
	TupleDesc	desc = RelationGetDescr(rel);
	NewDocuments documents;

	CheckTransitionTable(trigdata->tg_newtable, "documents_after_insert");
	documents.ledger = GetLedger(fcinfo);
	documents.desc = desc;
	documents.rows = trigdata->tg_newtable;
	documents.mode = CurrentRestoreMode(rel);
	documents.check_status = trigdata->tg_trigger->tgnargs > 0;
	documents.id = ColumnNumber(desc, "documents", "id",
								COLUMN_INTEGER);
	documents.file_hash = ColumnNumber(desc, "documents", "file_hash",
									   COLUMN_TEXT);
	documents.ingestion_status = ColumnNumber(desc, "documents",
											  "ingestion_status", COLUMN_TEXT);
	documents.created_at = ColumnNumber(desc, "documents", "created_at",
										COLUMN_TIME);

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
