/*
 * error_log.h
 *		Rows of error_log.
 */
#ifndef DOC_EXTRACTOR_ERROR_LOG_H
#define DOC_EXTRACTOR_ERROR_LOG_H

#include "document.h"

extern int64 LogError(const Ledger *ledger, const char *file_name,
					  const char *type, const char *message);
extern void LogBadDocument(const Ledger *ledger, Document *document,
						   int sqlstate, const char *message);
extern void MarkRetried(const Ledger *ledger, Document **documents,
						int ndocuments);
extern bool ResolveError(const Ledger *ledger, int64 error_id,
						 const char *notes);

#endif							/* DOC_EXTRACTOR_ERROR_LOG_H */
