/*
 * batch.c
 *		The documents of a batch, sorted and grouped by hash.
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "batch.h"

/* A document to be sorted, with the first digits of its hash as a number. */
typedef struct SortKey
{
	uint64		digits;
	Document   *document;
} SortKey;

/* Sorts by hash, then by position. */
static int
CompareDocuments(const void *a, const void *b)
{
	const SortKey *left = a;
	const SortKey *right = b;
	int			order;

	if (left->digits != right->digits)
		return left->digits < right->digits ? -1 : 1;
	order = memcmp(left->document->hash, right->document->hash, HASH_DIGITS);
	if (order == 0)
		order = left->document->position < right->document->position ? -1 : 1;
	return order;
}

/*
 * Returns the documents sorted by hash, without those that are in error_log, and
 * sets "nsorted" to their number.
 */
Document  **
SortDocuments(Document *documents, int ndocuments, int *nsorted)
{
	SortKey    *keys = palloc_extended(ndocuments * sizeof(SortKey),
									   MCXT_ALLOC_HUGE);
	Document  **sorted = palloc_extended(ndocuments * sizeof(Document *),
										 MCXT_ALLOC_HUGE);

	*nsorted = 0;
	for (int i = 0; i < ndocuments; i++)
	{
		SortKey    *key = &keys[*nsorted];

		if (documents[i].is_logged)
			continue;
		memcpy(&key->digits, documents[i].hash, sizeof(key->digits));
		key->digits = pg_ntoh64(key->digits);
		key->document = &documents[i];
		(*nsorted)++;
	}
	qsort(keys, *nsorted, sizeof(SortKey), CompareDocuments);
	for (int i = 0; i < *nsorted; i++)
		sorted[i] = keys[i].document;
	pfree(keys);
	return sorted;
}

/*
 * Groups sorted documents by hash, and sets "ngroups" to the number of groups.
 * None of the documents is settled.
 */
HashGroup *
GroupDocuments(Document **sorted, int ndocuments, int *ngroups)
{
	HashGroup  *groups = palloc_extended(ndocuments * sizeof(HashGroup),
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	FoundDocument *found = palloc_extended(ndocuments * sizeof(FoundDocument),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	HashGroup  *group = NULL;

	*ngroups = 0;
	for (int i = 0; i < ndocuments; i++)
	{
		int			order = i == 0 ? -1 :
			memcmp(sorted[i - 1]->hash, sorted[i]->hash, HASH_DIGITS);

		Assert(order <= 0);
		if (order != 0)
		{
			group = &groups[*ngroups];
			group->documents = &sorted[i];
			group->found = &found[*ngroups];
			group->found->hash = sorted[i]->hash;
			(*ngroups)++;
		}
		group->ndocuments++;
		sorted[i]->is_duplicate = false;
		sorted[i]->duplicate_count = 0;
	}
	return groups;
}

/* Returns the next document of a group to settle, or NULL if none is left. */
Document *
NextDocument(HashGroup *group)
{
	return group->nsettled < group->ndocuments ?
		group->documents[group->nsettled] : NULL;
}

/* Settles the next document, which is no duplicate. */
void
SettleDocument(HashGroup *group)
{
	Document   *document = NextDocument(group);

	Assert(document != NULL && group->found->document_id != 0);
	document->document_id = group->found->document_id;
	document->has_text = group->found->has_text;
	group->state = IsSuccess(document) ? DOCUMENT_STORED : DOCUMENT_UNFINISHED;
	group->nsettled++;
}

/* Returns how many of the documents that are left count as duplicates. */
int
CountedDuplicates(const HashGroup *group)
{
	int			count = 0;

	for (int i = group->nsettled; i < group->ndocuments; i++)
		count += !group->documents[i]->at_location;
	return count;
}

/* Settles all documents that are left, as the last ones of "count" duplicates. */
void
SettleDuplicates(HashGroup *group, int64 count)
{
	for (int i = group->ndocuments - 1; i >= group->nsettled; i--)
	{
		Document   *document = group->documents[i];

		document->document_id = group->found->document_id;
		document->has_text = group->found->has_text;
		document->is_duplicate = true;
		document->duplicate_count = count;
		count -= !document->at_location;
	}
	group->nsettled = group->ndocuments;
}
