/*
 * location_search.c
 *		Searches for the current row of a location, in the index of
 *		document_locations.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../access/columns.h"
#include "../compat.h"
#include "location_search.h"

/* The columns of the index: a location's rows lie side by side, the latest last. */
#define INDEX_COLUMNS 3

/*
 * Returns whether an index is valid, has all rows, and has those of a location side
 * by side, the latest last.  With a nondeterministic collation it would take one source
 * for another.
 */
static bool
OrdersLocations(Relation index, const AttrNumber *columns)
{
	Form_pg_index form = index->rd_index;

	return form->indisvalid && form->indnkeyatts == INDEX_COLUMNS &&
		memcmp(form->indkey.values, columns,
			   INDEX_COLUMNS * sizeof(AttrNumber)) == 0 &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		index->rd_rel->relam == BTREE_AM_OID &&
		get_collation_isdeterministic(index->rd_indcollation[0]) &&
		(index->rd_indoption[INDEX_COLUMNS - 1] & INDOPTION_DESC) == 0;
}

/* Opens the index of the locations.  Raises 55000 if there is none. */
static Relation
OpenLocationIndex(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	const char *table = "document_locations";
	AttrNumber	columns[INDEX_COLUMNS];
	ListCell   *cell;

	columns[0] = ColumnNumber(desc, table, "ingestion_source", COLUMN_TEXT);
	columns[1] = ColumnNumber(desc, table, "location_key", COLUMN_BYTES);
	columns[2] = ColumnNumber(desc, table, "id", COLUMN_INTEGER);
	foreach(cell, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (OrdersLocations(index, columns))
			return index;
		index_close(index, AccessShareLock);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" has no valid index on ingestion_source, location_key and id",
					table),
			 errhint("CREATE INDEX ON document_locations (ingestion_source, location_key, id);")));
}

/* Sets a scan key: a column of the index equals a value. */
static void
InitKey(ScanKey key, Relation index, int column, Datum value)
{
	Oid			type = index->rd_opcintype[column];
	Oid			operator = get_opfamily_member(index->rd_opfamily[column],
											   type, type,
											   BTEqualStrategyNumber);

	ScanKeyEntryInitialize(key, 0, column + 1, BTEqualStrategyNumber,
						   InvalidOid, index->rd_indcollation[column],
						   get_opcode(operator), value);
}

/* Opens document_locations for searches, until CloseLocationSearch(). */
void
OpenLocationSearch(LocationSearch *search, const Ledger *ledger)
{
	const char *table = "document_locations";
	TupleDesc	desc;

	search->rel = OpenLedgerTable(ledger, table, AccessShareLock);
	desc = RelationGetDescr(search->rel);
	search->id = ColumnNumber(desc, table, "id", COLUMN_INTEGER);
	search->document_id = ColumnNumber(desc, table, "document_id",
									   COLUMN_INTEGER);
	search->modified_at = ColumnNumber(desc, table, "modified_at",
									   COLUMN_INSTANT);
	search->fingerprint = ColumnNumber(desc, table, "fingerprint", COLUMN_TEXT);
	search->index = OpenLocationIndex(search->rel);
	for (int i = 0; i < SEARCHED_COLUMNS; i++)
		InitKey(&search->keys[i], search->index, i, (Datum) 0);
	search->slot = table_slot_create(search->rel, NULL);
	CommandCounterIncrement();
	search->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	search->scan = BeginIndexScan(search->rel, search->index, search->snapshot,
								  SEARCHED_COLUMNS);
}

/*
 * Returns a column that may be NULL, copied into the current memory context.  Of a
 * value that is stored out of line, another session may remove what is stored.
 */
static NullableDatum
CopyColumn(TupleTableSlot *slot, AttrNumber column)
{
	Form_pg_attribute att = TupleDescAttr(slot->tts_tupleDescriptor, column - 1);
	NullableDatum value;

	value.value = slot_getattr(slot, column, &value.isnull);
	if (!value.isnull && !att->attbyval)
		value.value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value.value));
	return value;
}

/* Sets what the latest row of a source's location says; "key" is its SHA-256. */
void
SearchLocation(LocationSearch *search, text *source, bytea *key,
			   CurrentLocation *current)
{
	TupleTableSlot *row = search->slot;
	NullableDatum document;

	*current = (CurrentLocation) {.modified_at.isnull = true,
	.fingerprint.isnull = true};
	search->keys[0].sk_argument = PointerGetDatum(source);
	search->keys[1].sk_argument = PointerGetDatum(key);
	index_rescan(search->scan, search->keys, SEARCHED_COLUMNS, NULL, 0);
	if (!index_getnext_slot(search->scan, BackwardScanDirection, row))
	{
		/* A search that fails leaves the slot undefined. */
		ExecClearTuple(row);
		return;
	}
	current->id = RequiredInteger(row, search->id);
	document = CopyColumn(row, search->document_id);
	if (!document.isnull)
		current->document_id =
			IntegerValue(document.value,
						 ColumnType(row->tts_tupleDescriptor,
									search->document_id));
	current->modified_at = CopyColumn(row, search->modified_at);
	current->fingerprint = CopyColumn(row, search->fingerprint);
}

/* Closes document_locations.  Its locks stay. */
void
CloseLocationSearch(LocationSearch *search)
{
	index_endscan(search->scan);
	UnregisterSnapshot(search->snapshot);
	ExecDropSingleTupleTableSlot(search->slot);
	index_close(search->index, NoLock);
	table_close(search->rel, NoLock);
}
