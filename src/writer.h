/*
 * writer.h
 *		Insertion of derived rows without a plan.
 */
#ifndef DOC_EXTRACTOR_WRITER_H
#define DOC_EXTRACTOR_WRITER_H

#include "commands/trigger.h"
#include "nodes/execnodes.h"

#include "relations.h"

/* What fills in a column that was not set; prepared when first needed. */
typedef struct ColumnDefault
{
	bool		is_prepared;
	ExprState  *expression;		/* NULL: none, or "value" is it */
	bool		is_stable;		/* the same for all rows: "value" */
	NullableDatum value;
} ColumnDefault;

/*
 * An insertion into one table, open for the time of one statement.  What it
 * allocates lives in its executor state and goes with it; kept defaults stay.
 */
typedef struct RowWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	TransitionCaptureState *capture;	/* for transition tables of triggers */
	ColumnDefault *defaults;	/* one a column */
	bool		row_by_row;		/* not many at a time */
	List	   *arbiters;		/* the index whose conflict drops a row */
	TupleTableSlot *slot;		/* the row being filled in, or filled in last */
	bool	   *is_set;			/* its columns that need no default */
	TupleTableSlot **slots;		/* rows that are not in the table yet */
	int			nrows;			/* of them */
	int			capacity;		/* of the array */
	Size		bytes;			/* in them */
	CallerIdentity caller;
} RowWriter;

/* What WriteRow() did with a row. */
typedef enum RowOutcome
{
	ROW_STORED,
	ROW_SUPPRESSED,				/* by a user's BEFORE trigger */
	ROW_CONFLICTS				/* with another of the same file_hash */
} RowOutcome;

extern RowWriter *OpenRowWriter(const Ledger *ledger, const char *table,
								bool unless_there);
extern AttrNumber WriterColumn(RowWriter *writer, const char *column,
							   ColumnClass class);
extern void StartRow(RowWriter *writer);
extern void SetColumn(RowWriter *writer, AttrNumber column, Datum value);
extern void SetNull(RowWriter *writer, AttrNumber column);
extern RowOutcome WriteRow(RowWriter *writer);
extern void CloseRowWriter(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_WRITER_H */
