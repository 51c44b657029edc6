/*
 * row_conflict.h
 *		Insertion of a row unless its file_hash is in the table.
 */
#ifndef DOC_EXTRACTOR_ROW_CONFLICT_H
#define DOC_EXTRACTOR_ROW_CONFLICT_H

#include "row_writer.h"

extern void FindArbiters(RowWriter *writer);
extern bool InsertUnlessConflict(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_ROW_CONFLICT_H */
