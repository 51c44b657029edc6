/*
 * bad_documents.c
 *		Ingestion that goes on after documents that cannot be ingested, as
 *		doc_extractor.on_bad_document has it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "bad_documents.h"
#include "error_log.h"
#include "ingest.h"
#include "order.h"
#include "settings.h"
#include "subtransaction.h"

/*
 * Checks a document of a batch: one with a problem is an error, or goes to
 * error_log.
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

/* An attempt to ingest documents. */
typedef struct IngestAttempt
{
	const Ledger *ledger;
	Document  **documents;		/* sorted */
	int			ndocuments;
} IngestAttempt;

/* The attempt's callback. */
static void
TryIngest(void *argument)
{
	IngestAttempt *attempt = argument;

	IngestSorted(attempt->ledger, attempt->documents, attempt->ndocuments);
}

/*
 * Tells whether an error is about the document.  All others (cancel, shutdown,
 * lack of memory or disk, a conflict with another transaction, a transaction
 * that may not write) would meet the next one too, or go away when the
 * transaction is tried again.
 */
static bool
IsAboutDocument(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return false;
		default:
			return error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
	}
}

/*
 * Ingests documents, or writes the rows of error_log.  Where there is an error,
 * it is about one half of them, or both: so a batch with few bad documents takes
 * few attempts, each of which is a subtransaction.
 */
static void
IngestOrLogSorted(const Ledger *ledger, Document **documents, int ndocuments)
{
	IngestAttempt attempt = {ledger, documents, ndocuments};
	ErrorData  *error = Attempt(TryIngest, &attempt);
	int			half = ndocuments / 2;

	if (error == NULL)
		return;
	if (!IsAboutDocument(error))
		ReThrowError(error);
	if (ndocuments == 1)
		LogBadDocument(ledger, documents[0], error->sqlerrcode, error->message);
	FreeErrorData(error);
	if (ndocuments == 1)
		return;
	IngestOrLogSorted(ledger, documents, half);
	IngestOrLogSorted(ledger, documents + half, ndocuments - half);
}

/*
 * Ingests the documents of a batch; those that cannot be, because of a user's
 * constraint or trigger, go to error_log, with nothing of them left behind.
 */
void
IngestOrLog(const Ledger *ledger, Document *documents, int ndocuments)
{
	int			nsorted;
	Document  **sorted = SortDocuments(documents, ndocuments, &nsorted);

	if (nsorted > 0)
		IngestOrLogSorted(ledger, sorted, nsorted);
	pfree(sorted);
}

/* Ingests the documents of a batch that AcceptDocument() has let pass. */
void
IngestAccepted(const Ledger *ledger, Document *documents, int ndocuments)
{
	if (doc_extractor_on_bad_document == BAD_DOCUMENT_LOG)
		IngestOrLog(ledger, documents, ndocuments);
	else
		IngestBatch(ledger, documents, ndocuments);
}
