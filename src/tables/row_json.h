/*
 * row_json.h
 *		Rows of a table as JSON objects, for the trail.
 */
#ifndef DOC_EXTRACTOR_ROW_JSON_H
#define DOC_EXTRACTOR_ROW_JSON_H

#include "executor/tuptable.h"

#include "../access/ledger.h"

typedef struct RowEncoder RowEncoder;

extern RowEncoder *CreateRowEncoder(const Ledger *ledger, TupleDesc desc);
extern Datum EncodeRow(RowEncoder *encoder, TupleTableSlot *slot,
					   const bool *columns);

#endif							/* DOC_EXTRACTOR_ROW_JSON_H */
