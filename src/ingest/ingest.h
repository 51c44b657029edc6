/*
 * ingest.h
 *		The engine: takes documents, inserts new ones and counts duplicates.
 */
#ifndef DOC_EXTRACTOR_INGEST_H
#define DOC_EXTRACTOR_INGEST_H

#include "../tables/document.h"

extern void IngestBatch(const Ledger *ledger, Document *documents,
						int ndocuments);
extern void IngestSorted(const Ledger *ledger, Document **documents,
						 int ndocuments);

#endif							/* DOC_EXTRACTOR_INGEST_H */
