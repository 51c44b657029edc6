/*
 * bad_documents.c
 *		What happens to documents that cannot be ingested: an error, or a row of
 *		error_log.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "../lib/subtransaction.h"
#include "../settings.h"
#include "../tables/error_log.h"
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
} IngestAttempt;

/* Calls it in a subtransaction. */
static void
IngestCallback(void *argument)
{
	IngestAttempt *attempt = argument;

	IngestSorted(attempt->ledger, attempt->documents, attempt->ndocuments);
}

/*
 * Returns whether an error is about the document.  The others (cancel, shutdown,
 * lack of memory or disk, a conflict with another transaction, a read-only
 * transaction) would strike the next one too, or go away when the transaction is
 * tried again.
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
 * Ingests sorted documents, or writes them to error_log.  After an error, does the
 * same with each half of them, so that a batch with few bad documents takes few
 * subtransactions.
 */
static void
IngestOrLogSorted(const Ledger *ledger, Document **documents, int ndocuments)
{
	IngestAttempt attempt = {ledger, documents, ndocuments};
	ErrorData  *error = TryInSubtransaction(IngestCallback, &attempt);
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
 * Ingests the documents of a batch.  Those that a user's constraint or trigger
 * refuses are written to error_log, and leave nothing else behind.
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
