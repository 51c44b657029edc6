/*
 * documents_insert.c
 *		Trigger of INSERT on documents: the rows of hash_index and audit_log that
 *		come with new documents.
 *
 * It is the only writer of these rows.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "../access/columns.h"
#include "../lib/derived.h"
#include "../tables/audit_log.h"
#include "../tables/documents.h"
#include "../tables/hash_index.h"
#include "restore.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(documents_after_insert);

/* The rows that a statement has inserted. */
typedef struct NewDocuments
{
	Ledger		ledger;
	TupleDesc	desc;
	Tuplestorestate *rows;
	RestoreMode mode;			/* which of them are a backup's */
	bool		check_status;
	AttrNumber	id;
	AttrNumber	file_hash;
	AttrNumber	ingestion_status;
	AttrNumber	created_at;
} NewDocuments;

/* Returns whether a row is a backup's, which brings its derived rows along. */
static bool
IsRestoredRow(TupleTableSlot *slot, RestoreMode mode, AttrNumber created_at)
{
	bool		is_null;
	Datum		value;

	if (mode != RESTORE_OLD_ROWS)
		return mode == RESTORE_ALL;
	value = slot_getattr(slot, created_at, &is_null);
	return !IsTransactionTime(value,
							  ColumnType(slot->tts_tupleDescriptor,
										 created_at));
}

/* Reads the next row that is not a backup's.  Returns false at the end. */
static bool
ReadNewDocument(RowReader *reader, const NewDocuments *documents)
{
	while (ReadRow(reader))
		if (!IsRestoredRow(reader->slot, documents->mode,
						   documents->created_at))
			return true;
	return false;
}

/* Returns whether any row is not a backup's. */
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

/* Checks the status of new documents. */
static void
CheckStatuses(const NewDocuments *documents)
{
	RowReader	reader;

	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
		CheckStatus(reader.slot, documents->ingestion_status);
	StopReading(&reader);
}

/* Writes the hash_index row of a new document. */
static void
DeriveHash(HashWriter *writer, Datum hash, int64 id)
{
	uint64		changes = HashChanges();

	/* A user's trigger may have changed or deleted the document. */
	if (changes > 0)
		hash = LockDocument(writer->ledger, id);
	if (hash == (Datum) 0)
		return;
	InsertHash(writer, hash, id);
	/* So may a trigger of hash_index. */
	if (HashChanges() != changes)
		FollowDocument(writer->ledger, hash, id);
}

/* Writes the hash_index rows of new documents. */
static void
DeriveHashes(const NewDocuments *documents)
{
	HashWriter	writer;
	RowReader	reader;

	OpenHashWriter(&writer, &documents->ledger);
	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
		DeriveHash(&writer, RequiredColumn(reader.slot, documents->file_hash),
				   RequiredInteger(reader.slot, documents->id));
	StopReading(&reader);
	CloseHashWriter(&writer);
}

/* Writes the trail of new documents. */
static void
DeriveTrail(const NewDocuments *documents)
{
	DocumentTrail trail;
	RowReader	reader;

	OpenDocumentTrail(&trail, &documents->ledger, documents->desc);
	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
		AuditInsert(&trail, reader.slot);
	StopReading(&reader);
	CloseDocumentTrail(&trail);
}

/* Writes all rows of new documents: WriteDerived()'s callback. */
static void
DeriveRows(void *argument)
{
	DeriveHashes(argument);
	DeriveTrail(argument);
}

/*
 * AFTER INSERT statement trigger: writes a hash_index row and an "ingested" trail
 * row for every new document.  With an argument, as since 1.1, raises 23514 for a
 * status that is not V001's.
 */
Datum
documents_after_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = CheckTrigger(fcinfo, "documents_after_insert",
										 "documents",
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
	documents.id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
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
		if (documents.check_status)
			CheckStatuses(&documents);
		WriteDerived(DeriveRows, &documents);
	}
	else
		LogRestore(rel);
	return PointerGetDatum(NULL);
}
