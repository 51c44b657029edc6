/*
 * counter.h
 *		The counting of duplicates in hash_index.
 */
#ifndef DOC_EXTRACTOR_COUNTER_H
#define DOC_EXTRACTOR_COUNTER_H

#include "nodes/execnodes.h"

#include "lookup.h"
#include "relations.h"

/* A content on offer, and what the ledger has of it. */
typedef struct FoundContent
{
	const char *hash;
	bool		is_found;		/* in documents */
	int64		document_id;
	int64		size;			/* bytes */
	bool		is_success;
	ItemPointerData counted_at; /* its row in hash_index; invalid: not known */
} FoundContent;

/* hash_index, open for the counts of one batch. */
typedef struct Counter
{
	const Ledger *ledger;
	Relation	rel;
	bool		by_statement;	/* the table has what only the executor does */
	Lookup		lookup;
	BlockNumber nblocks;		/* of the table; 0: not known yet */
	TupleTableSlot *new_row;
	EState	   *estate;			/* NULL until an index needs an entry */
	ResultRelInfo *rri;
	AttrNumber	file_hash;
	AttrNumber	document_id;
	AttrNumber	duplicate_count;
	AttrNumber	last_seen;
} Counter;

extern Counter *OpenCounter(const Ledger *ledger);
extern void FindCounts(Counter *counter, FoundContent *contents,
					   int ncontents);
extern bool CountDuplicates(Counter *counter, const char *hash,
							int64 document_id, ItemPointer place,
							int64 nduplicates, int64 *count);
extern void CloseCounter(Counter *counter);

#endif							/* DOC_EXTRACTOR_COUNTER_H */
