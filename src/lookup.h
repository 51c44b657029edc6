/*
 * lookup.h
 *		Look-ups by content hash.
 */
#ifndef DOC_EXTRACTOR_LOOKUP_H
#define DOC_EXTRACTOR_LOOKUP_H

#include "access/genam.h"
#include "executor/tuptable.h"

#include "relations.h"

/* Look-ups in a table, open for the time of one statement. */
typedef struct HashLookup
{
	Relation	rel;
	Relation	index;
	IndexScanDesc scan;
	Oid			equal;			/* the index's operator, as a function */
	TupleTableSlot *slot;
} HashLookup;

extern Oid	HashIndexOf(Relation rel);
extern void OpenLookup(HashLookup *lookup, const Ledger *ledger,
					   const char *table);
extern TupleTableSlot *LookUp(HashLookup *lookup, const char *hash);
extern void CloseLookup(HashLookup *lookup);

#endif							/* DOC_EXTRACTOR_LOOKUP_H */
