/*
 * ingest.c
 *		The engine: takes documents, inserts new ones and counts duplicates.
 *
 * The documents of a batch are grouped by hash.  The groups are settled one after
 * the other in the order of their hashes, whether documents are inserted or
 * counted.  So all batches take their locks in the same order, and never wait for
 * one while they hold a later one: they do not deadlock with each other.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../access/identity.h"
#include "../lib/derived.h"
#include "../tables/document_search.h"
#include "../tables/document_writer.h"
#include "../tables/documents.h"
#include "../tables/hash_index.h"
#include "../tables/observations.h"
#include "../tables/retried.h"
#include "batch.h"
#include "ingest.h"
#include "run.h"

/*
 * How often a hash is searched for before we give up.  Other sessions can insert
 * and delete the document in between, but hardly time and again.
 */
#define MAX_SEARCHES 10

/* A batch while it is being ingested. */
typedef struct Ingestion
{
	const Ledger *ledger;
	CallerIdentity caller;		/* we are the owner of documents */
	Document  **documents;		/* sorted */
	int			ndocuments;
	HashGroup  *groups;			/* in the order of their hashes */
	int			ngroups;
	DuplicateCounter *counter;	/* NULL: not open */
	DocumentSearch search;		/* open if the counter is */
	DocumentWriter *writer;		/* NULL: not open */
	Observations *observations; /* NULL: no document has a location */
} Ingestion;

/* Raises 27000: a document can neither be found nor inserted. */
static void
ReportStuck(const HashGroup *group)
{
	const Document *document = group->documents[group->nsettled];

	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("document \"%s\" could not be stored",
					TextDatumGetCString(document->fields[FIELD_NAME].value)),
			 errdetail("Its file_hash %s is not in documents and hash_index, and a row with it could not be inserted.",
					   document->hash),
			 errhint("Look for a trigger that suppresses or changes rows of documents or hash_index.")));
}

/* Opens what searches and counts need, unless it is open. */
static void
StartSearching(Ingestion *ingestion)
{
	if (ingestion->counter != NULL)
		return;
	ingestion->counter = OpenDuplicateCounter(ingestion->ledger);
	/* Once for the rest of the batch: each statement by itself would do it, too. */
	if (ingestion->counter->by_statement || ingestion->observations != NULL)
		UseOwnerSettings(ingestion->ledger, &ingestion->caller);
	OpenDocumentSearch(&ingestion->search, ingestion->ledger,
					   ingestion->counter);
}

/* Closes it, if it is open. */
static void
StopSearching(Ingestion *ingestion)
{
	if (ingestion->counter == NULL)
		return;
	CloseDocumentSearch(&ingestion->search);
	CloseDuplicateCounter(ingestion->counter);
	ingestion->counter = NULL;
	if (ingestion->observations != NULL)
		StopObserving(ingestion->observations);
}

/* Sets the state of a group by what a search has found. */
static void
NoteFound(HashGroup *group)
{
	group->nsearches++;
	if (!group->found->is_found)
		group->state = DOCUMENT_ABSENT;
	else if (group->found->is_success)
		group->state = DOCUMENT_STORED;
	else
		group->state = DOCUMENT_UNFINISHED;
}

/* Searches for the hashes of all groups. */
static void
SearchForAll(Ingestion *ingestion)
{
	if (ingestion->ngroups == 0)
		return;
	StartSearching(ingestion);
	/* GroupDocuments() lays them out side by side. */
	FindDocuments(&ingestion->search, ingestion->groups[0].found,
				  ingestion->ngroups);
	for (int i = 0; i < ingestion->ngroups; i++)
	{
		NoteFound(&ingestion->groups[i]);
		if (ingestion->groups[i].state == DOCUMENT_UNFINISHED)
			UseOwnerSettings(ingestion->ledger, &ingestion->caller);
	}
}

/* Searches for a hash once more, under a new snapshot. */
static void
SearchAgain(Ingestion *ingestion, HashGroup *group)
{
	if (group->nsearches == MAX_SEARCHES)
		ReportStuck(group);
	UseOwnerSettings(ingestion->ledger, &ingestion->caller);
	StopSearching(ingestion);
	StartSearching(ingestion);
	FindDocumentByHash(&ingestion->search, group->found);
	NoteFound(group);
	if (group->has_conflict && group->state == DOCUMENT_ABSENT)
		CheckConflictIsVisible();
}

