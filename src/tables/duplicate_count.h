/*
 * duplicate_count.h
 *		The counting of duplicates, in hash_index.
 */
#ifndef DOC_EXTRACTOR_DUPLICATE_COUNT_H
#define DOC_EXTRACTOR_DUPLICATE_COUNT_H

#include "nodes/execnodes.h"

#include "../access/index_search.h"
#include "../access/ledger.h"

/* What the ledger has of a hash. */
typedef struct FoundDocument
{
	const char *hash;			/* that was searched for */
	bool		is_found;		/* in documents */
	int64		document_id;
	int64		size;			/* bytes */
	bool		is_success;
	bool		has_text;
	ItemPointerData hash_row;	/* its row in hash_index; invalid: not known */
} FoundDocument;

/*
 * Returns how many duplicates count, now that another session may have recorded some
 * of them at their locations.
 */
typedef int64 (*RecountCallback) (void *argument);

/* What counts need to know of hash_index. */
typedef struct CountedTable
{
	AttrNumber	file_hash;
	AttrNumber	document_id;
	AttrNumber	duplicate_count;
	AttrNumber	last_seen;
	Oid			index;			/* on file_hash */
} CountedTable;

/* hash_index, open for the counts of a batch. */
typedef struct DuplicateCounter
{
	const Ledger *ledger;
	Relation	rel;
	bool		by_statement;	/* the table needs the executor */
	IndexSearch search;
	bool		is_renewed;		/* does it see more than it did? */
	RecountCallback recount;	/* to be called then; NULL: not needed */
	void	   *recount_argument;
	TupleTableSlot *new_row;
	EState	   *estate;			/* NULL until an index needs an entry */
	ResultRelInfo *rri;
	CountedTable table;
} DuplicateCounter;

extern DuplicateCounter *OpenDuplicateCounter(const Ledger *ledger);
extern void FindHashRows(DuplicateCounter *counter, FoundDocument *documents,
						 int ndocuments);
extern bool CountDuplicates(DuplicateCounter *counter,
							FoundDocument *document, int64 nduplicates,
							int64 *count);
extern void CloseDuplicateCounter(DuplicateCounter *counter);

extern void AddDuplicates(const Ledger *ledger, const char *hash,
						  int64 document_id, int64 nduplicates);

#endif							/* DOC_EXTRACTOR_DUPLICATE_COUNT_H */
