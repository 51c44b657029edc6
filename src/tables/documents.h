/*
 * documents.h
 *		Rows of documents: insert, heal, fail again, lock.
 */
#ifndef DOC_EXTRACTOR_DOCUMENTS_H
#define DOC_EXTRACTOR_DOCUMENTS_H

#include "../access/row_writer.h"
#include "document.h"

/* The number of columns that an insert sets. */
#define INSERTED_COLUMNS 9

/* documents, open for the new rows of a batch. */
typedef struct DocumentWriter
{
	RowWriter  *rows;
	AttrNumber	columns[INSERTED_COLUMNS];
} DocumentWriter;

/* What InsertDocument() did. */
typedef enum InsertOutcome
{
	INSERT_DONE,				/* CloseDocumentWriter() derives the other rows */
	INSERT_ALTERED,				/* a user's trigger gave it another hash */
	INSERT_NOTHING				/* the hash is there, or a trigger suppressed it */
} InsertOutcome;

extern void LockDocumentsTable(const Ledger *ledger);
extern DocumentWriter *OpenDocumentWriter(const Ledger *ledger);
extern InsertOutcome InsertDocument(DocumentWriter *writer,
									const Document *document,
									int64 *document_id);
extern void CloseDocumentWriter(DocumentWriter *writer);

extern bool HealDocument(const Ledger *ledger, int64 document_id,
						 const Document *document);
extern bool FailDocumentAgain(const Ledger *ledger, int64 document_id,
							  const Document *document);
extern Datum LockDocument(const Ledger *ledger, int64 document_id);
extern void CheckStatus(TupleTableSlot *slot, AttrNumber status);

#endif							/* DOC_EXTRACTOR_DOCUMENTS_H */
