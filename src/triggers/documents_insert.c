/*
 * documents_insert.c
 *		Trigger of INSERT on documents: the rows of hash_index and audit_log that
 *		come with new documents.
 *
 * It fires for an INSERT statement.  ingest_document() and the like derive these
 * rows by themselves where they insert without one.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/identity.h"
#include "../lib/derived.h"
#include "../tables/derived_rows.h"
#include "../tables/documents.h"
#include "restore.h"
#include "trigger.h"

PG_FUNCTION_INFO_V1(documents_after_insert);

/* The rows that a statement has inserted. */
typedef struct NewDocuments
{
	Ledger		ledger;
	TupleDesc	desc;
	Tuplestorestate *rows;
	RestoreCheck restore;
	bool		check_status;
	AttrNumber	ingestion_status;
} NewDocuments;

/* Reads the next row that is not a backup's.  Returns false at the end. */
static bool
ReadNewDocument(RowReader *reader, NewDocuments *documents)
{
	while (ReadRow(reader))
		if (!IsRestored(&documents->restore, reader->slot))
			return true;
	return false;
}

/* Returns whether any row is not a backup's. */
static bool
HasNewDocument(NewDocuments *documents)
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
CheckStatuses(NewDocuments *documents)
{
	RowReader	reader;

	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
		CheckStatus(reader.slot, documents->ingestion_status);
	StopReading(&reader);
}

/* Writes the rows that follow from new documents: WriteDerived()'s callback. */
static void
DeriveNewRows(void *argument)
{
	NewDocuments *documents = argument;
	DerivedRows derived;
	RowReader	reader;

	OpenDerivedRows(&derived, &documents->ledger, documents->desc,
					CONFLICT_SKIP);
	StartReading(&reader, documents->rows, documents->desc);
	while (ReadNewDocument(&reader, documents))
	{
		RefuseDoubt(&documents->restore, &documents->ledger,
					RequiredColumn(reader.slot, derived.file_hash),
					RequiredInteger(reader.slot, derived.id));
		DeriveRows(&derived, &reader.slot, 1);
	}
	StopReading(&reader);
	CloseDerivedRows(&derived);
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
	CallerIdentity caller;

	CheckTransitionTable(trigdata->tg_newtable, "documents_after_insert");
	documents.ledger = GetLedger(fcinfo);
	documents.desc = desc;
	documents.rows = trigdata->tg_newtable;
	documents.check_status = trigdata->tg_trigger->tgnargs > 0;
	documents.ingestion_status = ColumnNumber(desc, "documents",
											  "ingestion_status", COLUMN_TEXT);

	if (tuplestore_tuple_count(documents.rows) == 0)
		return PointerGetDatum(NULL);
	StartRestoreCheck(&documents.restore, rel,
					  tuplestore_tuple_count(documents.rows));
	if (HasNewDocument(&documents))
	{
		if (documents.check_status)
			CheckStatuses(&documents);
		SwitchToOwner(&documents.ledger, RelationGetRelid(rel), &caller);
		WriteDerived(DeriveNewRows, &documents);
		SwitchBack(&caller);
	}
	ReportRestore(&documents.restore);
	return PointerGetDatum(NULL);
}
