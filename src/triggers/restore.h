/*
 * restore.h
 *		Recognition of the rows that a restore inserts.
 */
#ifndef DOC_EXTRACTOR_RESTORE_H
#define DOC_EXTRACTOR_RESTORE_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "../access/ledger.h"

/* Which of a statement's rows can come from a backup. */
typedef enum RestoreMode
{
	RESTORE_NONE,				/* none */
	RESTORE_SOME,				/* those that look like it */
	RESTORE_ALL					/* all */
} RestoreMode;

/* The columns of documents that a statement's rows get its time in. */
#define RESTORE_TIMES 3

/* A statement that inserts documents. */
typedef struct RestoreCheck
{
	RestoreMode mode;
	Relation	documents;
	bool		has_restored;	/* has any row been taken for a backup's? */
	int64		nrows;			/* that the statement has inserted */
	AttrNumber	id;
	AttrNumber	times[RESTORE_TIMES];
	bool		is_unused;		/* has it handed out no id yet? */
	int64		last_id;		/* that it has handed out */
	bool		knows_start;	/* is the next one set? */
	bool		is_start;		/* see IsStartOfRestore() */
} RestoreCheck;

extern RestoreMode CurrentRestoreMode(Relation rel);
extern void StartRestoreCheck(RestoreCheck *check, Relation documents,
							  int64 nrows);
extern bool IsRestored(RestoreCheck *check, TupleTableSlot *row);
extern void RefuseDoubt(const RestoreCheck *check, const Ledger *ledger,
						Datum hash, int64 document_id);
extern void ReportRestore(const RestoreCheck *check);

#endif							/* DOC_EXTRACTOR_RESTORE_H */
