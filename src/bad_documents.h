/*
 * bad_documents.h
 *		Ingestion that goes on after documents that cannot be ingested.
 */
#ifndef DOC_EXTRACTOR_BAD_DOCUMENTS_H
#define DOC_EXTRACTOR_BAD_DOCUMENTS_H

#include "document.h"

extern void AcceptDocument(const Ledger *ledger, Document *document,
						   const FieldLimits *limits);
extern void IngestAccepted(const Ledger *ledger, Document *documents,
						   int ndocuments);
extern void IngestOrLog(const Ledger *ledger, Document *documents,
						int ndocuments);

#endif							/* DOC_EXTRACTOR_BAD_DOCUMENTS_H */
