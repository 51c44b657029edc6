/*
 * lookup.h
 *		Look-ups by content hash.
 */
#ifndef DOC_EXTRACTOR_LOOKUP_H
#define DOC_EXTRACTOR_LOOKUP_H

#include "access/genam.h"
#include "executor/tuptable.h"

#include "utils/relcache.h"
#include "utils/snapshot.h"

/* Look-ups in a table, open for the time of one statement at most. */
typedef struct HashLookup
{
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;
	Oid			equal;			/* the index's operator, as a function */
	TupleTableSlot *slot;
} HashLookup;

extern Oid	HashIndexOf(Relation rel);
extern void OpenLookup(HashLookup *lookup, Relation rel);
extern TupleTableSlot *LookUp(HashLookup *lookup, const char *hash);
extern void CloseLookup(HashLookup *lookup);

#endif							/* DOC_EXTRACTOR_LOOKUP_H */
