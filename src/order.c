/*
 * order.c
 *		The order in which the documents of a batch are settled.
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "order.h"

/* A document to be sorted, with the first digits of its hash at hand. */
typedef struct SortedDocument
{
	uint64		digits;
	Document   *document;
} SortedDocument;

/* Sorts documents by hash, then by position. */
static int
CompareDocuments(const void *a, const void *b)
{
	const SortedDocument *left = a;
	const SortedDocument *right = b;
	int			order;

	if (left->digits != right->digits)
		return left->digits < right->digits ? -1 : 1;
	order = memcmp(left->document->hash, right->document->hash, HASH_DIGITS);
	if (order == 0)
		order = left->document->position < right->document->position ? -1 : 1;
	return order;
}

/*
 * Returns the documents in the order in which they are to be settled, without
 * those that are in error_log; "nsorted" is their number.
 */
Document  **
SortDocuments(Document *documents, int ndocuments, int *nsorted)
{
	SortedDocument *keys = palloc_extended(ndocuments * sizeof(SortedDocument),
										   MCXT_ALLOC_HUGE);
	Document  **sorted = palloc_extended(ndocuments * sizeof(Document *),
										 MCXT_ALLOC_HUGE);

	*nsorted = 0;
	for (int i = 0; i < ndocuments; i++)
	{
		SortedDocument *key = &keys[*nsorted];

		if (documents[i].is_logged)
			continue;
		memcpy(&key->digits, documents[i].hash, sizeof(key->digits));
		key->digits = pg_ntoh64(key->digits);
		key->document = &documents[i];
		(*nsorted)++;
	}
	qsort(keys, *nsorted, sizeof(SortedDocument), CompareDocuments);
	for (int i = 0; i < *nsorted; i++)
		sorted[i] = keys[i].document;
	pfree(keys);
	return sorted;
}