/* Raises 22023 if a hash was given with another size than its document has. */
static void
CheckSize(const HashGroup *group, const Document *document)
{
	char	   *position;

	if (!document->hash_was_given || document->size == group->found->size)
		return;
	position = document->position == 0 ? "" :
		psprintf(" It is document " INT64_FORMAT " of the batch.",
				 document->position);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("file_size_bytes " INT64_FORMAT " does not match the document with the same hash",
					document->size),
			 errdetail("Document " INT64_FORMAT " has file_hash %s and " INT64_FORMAT " bytes.%s",
					   group->found->document_id, document->hash,
					   group->found->size, position),
			 errhint("Check how hash and size were computed: no two different files with the same SHA-256 are known.")));
}

/* Closes documents, if it is open. */
static void
StopInserting(Ingestion *ingestion)
{
	if (ingestion->writer == NULL)
		return;
	CloseDocumentWriter(ingestion->writer);
	ingestion->writer = NULL;
}

/*
 * Inserts the first document of a group that is absent, and derives its other rows.
 * If it does not get in, search again; if that finds nothing, insist.
 */
static void
InsertGroup(Ingestion *ingestion, HashGroup *group)
{
	Document   *document = NextDocument(group);
	InsertResult result;

	if (ingestion->writer == NULL)
		ingestion->writer = OpenDocumentWriter(ingestion->ledger);
	if (RunsUsersCode(ingestion->writer))
		UseOwnerSettings(ingestion->ledger, &ingestion->caller);
	result = InsertDocument(ingestion->writer, document, group->nsearches > 1,
							&group->found->document_id,
							&group->found->has_text);
	group->has_conflict = result == ROW_CONFLICTS;
	if (result != ROW_STORED)
	{
		group->state = DOCUMENT_UNKNOWN;
		return;
	}
	group->found->size = document->size;
	SettleDocument(group);
}

/*
 * Settles the next document of a group that is there, but not as a success: a
 * success heals it, anything else is one more failure.
 */
static void
UpdateUnfinished(Ingestion *ingestion, HashGroup *group)
{
	const Ledger *ledger = ingestion->ledger;
	Document   *document = NextDocument(group);
	int64		document_id = group->found->document_id;
	int64		counted_id;
	bool		updated;

	CheckSize(group, document);
	updated = IsSuccess(document) ?
		HealDocument(ledger, document_id, document, &group->found->has_text) :
		FailDocumentAgain(ledger, document_id, document,
						  &group->found->has_text);
	if (!updated)
	{
		group->state = DOCUMENT_UNKNOWN;
		return;
	}
	if (!GetHashRow(ledger, CStringGetTextDatum(document->hash), &counted_id,
					&document->duplicate_count))
		document->duplicate_count = 0;
	SettleDocument(group);
}

/* A group whose duplicates are to be counted. */
typedef struct GroupToCount
{
	Ingestion  *ingestion;
	HashGroup  *group;
} GroupToCount;

/* Marks those at their current location, which do not count. */
static void
MarkDuplicates(Ingestion *ingestion, HashGroup *group)
{
	MarkAtLocation(ingestion->observations, group->documents + group->nsettled,
				   group->ndocuments - group->nsettled,
				   group->found->document_id);
}

/* The same, after what may have been a wait for another session. */
static int64
MarkAgain(void *argument)
{
	Ingestion  *ingestion = ((GroupToCount *) argument)->ingestion;
	HashGroup  *group = ((GroupToCount *) argument)->group;

	StopObserving(ingestion->observations);
	MarkDuplicates(ingestion, group);
	return CountedDuplicates(group);
}

