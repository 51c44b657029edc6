/*
 * ingest.h
 *		The engine: documents in, new rows or counted duplicates out.
 */
#ifndef DOC_EXTRACTOR_INGEST_H
#define DOC_EXTRACTOR_INGEST_H

#include "document.h"

extern void IngestSorted(const Ledger *ledger, Document **documents,
						 int ndocuments);
extern void IngestBatch(const Ledger *ledger, Document *documents, int ndocuments);

#endif							/* DOC_EXTRACTOR_INGEST_H */
