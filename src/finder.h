/*
 * finder.h
 *		What the ledger has of contents on offer.
 */
#ifndef DOC_EXTRACTOR_FINDER_H
#define DOC_EXTRACTOR_FINDER_H

#include "counter.h"
#include "lookup.h"
#include "relations.h"

/* The look-ups of some contents, all at the same moment. */
typedef struct Finder
{
	const Ledger *ledger;
	Counter    *counter;
	Relation	rel;			/* documents; NULL: not open */
	bool		is_by_id;		/* the look-up is open, as it is needed */
	Lookup		by_id;
	bool		is_by_hash;		/* this one */
	Lookup		by_hash;
	AttrNumber	id;
	AttrNumber	file_size_bytes;
	AttrNumber	file_hash;
	AttrNumber	ingestion_status;
} Finder;

extern void OpenFinder(Finder *finder, const Ledger *ledger, Counter *counter);
extern void FindContents(Finder *finder, FoundContent *contents,
						 int ncontents);
extern void FindThoroughly(Finder *finder, FoundContent *content);
extern void CloseFinder(Finder *finder);

#endif							/* DOC_EXTRACTOR_FINDER_H */
