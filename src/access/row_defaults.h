/*
 * row_defaults.h
 *		Defaults of the columns that rows of a table do not set.
 */
#ifndef DOC_EXTRACTOR_ROW_DEFAULTS_H
#define DOC_EXTRACTOR_ROW_DEFAULTS_H

#include "executor/tuptable.h"

#include "column_default.h"
#include "ledger.h"

extern ColumnDefault *FindDefaults(const Ledger *ledger, Relation rel,
								   const AttrNumber *set_columns, int ncolumns);
extern void FillColumnDefaults(const ColumnDefault *defaults, TupleTableSlot *slot);

#endif							/* DOC_EXTRACTOR_ROW_DEFAULTS_H */
