/*
 * lookup.h
 *		Look-ups of rows by an indexed value, such as a content hash.
 */
#ifndef DOC_EXTRACTOR_LOOKUP_H
#define DOC_EXTRACTOR_LOOKUP_H

#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"

#include "utils/relcache.h"
#include "utils/snapshot.h"

/* Look-ups in a table, open for the time of one statement at most. */
typedef struct Lookup
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	CommandId	command;		/* that the snapshot was taken for */
	IndexScanDesc scan;
	ScanKeyData key;
	TupleTableSlot *slot;
} Lookup;

extern Oid	UniqueIndexOn(Relation rel, AttrNumber column);
extern Oid	HashIndexOf(Relation rel);
extern void OpenLookup(Lookup *lookup, Relation rel, Oid index);
extern TupleTableSlot *LookUp(Lookup *lookup, Datum value);
extern TupleTableSlot *LookUpHash(Lookup *lookup, const char *hash);
extern void CloseLookup(Lookup *lookup);

/* The same by reading on in the index, for many values at a time. */
extern IndexScanDesc BeginRange(const Lookup *lookup, Datum first, Datum last);
extern IndexScanDesc BeginSweep(const Lookup *lookup);
extern bool ReadEntry(IndexScanDesc sweep, Datum *value);

#endif							/* DOC_EXTRACTOR_LOOKUP_H */
