/*
 * count_by_statement.h
 *		Counts of duplicates, read and written by SQL statements.
 */
#ifndef DOC_EXTRACTOR_COUNT_BY_STATEMENT_H
#define DOC_EXTRACTOR_COUNT_BY_STATEMENT_H

#include "duplicate_count.h"

extern int64 MaxCount(Oid type);
extern bool ReadCount(DuplicateCounter *counter, const char *hash,
					  int64 document_id, int64 *count);
extern bool CountByStatement(DuplicateCounter *counter, const char *hash,
							 int64 document_id, int64 nduplicates,
							 int64 *count);

#endif							/* DOC_EXTRACTOR_COUNT_BY_STATEMENT_H */
