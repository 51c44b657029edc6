/*
 * document_search.c
 *		Searches of documents by their hashes.
 *
 * hash_index says which document has a hash, and we read its row anyway to count
 * a duplicate.  So we search documents by id, in a smaller index than that of the
 * hashes.  documents has the last word.
 */
#include "postgres.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/table_shape.h"
#include "document.h"
#include "document_search.h"

/*
 * Prepares searches, until CloseDocumentSearch().  "counter" is open as long as
 * they are.
 */
void
OpenDocumentSearch(DocumentSearch *search, const Ledger *ledger,
				   DuplicateCounter *counter)
{
	search->ledger = ledger;
	search->counter = counter;
	search->rel = NULL;
	search->is_by_id = false;
	search->is_by_hash = false;
}

/* Finds the columns of documents, and its index on id. */
static SearchedTable
FindSearchedTable(Relation rel)
{
	static const char table[] = "documents";
	TupleDesc	desc = RelationGetDescr(rel);
	uint64		version = TableVersion(rel);
	SearchedTable found;

	if (RecallFacts(rel, FACTS_OF_SEARCHES, &found, sizeof(found)))
		return found;
	found.id = ColumnNumber(desc, table, "id", COLUMN_INTEGER);
	found.file_size_bytes = ColumnNumber(desc, table, "file_size_bytes",
										 COLUMN_INTEGER);
	found.file_hash = ColumnNumber(desc, table, "file_hash", COLUMN_TEXT);
	found.document_text = ColumnNumber(desc, table, "document_text",
									   COLUMN_TEXT);
	found.ingestion_status = ColumnNumber(desc, table, "ingestion_status",
										  COLUMN_TEXT);
	found.id_index = UniqueIndexOn(rel, found.id);
	KeepFacts(rel, version, FACTS_OF_SEARCHES, &found, sizeof(found));
	return found;
}

/* Opens documents, unless it is open. */
static void
NeedDocuments(DocumentSearch *search)
{
	if (search->rel != NULL)
		return;
	search->rel = OpenLedgerTable(search->ledger, "documents",
								  AccessShareLock);
	search->table = FindSearchedTable(search->rel);
}

/* Sets what a row of documents says. */
static void
SetFound(DocumentSearch *search, TupleTableSlot *row, FoundDocument *document)
{
	document->is_found = true;
	document->document_id = RequiredInteger(row, search->table.id);
	document->size = RequiredInteger(row, search->table.file_size_bytes);
	document->is_success =
		IsSuccessStatus(RequiredColumn(row, search->table.ingestion_status));
	document->has_text = !slot_attisnull(row, search->table.document_text);
}

/* Sets what a row of documents says, if it has the hash that we search for. */
static void
SetFoundIfHash(DocumentSearch *search, TupleTableSlot *row,
			   FoundDocument *document)
{
	if (IsHash(RequiredColumn(row, search->table.file_hash), document->hash))
		SetFound(search, row, document);
}

/* Searches the index of the hashes. */
static void
SearchByHash(DocumentSearch *search, FoundDocument *document)
{
	TupleTableSlot *row;

	NeedDocuments(search);
	if (!search->is_by_hash)
		OpenIndexSearch(&search->by_hash, search->rel,
						FileHashIndex(search->rel));
	search->is_by_hash = true;
	row = SearchIndexForHash(&search->by_hash, document->hash);
	if (row != NULL)
		SetFound(search, row, document);
}

/* Sorts by document_id. */
static int
CompareIds(const void *a, const void *b)
{
	const FoundDocument *left = *(FoundDocument *const *) a;
	const FoundDocument *right = *(FoundDocument *const *) b;

	if (left->document_id == right->document_id)
		return 0;
	return left->document_id < right->document_id ? -1 : 1;
}

/*
 * Finds documents by the ids that hash_index has for them.  Returns false if
 * documents has no index for that.
 */
static bool
SearchByIds(DocumentSearch *search, FoundDocument **documents, int ndocuments)
{
	Oid			id_type;

	NeedDocuments(search);
	id_type = ColumnType(RelationGetDescr(search->rel), search->table.id);
	if (!OidIsValid(search->table.id_index))
		return false;
	if (!search->is_by_id)
		OpenIndexSearch(&search->by_id, search->rel, search->table.id_index);
	search->is_by_id = true;

	/* Neighbours are on the same pages. */
	qsort(documents, ndocuments, sizeof(FoundDocument *), CompareIds);
	for (int i = 0; i < ndocuments; i++)
	{
		Datum		id = IntegerDatum(documents[i]->document_id, id_type);
		TupleTableSlot *row = SearchIndex(&search->by_id, id);

		CHECK_FOR_INTERRUPTS();
		if (row != NULL)
			SetFoundIfHash(search, row, documents[i]);
	}
	return true;
}

/*
 * Finds the documents of hashes, in the order of the hashes.  Can miss a document
 * whose row in hash_index somebody has removed: a new row with its hash will then
 * conflict with it.
 */
void
FindDocuments(DocumentSearch *search, FoundDocument *documents, int ndocuments)
{
	FoundDocument **wanted =
		palloc_extended(ndocuments * sizeof(FoundDocument *),
						MCXT_ALLOC_HUGE);
	int			nwanted = 0;

	FindHashRows(search->counter, documents, ndocuments);
	for (int i = 0; i < ndocuments; i++)
	{
		documents[i].is_found = false;
		if (ItemPointerIsValid(&documents[i].hash_row))
			wanted[nwanted++] = &documents[i];
	}
	if (nwanted > 0 && !SearchByIds(search, wanted, nwanted))
		for (int i = 0; i < nwanted; i++)
		{
			CHECK_FOR_INTERRUPTS();
			SearchByHash(search, wanted[i]);
		}
	/* A row in hash_index is worth nothing without its document. */
	for (int i = 0; i < nwanted; i++)
		if (!wanted[i]->is_found)
			ItemPointerSetInvalid(&wanted[i]->hash_row);
	pfree(wanted);
}

/* Finds the document of a hash, whatever hash_index says. */
void
FindDocumentByHash(DocumentSearch *search, FoundDocument *document)
{
	document->is_found = false;
	ItemPointerSetInvalid(&document->hash_row);
	SearchByHash(search, document);
}

/* Closes what the searches have opened. */
void
CloseDocumentSearch(DocumentSearch *search)
{
	if (search->is_by_hash)
		CloseIndexSearch(&search->by_hash);
	if (search->is_by_id)
		CloseIndexSearch(&search->by_id);
	if (search->rel != NULL)
		table_close(search->rel, NoLock);
}
