/*
 * documents.h
 *		Rows of documents: heal, fail again, lock, store an extraction.
 */
#ifndef DOC_EXTRACTOR_DOCUMENTS_H
#define DOC_EXTRACTOR_DOCUMENTS_H

#include "executor/tuptable.h"

#include "document.h"

/* Which of its results a document has, or receives. */
typedef struct Extracted
{
	bool		text;
	bool		metadata;
} Extracted;

extern bool HealDocument(const Ledger *ledger, int64 document_id,
						 const Document *document, bool *has_text);
extern bool FailDocumentAgain(const Ledger *ledger, int64 document_id,
							  const Document *document, bool *has_text);
extern Datum LockDocument(const Ledger *ledger, int64 document_id);
extern bool LockExtraction(const Ledger *ledger, int64 document_id,
						   Extracted *extracted);
extern void StoreExtraction(const Ledger *ledger, int64 document_id,
							Datum document_text, Datum metadata,
							Datum extractor, const Extracted *store);
extern void CheckStatus(TupleTableSlot *slot, AttrNumber status);

#endif							/* DOC_EXTRACTOR_DOCUMENTS_H */
