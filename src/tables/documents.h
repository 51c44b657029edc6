/*
 * documents.h
 *		Rows of documents: heal, fail again, lock.
 */
#ifndef DOC_EXTRACTOR_DOCUMENTS_H
#define DOC_EXTRACTOR_DOCUMENTS_H

#include "executor/tuptable.h"

#include "document.h"

extern bool HealDocument(const Ledger *ledger, int64 document_id,
						 const Document *document, bool *has_text);
extern bool FailDocumentAgain(const Ledger *ledger, int64 document_id,
							  const Document *document, bool *has_text);
extern Datum LockDocument(const Ledger *ledger, int64 document_id);
extern void CheckStatus(TupleTableSlot *slot, AttrNumber status);

#endif							/* DOC_EXTRACTOR_DOCUMENTS_H */
