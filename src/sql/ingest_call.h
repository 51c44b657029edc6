/*
 * ingest_call.h
 *		What the ingest functions share: arguments, checks, result row.
 */
#ifndef DOC_EXTRACTOR_INGEST_CALL_H
#define DOC_EXTRACTOR_INGEST_CALL_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "../tables/document.h"

/* The columns of their result rows. Those that never log a failure lack the last one, error_id. */
#define RESULT_COLUMNS 7

/* How many bytes of a file or large object are read at a time. */
#define PIECE_SIZE (64 * 1024)

extern void CheckStoresLocations(FunctionCallInfo fcinfo, const char *argument);
extern void GetFields(FunctionCallInfo fcinfo, int name, int type,
					  Document *document);
extern TupleDesc ResultRowType(FunctionCallInfo fcinfo);
extern void FillResult(const Document *document, Datum *values, bool *nulls);
extern Datum ResultRow(TupleDesc desc, const Document *document);
extern void CheckDocument(const FieldLimits *limits, Document *document);
extern Datum IngestOne(FunctionCallInfo fcinfo, Document *document);

#endif							/* DOC_EXTRACTOR_INGEST_CALL_H */
