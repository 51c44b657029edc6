/*
 * batch.h
 *		The documents of a batch, sorted and grouped by hash.
 */
#ifndef DOC_EXTRACTOR_BATCH_H
#define DOC_EXTRACTOR_BATCH_H

#include "../tables/document.h"
#include "../tables/duplicate_count.h"

/* What is known of the row in documents that has a group's hash. */
typedef enum DocumentState
{
	DOCUMENT_UNKNOWN,			/* search for it again */
	DOCUMENT_ABSENT,
	DOCUMENT_UNFINISHED,		/* there, as "failed" or "retry" */
	DOCUMENT_STORED				/* there, as "success" */
} DocumentState;

/* The documents of a batch that have the same hash, in the batch's order. */
typedef struct HashGroup
{
	Document  **documents;
	int			ndocuments;
	int			nsettled;		/* of them, from the first on */
	int			nsearches;		/* for the hash, so far */
	bool		has_conflict;	/* did the last insertion find its hash? */
	DocumentState state;
	FoundDocument *found;		/* as documents has it */
} HashGroup;

extern Document **SortDocuments(Document *documents, int ndocuments,
								int *nsorted);
extern HashGroup *GroupDocuments(Document **sorted, int ndocuments,
								 int *ngroups);
extern Document *NextDocument(HashGroup *group);
extern void SettleDocument(HashGroup *group);
extern int	CountedDuplicates(const HashGroup *group);
extern void SettleDuplicates(HashGroup *group, int64 count);

#endif							/* DOC_EXTRACTOR_BATCH_H */
