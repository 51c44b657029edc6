/*
 * retried.h
 *		Failures in error_log of documents that have now succeeded.
 */
#ifndef DOC_EXTRACTOR_RETRIED_H
#define DOC_EXTRACTOR_RETRIED_H

#include "document.h"

extern void MarkRetried(const Ledger *ledger, Document **documents,
						int ndocuments);

#endif							/* DOC_EXTRACTOR_RETRIED_H */