/* Counts them: WriteDerived()'s callback. */
static void
CountGroup(void *argument)
{
	Ingestion  *ingestion = ((GroupToCount *) argument)->ingestion;
	HashGroup  *group = ((GroupToCount *) argument)->group;
	int64		count;

	StartSearching(ingestion);
	if (ingestion->observations != NULL)
	{
		ingestion->counter->recount = MarkAgain;
		ingestion->counter->recount_argument = argument;
		MarkDuplicates(ingestion, group);
	}
	if (CountDuplicates(ingestion->counter, group->found,
						CountedDuplicates(group), &count))
	{
		SettleDuplicates(group, count);
		return;
	}
	/* If it happens twice, somebody must have removed the row. */
	if (group->nsearches > 1)
		RestoreHash(ingestion->ledger, group->found->hash,
					group->found->document_id);
	group->state = DOCUMENT_UNKNOWN;
}

/*
 * Counts the rest of a group as duplicates.  If the document has no row in
 * hash_index, it was probably deleted meanwhile: search again.
 */
static void
CountRest(Ingestion *ingestion, HashGroup *group)
{
	GroupToCount argument = {ingestion, group};

	Assert(group->found->is_found || group->nsettled > 0);
	for (int i = group->nsettled; i < group->ndocuments; i++)
		CheckSize(group, group->documents[i]);
	WriteDerived(CountGroup, &argument);
}

/* Settles the documents of a group. */
static void
SettleGroup(Ingestion *ingestion, HashGroup *group)
{
	while (NextDocument(group) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		switch (group->state)
		{
			case DOCUMENT_UNKNOWN:
				SearchAgain(ingestion, group);
				break;
			case DOCUMENT_ABSENT:
				InsertGroup(ingestion, group);
				break;
			case DOCUMENT_UNFINISHED:
				UpdateUnfinished(ingestion, group);
				break;
			case DOCUMENT_STORED:
				CountRest(ingestion, group);
				break;
		}
	}
}

/* Settles the groups in the order of their hashes. */
static void
SettleGroups(Ingestion *ingestion)
{
	int			end_of_run = 0;

	for (int i = 0; i < ingestion->ngroups; i++)
	{
		if (i >= end_of_run)
			end_of_run = i + InsertRun(ingestion->ledger,
									   &ingestion->groups[i],
									   ingestion->ngroups - i);
		SettleGroup(ingestion, &ingestion->groups[i]);
	}
	StopSearching(ingestion);
	StopInserting(ingestion);
}

/* Marks earlier failures of the documents: WriteDerived()'s callback. */
static void
MarkFailures(void *argument)
{
	Ingestion  *ingestion = argument;

	MarkRetried(ingestion->ledger, ingestion->documents,
				ingestion->ndocuments);
}

/*
 * Ingests documents in which HasProblem() has found none, sorted by hash, all or
 * nothing.  Sets in each what became of it.  Writes as the tables' owner, so that
 * the caller needs no right on the tables.  Raises 27000 if a user's trigger
 * prevents it, 22023 if sizes do not match, 40001 at REPEATABLE READ and above,
 * and whatever users' constraints and triggers raise.
 */
void
IngestSorted(const Ledger *ledger, Document **documents, int ndocuments)
{
	Ingestion	ingestion = {
		.ledger = ledger, .documents = documents, .ndocuments = ndocuments
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "doc_extractor batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	LockTableToWrite(ledger, "documents");
	LockTableToWrite(ledger, "document_locations");
	BecomeOwner(ledger, LedgerTableOid(ledger, "documents"), &ingestion.caller);
	ingestion.groups = GroupDocuments(documents, ndocuments,
									  &ingestion.ngroups);
	ingestion.observations = CollectObservations(ledger, documents, ndocuments);
	SearchForAll(&ingestion);
	SettleGroups(&ingestion);
	Assert(ingestion.counter == NULL && ingestion.writer == NULL);
	WriteDerived(MarkFailures, &ingestion);
	if (ingestion.observations != NULL)
		RecordObservations(ingestion.observations);
	/* A batch around this one must not take our rows for its own. */
	CommandCounterIncrement();
	SwitchBack(&ingestion.caller);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* The same for documents in any order.  Leaves out those that are in error_log. */
void
IngestBatch(const Ledger *ledger, Document *documents, int ndocuments)
{
	int			nsorted;
	Document  **sorted = SortDocuments(documents, ndocuments, &nsorted);

	IngestSorted(ledger, sorted, nsorted);
	pfree(sorted);
}
