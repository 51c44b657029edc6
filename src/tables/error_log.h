/*
 * error_log.h
 *		Rows of error_log.
 */
#ifndef DOC_EXTRACTOR_ERROR_LOG_H
#define DOC_EXTRACTOR_ERROR_LOG_H

#include "document.h"

/* What could not be ingested, and why. */
typedef struct Failure
{
	const char *file_name;
	const char *type;
	const char *message;
	const char *source;			/* NULL: not known, as the next two */
	const char *location;
	const char *hash;
} Failure;

extern bool IdentifiesFailures(const Ledger *ledger);
extern int64 LogError(const Ledger *ledger, const Failure *failure);
extern void LogBadDocument(const Ledger *ledger, Document *document,
						   int sqlstate, const char *message);
extern bool ResolveError(const Ledger *ledger, int64 error_id,
						 const char *notes);

#endif							/* DOC_EXTRACTOR_ERROR_LOG_H */
