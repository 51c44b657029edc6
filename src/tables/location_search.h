/*
 * location_search.h
 *		Searches for the current row of a location.
 */
#ifndef DOC_EXTRACTOR_LOCATION_SEARCH_H
#define DOC_EXTRACTOR_LOCATION_SEARCH_H

#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "../access/ledger.h"

/* What the latest row of a location says. */
typedef struct CurrentLocation
{
	int64		id;				/* of the row; 0: there is none */
	int64		document_id;	/* 0: none is there (any more) */
	NullableDatum modified_at;	/* timestamptz */
	NullableDatum fingerprint;	/* text, in the current memory context */
} CurrentLocation;

/* The columns of the index that a search fixes: the source, and the location's key. */
#define SEARCHED_COLUMNS 2

/* document_locations, open for searches. */
typedef struct LocationSearch
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;
	ScanKeyData keys[SEARCHED_COLUMNS];
	TupleTableSlot *slot;
	AttrNumber	id;
	AttrNumber	document_id;
	AttrNumber	modified_at;
	AttrNumber	fingerprint;
} LocationSearch;

extern void OpenLocationSearch(LocationSearch *search, const Ledger *ledger);
extern void SearchLocation(LocationSearch *search, text *source,
						   bytea *key, CurrentLocation *current);
extern void CloseLocationSearch(LocationSearch *search);

#endif							/* DOC_EXTRACTOR_LOCATION_SEARCH_H */
