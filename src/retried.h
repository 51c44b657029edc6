/*
 * retried.h
 *		Failures that a later success has made up for.
 */
#ifndef DOC_EXTRACTOR_RETRIED_H
#define DOC_EXTRACTOR_RETRIED_H

#include "document.h"

extern void MarkRetried(const Ledger *ledger, Document **documents,
						int ndocuments);

#endif							/* DOC_EXTRACTOR_RETRIED_H */
