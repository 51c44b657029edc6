/*
 * bad_documents.c
 *		What happens to documents that cannot be ingested: an error, or a row of
 *		error_log.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "../access/index_search.h"
#include "../lib/derived.h"
#include "../lib/subtransaction.h"
#include "../settings.h"
#include "../tables/documents.h"
#include "../tables/error_log.h"
#include "../tables/observations.h"
#include "bad_documents.h"
#include "batch.h"
#include "ingest.h"

/*
 * Checks a document of a batch.  If it has a problem, raises an error or writes it
 * to error_log, as doc_extractor.on_bad_document says.
 */
void
AcceptDocument(const Ledger *ledger, Document *document,
			   const FieldLimits *limits)
{
	Problem		problem;

	if (!HasProblem(document, limits, &problem))
		return;
	if (doc_extractor_on_bad_document == BAD_DOCUMENT_ERROR)
		ReportProblem(document, &problem);
	LogBadDocument(ledger, document, problem.sqlstate, problem.message);
}

/* The arguments of IngestSorted(). */
typedef struct IngestAttempt
{
	const Ledger *ledger;
	Document  **documents;		/* sorted */
	int			ndocuments;
	SubTransactionId subtransaction;
} IngestAttempt;

/* Calls it in a subtransaction. */
static void
IngestCallback(void *argument)
{
	IngestAttempt *attempt = argument;

	attempt->subtransaction = GetCurrentSubTransactionId();
	IngestSorted(attempt->ledger, attempt->documents, attempt->ndocuments);
}

/*
 * Returns whether the error of an attempt is about the document: about its values
 * (class 22), a constraint that they violate (class 23), or a refusal by a user's
 * trigger.  All others, such as a cancel, a full disk or a missing column, would
 * strike the next document too, or go away when the transaction is tried again.
 */
static bool
IsAboutDocument(const IngestAttempt *attempt, const ErrorData *error)
{
	bool		is_derived = FailedInDerived(attempt->subtransaction);

	/* The second one is ours, for a trigger that suppresses rows. */
	if (error->sqlerrcode == ERRCODE_RAISE_EXCEPTION ||
		error->sqlerrcode == ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION)
		return true;
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_DATA_EXCEPTION:
			return !is_derived &&
				error->sqlerrcode != ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED;
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
			/* A taken id is the fault of its sequence. */
			return !is_derived &&
				!IsViolatedIndex(attempt->ledger, error, "documents", "id") &&
				!IsViolatedIndex(attempt->ledger, error, "document_locations",
								 "id");
		default:
			return false;
	}
}

/* Raises the error of an attempt again.  It may have failed within another one. */
static void
PassOn(const IngestAttempt *attempt, ErrorData *error)
{
	if (FailedInDerived(attempt->subtransaction))
		NoteDerivedFailure(GetCurrentSubTransactionId());
	ReThrowError(error);
}

/*
 * Divides sorted documents in two, both sorted, at a position in the batch.  Returns
 * the number of those before it, which come first.
 */
static int
DivideByPosition(Document **documents, int ndocuments)
{
	Document  **later = palloc_extended(ndocuments * sizeof(Document *),
										MCXT_ALLOC_HUGE);
	int64		first = documents[0]->position;
	int64		last = first;
	int			nearlier = 0;
	int			nlater = 0;

	for (int i = 1; i < ndocuments; i++)
	{
		first = Min(first, documents[i]->position);
		last = Max(last, documents[i]->position);
	}
	for (int i = 0; i < ndocuments; i++)
	{
		if (documents[i]->position <= first + (last - first) / 2)
			documents[nearlier++] = documents[i];
		else
			later[nlater++] = documents[i];
	}
	memcpy(documents + nearlier, later, nlater * sizeof(Document *));
	pfree(later);
	return nearlier;
}

/*
 * Divides sorted documents in two, both sorted, of which the first part is to be
 * ingested first, and returns its length.  The parts follow each other in the order
 * of the hashes, like all locks, unless several documents have the same location:
 * what is there in the end is the last one of the batch.
 */
static int
Divide(Document **documents, int ndocuments)
{
	return RepeatsLocation(documents, ndocuments) ?
		DivideByPosition(documents, ndocuments) : ndocuments / 2;
}

/*
 * Ingests sorted documents, or writes them to error_log.  After an error, does the
 * same with each half of them, so that a batch with few bad documents takes few
 * subtransactions.
 */
static void
IngestOrLogSorted(const Ledger *ledger, Document **documents, int ndocuments)
{
	IngestAttempt attempt = {
		.ledger = ledger, .documents = documents, .ndocuments = ndocuments
	};
	ErrorData  *error;
	int			half;

	ForgetDerivedFailure();
	error = TryInSubtransaction(IngestCallback, &attempt);
	if (error == NULL)
		return;
	if (!IsAboutDocument(&attempt, error))
		PassOn(&attempt, error);
	if (ndocuments == 1)
		LogBadDocument(ledger, documents[0], error->sqlerrcode, error->message);
	FreeErrorData(error);
	if (ndocuments == 1)
		return;
	half = Divide(documents, ndocuments);
	IngestOrLogSorted(ledger, documents, half);
	IngestOrLogSorted(ledger, documents + half, ndocuments - half);
}

/*
 * Ingests the documents of a batch.  Those that a user's constraint or trigger
 * refuses are written to error_log, and leave nothing else behind.
 */
void
IngestOrLog(const Ledger *ledger, Document *documents, int ndocuments)
{
	int			nsorted;
	Document  **sorted = SortDocuments(documents, ndocuments, &nsorted);

	/* A subtransaction that fails releases its locks. */
	LockTableToWrite(ledger, "documents");
	if (nsorted > 0)
		IngestOrLogSorted(ledger, sorted, nsorted);
	pfree(sorted);
}

/*
 * Ingests the documents of a batch that AcceptDocument() has accepted, as
 * doc_extractor.on_bad_document says.
 */
void
IngestAccepted(const Ledger *ledger, Document *documents, int ndocuments)
{
	if (doc_extractor_on_bad_document == BAD_DOCUMENT_LOG)
		IngestOrLog(ledger, documents, ndocuments);
	else
		IngestBatch(ledger, documents, ndocuments);
}
