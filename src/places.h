/*
 * places.h
 *		Where rows of hash_index are, as far as this transaction knows.
 */
#ifndef DOC_EXTRACTOR_PLACES_H
#define DOC_EXTRACTOR_PLACES_H

#include "storage/itemptr.h"

#include "lookup.h"

extern bool FindPlace(Relation rel, const char *hash, ItemPointer place);
extern void NotePlace(const Lookup *lookup, const char *hash,
					  ItemPointer place);

#endif							/* DOC_EXTRACTOR_PLACES_H */
