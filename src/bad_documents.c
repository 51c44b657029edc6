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
	Document   *documents;
	int			ndocuments;
} IngestAttempt;

/* The attempt's callback. */
static void
TryIngest(void *argument)
{
	IngestAttempt *attempt = argument;

	IngestBatch(attempt->ledger, attempt->documents, attempt->ndocuments);
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

/* Ingests documents; returns an error that is about them, passes others on. */
static ErrorData *
AttemptIngest(IngestAttempt *attempt)
{
	ErrorData  *error = Attempt(TryIngest, attempt);

	if (error != NULL && !IsAboutDocument(error))
		ReThrowError(error);
	return error;
}

/* Ingests a document, or writes its row of error_log. */
static void
IngestOneOrLog(const Ledger *ledger, Document *document)
{
	IngestAttempt attempt = {ledger, document, 1};
	ErrorData  *error = AttemptIngest(&attempt);

	if (error == NULL)
		return;
	LogBadDocument(ledger, document, error->sqlerrcode, error->message);
	FreeErrorData(error);
}

/*
 * Ingests the documents of a batch; those that cannot be, because of a user's
 * constraint or trigger, go to error_log, with nothing of them left behind.
 */
void
IngestOrLog(const Ledger *ledger, Document *documents, int ndocuments)
{
	IngestAttempt attempt = {ledger, documents, ndocuments};
	int			nsorted;
	Document  **sorted = SortDocuments(documents, ndocuments, &nsorted);
	ErrorData  *error = nsorted > 1 ? AttemptIngest(&attempt) : NULL;

	/* Which of them an error is about shows when each is on its own. */
	if (nsorted == 1 || error != NULL)
		for (int i = 0; i < nsorted; i++)
			IngestOneOrLog(ledger, sorted[i]);
	if (error != NULL)
		FreeErrorData(error);
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
