/*
 * document_search.h
 *		Searches of documents by their hashes.
 */
#ifndef DOC_EXTRACTOR_DOCUMENT_SEARCH_H
#define DOC_EXTRACTOR_DOCUMENT_SEARCH_H

#include "../access/index_search.h"
#include "../access/ledger.h"
#include "duplicate_count.h"

/* What searches need to know of documents. */
typedef struct SearchedTable
{
	AttrNumber	id;
	AttrNumber	file_size_bytes;
	AttrNumber	file_hash;
	AttrNumber	document_text;
	AttrNumber	ingestion_status;
	Oid			id_index;		/* InvalidOid: none keeps ids unique */
} SearchedTable;

/* The searches of a batch.  What they need is opened when they need it. */
typedef struct DocumentSearch
{
	const Ledger *ledger;
	DuplicateCounter *counter;
	Relation	rel;			/* documents; NULL: not open */
	bool		is_by_id;		/* is the next one open? */
	IndexSearch by_id;
	bool		is_by_hash;		/* is the next one open? */
	IndexSearch by_hash;
	SearchedTable table;
} DocumentSearch;

extern void OpenDocumentSearch(DocumentSearch *search, const Ledger *ledger,
							   DuplicateCounter *counter);
extern void FindDocuments(DocumentSearch *search, FoundDocument *documents,
						  int ndocuments);
extern void FindDocumentByHash(DocumentSearch *search,
							   FoundDocument *document);
extern void CloseDocumentSearch(DocumentSearch *search);

#endif							/* DOC_EXTRACTOR_DOCUMENT_SEARCH_H */
