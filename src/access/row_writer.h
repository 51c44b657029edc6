/*
 * row_writer.h
 *		Insertion of rows into one of the extension's tables, without the executor.
 */
#ifndef DOC_EXTRACTOR_ROW_WRITER_H
#define DOC_EXTRACTOR_ROW_WRITER_H

#include "nodes/execnodes.h"

#include "columns.h"
#include "ledger.h"
#include "row_conflict.h"
#include "table_shape.h"

/* What to do if the file_hash of a row is in the table already. */
typedef enum ConflictAction
{
	CONFLICT_ERROR,				/* the UNIQUE constraint's error */
	CONFLICT_SKIP				/* leave the row out */
} ConflictAction;

/*
 * An insertion into one table.  All that it allocates belongs to its executor
 * state.
 */
typedef struct RowWriter
{
	const Ledger *ledger;
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	const ColumnName *columns;	/* that all rows set */
	AttrNumber *numbers;		/* theirs */
	ColumnDefault *defaults;	/* of the others */
	bool		has_index_code; /* do indexes run code that is not the server's? */
	ConflictAction conflict_action;
	ConflictCheck conflicts;	/* for CONFLICT_SKIP */
	TupleTableSlot *slot;		/* the row being filled in, or the last one */
	TupleTableSlot **slots;		/* the buffered rows, and room for more */
	int			nrows;			/* buffered */
	int			capacity;		/* of "slots" */
	Size		bytes;			/* of the buffered rows */
} RowWriter;

extern RowWriter *OpenRowWriter(const Ledger *ledger, const char *table,
								ConflictAction conflict_action,
								const ColumnName *columns, int ncolumns);
extern AttrNumber WriterColumn(RowWriter *writer, const char *column,
							   ColumnClass class);
extern void StartRow(RowWriter *writer);
extern void SetColumn(RowWriter *writer, int column, Datum value);
extern void SetToNow(RowWriter *writer, int column);
extern bool WriteRow(RowWriter *writer);
extern void FlushRows(RowWriter *writer);
extern bool HasExpressionIndex(const RowWriter *writer);
extern void CloseRowWriter(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_ROW_WRITER_H */
