/*
 * insert_statement.h
 *		Insertion of a row by an SQL statement, unless its file_hash is in the table.
 */
#ifndef DOC_EXTRACTOR_INSERT_STATEMENT_H
#define DOC_EXTRACTOR_INSERT_STATEMENT_H

#include "statements.h"

/* An INSERT into a table with a file_hash, and its ON CONFLICT DO NOTHING. */
typedef struct InsertStatements
{
	const char *table;
	LedgerStatement insert;
	LedgerStatement insert_new;
	bool		may_suppress;	/* may a trigger suppress rows for good? */
} InsertStatements;

/* What became of a row. */
typedef enum InsertResult
{
	ROW_STORED,
	ROW_CONFLICTS,				/* its file_hash is there */
	ROW_SUPPRESSED,				/* by a user's trigger */
	ROW_LEFT_OUT				/* one of these, or another constraint is violated */
} InsertResult;

extern InsertResult InsertByStatement(const Ledger *ledger,
									  const InsertStatements *statements,
									  bool insist, Datum *values,
									  const char *nulls, Datum *results);
extern void CheckConflictIsVisible(void);

#endif							/* DOC_EXTRACTOR_INSERT_STATEMENT_H */
