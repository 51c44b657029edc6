/*
 * table_shape.h
 *		What of a table decides how its rows can be written: columns and indexes.
 */
#ifndef DOC_EXTRACTOR_TABLE_SHAPE_H
#define DOC_EXTRACTOR_TABLE_SHAPE_H

#include "access/attnum.h"
#include "access/htup.h"
#include "utils/relcache.h"

#include "column_default.h"

/* Who keeps facts of a table. */
typedef enum FactsOf
{
	FACTS_OF_COUNTS,			/* duplicate_count.c */
	FACTS_OF_SEARCHES,			/* document_search.c */
	FACTS_OF_FIELDS,			/* document.c */
	FACTS_OF_ROWS,				/* row_writer.c */
	FACTS_OF_CONFLICTS,			/* row_conflict.c */
	KINDS_OF_FACTS
} FactsOf;

extern bool HasUsersOperators(HeapTuple index);
extern bool HasDeferrableIndex(Relation rel);
extern bool HasIndexCode(Relation rel);
extern bool KnowsDefault(Relation rel, AttrNumber column);
extern ColumnDefault GetColumnDefault(Relation rel, AttrNumber column);

extern uint64 TableVersion(Relation rel);
extern bool RecallFacts(Relation rel, FactsOf kind, void *facts, Size size);
extern void KeepFacts(Relation rel, uint64 version, FactsOf kind,
					  const void *facts, Size size);

#endif							/* DOC_EXTRACTOR_TABLE_SHAPE_H */
