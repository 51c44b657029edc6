/*
 * index_search.h
 *		Searches for rows by the first column of an index, without a plan.
 */
#ifndef DOC_EXTRACTOR_INDEX_SEARCH_H
#define DOC_EXTRACTOR_INDEX_SEARCH_H

#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "ledger.h"

/* Searches in a table, open for the time of one statement at most. */
typedef struct IndexSearch
{
	Relation	rel;
	Oid			index_oid;
	Relation	index;			/* NULL: not needed yet */
	Snapshot	snapshot;
	CommandId	command;		/* that the snapshot was taken for */
	IndexScanDesc scan;			/* NULL: not needed yet */
	ScanKeyData key;
	TupleTableSlot *slot;
} IndexSearch;

extern bool IsIndexOn(Oid index, const char *column);
extern bool IsViolatedIndex(const Ledger *ledger, const ErrorData *error,
							const char *table, const char *column);
extern Oid	UniqueIndexOn(Relation rel, AttrNumber column);
extern Oid	FileHashIndex(Relation rel);
extern List *FileHashArbiters(Relation rel);
extern void OpenIndexSearch(IndexSearch *search, Relation rel, Oid index);
extern void StartScan(IndexSearch *search);
extern TupleTableSlot *SearchIndex(IndexSearch *search, Datum value);
extern TupleTableSlot *SearchNext(IndexSearch *search);
extern TupleTableSlot *SearchIndexForHash(IndexSearch *search,
										  const char *hash);
extern void CloseIndexSearch(IndexSearch *search);

/* A scan of all entries; index_endscan() ends it. */
extern IndexScanDesc BeginFullIndexScan(const IndexSearch *search);
extern bool NextIndexEntry(IndexScanDesc scan, Datum *value);

#endif							/* DOC_EXTRACTOR_INDEX_SEARCH_H */
