/*
 * document_writer.h
 *		New rows of documents, with the rows that follow from them.
 */
#ifndef DOC_EXTRACTOR_DOCUMENT_WRITER_H
#define DOC_EXTRACTOR_DOCUMENT_WRITER_H

#include "../access/insert_statement.h"
#include "derived_rows.h"
#include "document.h"

/* documents, open for the new rows of a batch. */
typedef struct DocumentWriter
{
	const Ledger *ledger;
	int			ncolumns;		/* that its rows set */
	RowWriter  *rows;			/* NULL: rows are inserted by statement */
	AttrNumber	id;
	DerivedRows derived;		/* by statement, the triggers derive */
} DocumentWriter;

extern DocumentWriter *OpenDocumentWriter(const Ledger *ledger);
extern bool RunsUsersCode(const DocumentWriter *writer);
extern InsertResult InsertDocument(DocumentWriter *writer,
								   const Document *document, bool insist,
								   int64 *document_id, bool *has_text);
extern bool InsertDocuments(const Ledger *ledger, Document **documents,
							int ndocuments, int64 *ids);
extern void CloseDocumentWriter(DocumentWriter *writer);

#endif							/* DOC_EXTRACTOR_DOCUMENT_WRITER_H */
