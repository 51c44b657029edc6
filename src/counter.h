/*
 * counter.h
 *		The counting of duplicates in hash_index.
 */
#ifndef DOC_EXTRACTOR_COUNTER_H
#define DOC_EXTRACTOR_COUNTER_H

#include "nodes/execnodes.h"

#include "lookup.h"
#include "relations.h"

/* hash_index, open for the counts of one batch. */
typedef struct Counter
{
	const Ledger *ledger;
	Relation	rel;
	bool		by_statement;	/* the table has what only the executor does */
	Lookup		lookup;
	TupleTableSlot *new_row;
	EState	   *estate;			/* NULL until an index needs an entry */
	ResultRelInfo *rri;
	AttrNumber	file_hash;
	AttrNumber	document_id;
	AttrNumber	duplicate_count;
	AttrNumber	last_seen;
} Counter;

extern Counter *OpenCounter(const Ledger *ledger);
extern bool FindCount(Counter *counter, const char *hash, int64 *document_id,
					  ItemPointer place);
extern bool CountDuplicates(Counter *counter, const char *hash,
							int64 document_id, ItemPointer place,
							int64 nduplicates, int64 *count);
extern void CloseCounter(Counter *counter);

#endif							/* DOC_EXTRACTOR_COUNTER_H */
