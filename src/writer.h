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
	ExprState  *value;			/* NULL: none */
} ColumnDefault;

/* Told of each row that was stored, with what WriteRow() was given for it. */
typedef void (*RowStored) (void *row, TupleTableSlot *slot);

/*
 * An insertion into one table, open for the time of one statement.  What it
 * allocates lives in its executor state and goes with it.
 */
typedef struct RowWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	TransitionCaptureState *capture;	/* for transition tables of triggers */
	ColumnDefault *defaults;	/* one a column */
	List	   *arbiters;		/* unique indexes whose conflicts drop a row */
	RowStored	stored;			/* NULL: nobody */
	TupleTableSlot *slot;		/* the row being filled in, or filled in last */
	TupleTableSlot **slots;		/* rows that are not in the table yet */
	void	  **rows;			/* what the caller knows them by */
	int			nrows;			/* of them */
	int			capacity;		/* of the two arrays */
	Size		bytes;			/* in them */
	CallerIdentity caller;
} RowWriter;

extern RowWriter *OpenRowWriter(Oid table, Oid trusted_parent);
extern AttrNumber WriterColumn(RowWriter *writer, const char *column);
extern void StartRow(RowWriter *writer);
extern void SetColumn(RowWriter *writer, AttrNumber column, Datum value);
extern bool WriteRow(RowWriter *writer, void *row);
extern void CloseRowWriter(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_WRITER_H */
