/*
 * document_writer.h
 *		New rows of documents, with the rows that follow from them.
 */
#ifndef DOC_EXTRACTOR_DOCUMENT_WRITER_H
#define DOC_EXTRACTOR_DOCUMENT_WRITER_H

#include "derived_rows.h"
#include "document.h"

/* The number of columns that an insert sets. */
#define INSERTED_COLUMNS 9

/* documents, open for the new rows of a batch. */
typedef struct DocumentWriter
{
	const Ledger *ledger;
	RowWriter  *rows;			/* NULL: rows are inserted by statement */
	AttrNumber	columns[INSERTED_COLUMNS];
	AttrNumber	id;
	DerivedRows derived;		/* by statement, the triggers derive */
} DocumentWriter;

extern DocumentWriter *OpenDocumentWriter(const Ledger *ledger);
extern bool InsertDocument(DocumentWriter *writer, const Document *document,
						   bool insist, int64 *document_id);
extern void CloseDocumentWriter(DocumentWriter *writer);

#endif							/* DOC_EXTRACTOR_DOCUMENT_WRITER_H */
