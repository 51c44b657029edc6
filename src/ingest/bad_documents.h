/*
 * bad_documents.h
 *		What happens to documents that cannot be ingested: an error, or a row of
 *		error_log.
 */
#ifndef DOC_EXTRACTOR_BAD_DOCUMENTS_H
#define DOC_EXTRACTOR_BAD_DOCUMENTS_H

#include "../tables/document.h"

extern void AcceptDocument(const Ledger *ledger, Document *document,
						   const FieldLimits *limits);
extern void IngestAccepted(const Ledger *ledger, Document *documents,
						   int ndocuments);
extern void IngestOrLog(const Ledger *ledger, Document *documents,
						int ndocuments);

#endif							/* DOC_EXTRACTOR_BAD_DOCUMENTS_H */
