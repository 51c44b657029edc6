/*
 * row_writer.h
 *		Insertion of rows into one of the extension's tables, without a plan.
 */
#ifndef DOC_EXTRACTOR_ROW_WRITER_H
#define DOC_EXTRACTOR_ROW_WRITER_H

#include "commands/trigger.h"
#include "nodes/execnodes.h"

#include "column_defaults.h"
#include "columns.h"
#include "identity.h"
#include "row_conflict.h"

/* What to do if the file_hash of a row is in the table already. */
typedef enum ConflictAction
{
	CONFLICT_ERROR,				/* the UNIQUE constraint's error */
	CONFLICT_SKIP				/* leave the row out */
} ConflictAction;

/*
 * An insertion into one table, open for the time of one statement.  All that it
 * allocates belongs to its executor state.
 */
typedef struct RowWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *rri;
	TransitionCaptureState *capture;	/* for triggers' transition tables */
	ColumnDefaults *defaults;
	bool		row_by_row;		/* rows must not be buffered */
	ConflictAction conflict_action;
	ConflictCheck conflicts;	/* for CONFLICT_SKIP */
	TupleTableSlot *slot;		/* the row being filled in, or the last one */
	bool	   *is_set;			/* its columns that need no default */
	TupleTableSlot **slots;		/* the buffered rows, and room for more */
	int			nrows;			/* buffered */
	int			capacity;		/* of "slots" */
	Size		bytes;			/* of the buffered rows */
	CallerIdentity caller;
} RowWriter;

/* What WriteRow() did with a row. */
typedef enum RowOutcome
{
	ROW_STORED,
	ROW_SUPPRESSED,				/* by a user's BEFORE trigger */
	ROW_CONFLICTS				/* with a row that has the same file_hash */
} RowOutcome;

extern RowWriter *OpenRowWriter(const Ledger *ledger, const char *table,
								ConflictAction conflict_action,
								const char *skipped_trigger);
extern AttrNumber WriterColumn(RowWriter *writer, const char *column,
							   ColumnClass class);
extern void StartRow(RowWriter *writer);
extern void SetColumn(RowWriter *writer, AttrNumber column, Datum value);
extern void SetNull(RowWriter *writer, AttrNumber column);
extern RowOutcome WriteRow(RowWriter *writer);
extern void CloseRowWriter(RowWriter *writer);

#endif							/* DOC_EXTRACTOR_ROW_WRITER_H */
