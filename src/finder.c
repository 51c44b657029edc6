/*
 * finder.c
 *		What the ledger has of contents on offer.
 *
 * hash_index says which document a content is, and is read anyway to count a
 * duplicate; so the document is found by its id, in a smaller index than that
 * of the hashes.  documents has the last word.
 */
#include "postgres.h"

#include "access/table.h"
#include "utils/rel.h"

#include "document.h"
#include "finder.h"

/* Opens documents for look-ups of contents, until CloseFinder(). */
void
OpenFinder(Finder *finder, const Ledger *ledger, Counter *counter)
{
	Relation	rel = OpenLedgerTable(ledger, "documents", AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	finder->counter = counter;
	finder->rel = rel;
	finder->id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	finder->file_size_bytes = ColumnNumber(desc, "documents",
										   "file_size_bytes", COLUMN_INTEGER);
	finder->file_hash = ColumnNumber(desc, "documents", "file_hash",
									 COLUMN_TEXT);
	finder->ingestion_status = ColumnNumber(desc, "documents",
											"ingestion_status", COLUMN_TEXT);
	finder->id_index = UniqueIndexOn(rel, finder->id);
	finder->is_by_id = false;
	finder->is_by_hash = false;
}

/* Returns the row of a document that hash_index has for a content, or NULL. */
static TupleTableSlot *
FindById(Finder *finder, const char *hash, FoundContent *found)
{
	Oid			type = ColumnType(RelationGetDescr(finder->rel), finder->id);
	TupleTableSlot *row;
	int64		id;

	if (!FindCount(finder->counter, hash, &id, &found->counted_at))
		return NULL;
	if (!finder->is_by_id)
		OpenLookup(&finder->by_id, finder->rel, finder->id_index);
	finder->is_by_id = true;
	row = LookUp(&finder->by_id, IntegerDatum(id, type));
	if (row != NULL &&
		IsHash(RequiredColumn(row, finder->file_hash), hash))
		return row;
	ItemPointerSetInvalid(&found->counted_at);
	return NULL;
}

/* Returns the row of documents that has a content's hash, or NULL. */
static TupleTableSlot *
FindByHash(Finder *finder, const char *hash)
{
	if (!finder->is_by_hash)
		OpenLookup(&finder->by_hash, finder->rel, HashIndexOf(finder->rel));
	finder->is_by_hash = true;
	return LookUpHash(&finder->by_hash, hash);
}

/*
 * Finds what documents has of a content; false where it has nothing.  Unless
 * "thoroughly", it may miss a content whose row in hash_index somebody has
 * removed: a new row of the content will then meet the former one.
 */
bool
FindContent(Finder *finder, const char *hash, bool thoroughly,
			FoundContent *found)
{
	TupleTableSlot *row;

	ItemPointerSetInvalid(&found->counted_at);
	if (thoroughly || !OidIsValid(finder->id_index) ||
		finder->counter->by_statement)
		row = FindByHash(finder, hash);
	else
		row = FindById(finder, hash, found);
	if (row == NULL)
		return false;
	found->document_id = RequiredInteger(row, finder->id);
	found->size = RequiredInteger(row, finder->file_size_bytes);
	found->is_success =
		IsSuccessStatus(RequiredColumn(row, finder->ingestion_status));
	return true;
}

/* Closes what OpenFinder() opened. */
void
CloseFinder(Finder *finder)
{
	if (finder->is_by_hash)
		CloseLookup(&finder->by_hash);
	if (finder->is_by_id)
		CloseLookup(&finder->by_id);
	table_close(finder->rel, NoLock);
}
