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
	bool		prepared;
	ExprState  *value;			/* NULL: none */
} ColumnDefault;

/*
 * An insertion into one table, open for the time of one statement.  What it
 * allocates lives in its executor state and goes with it.
 */
typedef struct RowWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	TupleTableSlot *slot;		/* the row being filled in */
	TransitionCaptureState *capture;	/* for transition tables of users */
	ColumnDefault *defaults;	/* one a column */
	CallerIdentity caller;
} RowWriter;

extern RowWriter *OpenRowWriter(Oid table, Oid trusted_parent);
extern AttrNumber WriterColumn(RowWriter *writer, const char *column);
extern void StartRow(RowWriter *writer);
extern void SetColumn(RowWriter *writer, AttrNumber column, Datum value);
extern bool WriteRow(RowWriter *writer);
extern void CloseRowWriter(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_WRITER_H */
