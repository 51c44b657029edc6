/*
 * ingest_functions.h
 *		What the ingesting SQL functions share.
 */
#ifndef DOC_EXTRACTOR_INGEST_FUNCTIONS_H
#define DOC_EXTRACTOR_INGEST_FUNCTIONS_H

#include "document.h"

/* Columns of their result. */
#define RESULT_COLUMNS 4

extern void HashContent(Document *document, Datum content);
extern void FillResult(const Document *document, Datum *values, bool *nulls);

#endif							/* DOC_EXTRACTOR_INGEST_FUNCTIONS_H */
