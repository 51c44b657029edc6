/*
 * table_shape.h
 *		What of a table decides how its rows can be written: columns and indexes.
 */
#ifndef DOC_EXTRACTOR_TABLE_SHAPE_H
#define DOC_EXTRACTOR_TABLE_SHAPE_H

#include "access/attnum.h"
#include "utils/relcache.h"

/* How to compute the default of a column. */
typedef enum DefaultKind
{
	DEFAULT_UNKNOWN,
	DEFAULT_CONSTANT,			/* also NULL, for columns without a default */
	DEFAULT_NOW,				/* now(), for any timestamp */
	DEFAULT_NEXTVAL,			/* nextval(), for integer and bigint */
	DEFAULT_OTHER				/* only the executor can */
} DefaultKind;

/* The default of a column. */
typedef struct ColumnDefault
{
	DefaultKind kind;
	NullableDatum value;		/* of DEFAULT_CONSTANT */
	Oid			sequence;		/* of DEFAULT_NEXTVAL */
} ColumnDefault;

extern bool HasDeferrableIndex(Relation rel);
extern ColumnDefault GetColumnDefault(Relation rel, AttrNumber column);

#endif							/* DOC_EXTRACTOR_TABLE_SHAPE_H */
