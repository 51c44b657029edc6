/*
 * row_conflict.h
 *		Insertion of a row unless its file_hash is in the table.
 */
#ifndef DOC_EXTRACTOR_ROW_CONFLICT_H
#define DOC_EXTRACTOR_ROW_CONFLICT_H

#include "nodes/execnodes.h"

/* How to find conflicts of a table's rows. */
typedef struct ConflictCheck
{
	ResultRelInfo *rri;
	EState	   *estate;
	List	   *arbiters;		/* indexes whose conflict drops the row */
	bool		comes_first;	/* before the insertion */
} ConflictCheck;

extern void FindArbiters(ConflictCheck *check, ResultRelInfo *rri,
						 EState *estate);
extern bool InsertUnlessConflict(const ConflictCheck *check,
								 TupleTableSlot *slot);

#endif							/* DOC_EXTRACTOR_ROW_CONFLICT_H */
