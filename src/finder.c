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
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "document.h"
#include "finder.h"

/*
 * Makes ready for look-ups of contents, until CloseFinder(); what they need is
 * opened when they need it.
 */
void
OpenFinder(Finder *finder, const Ledger *ledger, Counter *counter)
{
	finder->ledger = ledger;
	finder->counter = counter;
	finder->rel = NULL;
	finder->is_by_id = false;
	finder->is_by_hash = false;
}

/* Opens documents, unless it is open. */
static void
NeedDocuments(Finder *finder)
{
	TupleDesc	desc;

	if (finder->rel != NULL)
		return;
	finder->rel = OpenLedgerTable(finder->ledger, "documents",
								  AccessShareLock);
	desc = RelationGetDescr(finder->rel);
	finder->id = ColumnNumber(desc, "documents", "id", COLUMN_INTEGER);
	finder->file_size_bytes = ColumnNumber(desc, "documents",
										   "file_size_bytes", COLUMN_INTEGER);
	finder->file_hash = ColumnNumber(desc, "documents", "file_hash",
									 COLUMN_TEXT);
	finder->ingestion_status = ColumnNumber(desc, "documents",
											"ingestion_status", COLUMN_TEXT);
}

/* Notes what documents has of a content. */
static void
NoteDocument(Finder *finder, TupleTableSlot *row, FoundContent *content)
{
	content->is_found = true;
	content->document_id = RequiredInteger(row, finder->id);
	content->size = RequiredInteger(row, finder->file_size_bytes);
	content->is_success =
		IsSuccessStatus(RequiredColumn(row, finder->ingestion_status));
}

/* Finds a content by its hash. */
static void
FindByHash(Finder *finder, FoundContent *content)
{
	TupleTableSlot *row;

	NeedDocuments(finder);
	if (!finder->is_by_hash)
		OpenLookup(&finder->by_hash, finder->rel, HashIndexOf(finder->rel));
	finder->is_by_hash = true;
	row = LookUpHash(&finder->by_hash, content->hash);
	if (row != NULL)
		NoteDocument(finder, row, content);
}

/* Notes a row of documents unless it has another hash than the content. */
static void
NoteIfSame(Finder *finder, TupleTableSlot *row, FoundContent *content)
{
	if (IsHash(RequiredColumn(row, finder->file_hash), content->hash))
		NoteDocument(finder, row, content);
}

/*
 * Finds contents by the ids that hash_index has for them, between which there
 * are few others.
 */
static void
FindInRange(Finder *finder, FoundContent **contents, int ncontents, Oid type)
{
	TupleTableSlot *slot = finder->by_id.slot;
	IndexScanDesc range =
		BeginRange(&finder->by_id,
				   IntegerDatum(contents[0]->document_id, type),
				   IntegerDatum(contents[ncontents - 1]->document_id, type));
	int			i = 0;

	while (index_getnext_slot(range, ForwardScanDirection, slot))
	{
		int64		id = RequiredInteger(slot, finder->id);

		CHECK_FOR_INTERRUPTS();
		while (i < ncontents && contents[i]->document_id < id)
			i++;
		for (; i < ncontents && contents[i]->document_id == id; i++)
			NoteIfSame(finder, slot, contents[i]);
	}
	index_endscan(range);
}

/* Documents for each content, at most, that make reading a range cheaper. */
#define RANGE_DOCUMENTS 4

/* Sorts contents by the id of their document. */
static int
CompareIds(const void *a, const void *b)
{
	const FoundContent *left = *(FoundContent *const *) a;
	const FoundContent *right = *(FoundContent *const *) b;

	if (left->document_id == right->document_id)
		return 0;
	return left->document_id < right->document_id ? -1 : 1;
}

/*
 * Tells whether contents, sorted by their ids, leave few ids between them, and
 * an index has these in the same order.
 */
static bool
IsRange(Relation index, FoundContent **contents, int ncontents)
{
	int64		nids = contents[ncontents - 1]->document_id -
		contents[0]->document_id;

	return ncontents > 1 && nids / ncontents < RANGE_DOCUMENTS &&
		(index->rd_indoption[0] & INDOPTION_DESC) == 0;
}

/*
 * Finds contents by the ids that hash_index has for them, in the order of the
 * ids; false where documents has no index for that.
 */
static bool
FindByIds(Finder *finder, FoundContent **contents, int ncontents)
{
	Oid			type;
	Oid			index;

	NeedDocuments(finder);
	type = ColumnType(RelationGetDescr(finder->rel), finder->id);
	index = UniqueIndexOn(finder->rel, finder->id);
	if (!OidIsValid(index))
		return false;
	if (!finder->is_by_id)
		OpenLookup(&finder->by_id, finder->rel, index);
	finder->is_by_id = true;

	qsort(contents, ncontents, sizeof(FoundContent *), CompareIds);
	if (IsRange(finder->by_id.index, contents, ncontents))
	{
		FindInRange(finder, contents, ncontents, type);
		return true;
	}
	for (int i = 0; i < ncontents; i++)
	{
		TupleTableSlot *row = LookUp(&finder->by_id,
									 IntegerDatum(contents[i]->document_id,
												  type));

		CHECK_FOR_INTERRUPTS();
		if (row != NULL)
			NoteIfSame(finder, row, contents[i]);
	}
	return true;
}

/*
 * Finds what documents has of contents, which are in the order of their hashes.
 * May miss a content whose row in hash_index somebody has removed: a new row of
 * the content will then meet the former one.
 */
void
FindContents(Finder *finder, FoundContent *contents, int ncontents)
{
	FoundContent **wanted = palloc_extended(ncontents * sizeof(FoundContent *),
											MCXT_ALLOC_HUGE);
	int			nwanted = 0;
	bool		counted = !finder->counter->by_statement;

	FindCounts(finder->counter, contents, ncontents);
	for (int i = 0; i < ncontents; i++)
	{
		contents[i].is_found = false;
		if (!counted || ItemPointerIsValid(&contents[i].counted_at))
			wanted[nwanted++] = &contents[i];
	}
	if (nwanted > 0 && !(counted && FindByIds(finder, wanted, nwanted)))
		for (int i = 0; i < nwanted; i++)
		{
			CHECK_FOR_INTERRUPTS();
			FindByHash(finder, wanted[i]);
		}
	/* A row in hash_index counts for nothing where documents has none. */
	for (int i = 0; i < nwanted; i++)
		if (!wanted[i]->is_found)
			ItemPointerSetInvalid(&wanted[i]->counted_at);
	pfree(wanted);
}

/* Finds what documents has of a content, whatever hash_index says. */
void
FindThoroughly(Finder *finder, FoundContent *content)
{
	content->is_found = false;
	ItemPointerSetInvalid(&content->counted_at);
	FindByHash(finder, content);
}

/* Closes what OpenFinder() opened. */
void
CloseFinder(Finder *finder)
{
	if (finder->is_by_hash)
		CloseLookup(&finder->by_hash);
	if (finder->is_by_id)
		CloseLookup(&finder->by_id);
	if (finder->rel != NULL)
		table_close(finder->rel, NoLock);
}
