/*
 * column_defaults.h
 *		Defaults of columns, for rows that we insert without a plan.
 */
#ifndef DOC_EXTRACTOR_COLUMN_DEFAULTS_H
#define DOC_EXTRACTOR_COLUMN_DEFAULTS_H

#include "nodes/execnodes.h"

typedef struct ColumnDefaults ColumnDefaults;

extern ColumnDefaults *OpenColumnDefaults(Relation rel, EState *estate);
extern void FillDefaults(ColumnDefaults *defaults, TupleTableSlot *slot,
						 const bool *is_set);

#endif							/* DOC_EXTRACTOR_COLUMN_DEFAULTS_H */
