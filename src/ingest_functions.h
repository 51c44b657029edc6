/*
 * ingest_functions.h
 *		What the ingesting SQL functions share.
 */
#ifndef DOC_EXTRACTOR_INGEST_FUNCTIONS_H
#define DOC_EXTRACTOR_INGEST_FUNCTIONS_H

#include "document.h"
#include "fmgr.h"

/* Columns of their result. */
#define RESULT_COLUMNS 4

/* Bytes of a content that are read at once, where it is not in memory. */
#define PIECE_SIZE (64 * 1024)

extern void GetFields(FunctionCallInfo fcinfo, int name, int type,
					  Document *document);
extern void HashContent(Document *document, Datum content);
extern void FillResult(const Document *document, Datum *values, bool *nulls);
extern Datum IngestOne(FunctionCallInfo fcinfo, Document *document);

#endif							/* DOC_EXTRACTOR_INGEST_FUNCTIONS_H */
