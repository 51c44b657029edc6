/*
 * column_default.h
 *		What the default of a column is.
 */
#ifndef DOC_EXTRACTOR_COLUMN_DEFAULT_H
#define DOC_EXTRACTOR_COLUMN_DEFAULT_H

#include "access/tupdesc.h"
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

extern ColumnDefault PlanDefault(Relation rel, Form_pg_attribute att);

#endif							/* DOC_EXTRACTOR_COLUMN_DEFAULT_H */
