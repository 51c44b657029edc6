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
} InsertStatements;

/* What became of a row. */
typedef enum InsertResult
{
	ROW_STORED,
	ROW_LEFT_OUT,				/* its file_hash is there, or see below */
	ROW_SUPPRESSED				/* by a user's trigger */
} InsertResult;

extern InsertResult InsertByStatement(const Ledger *ledger,
									  const InsertStatements *statements,
									  bool insist, Datum *values,
									  const char *nulls, Datum *results);

#endif							/* DOC_EXTRACTOR_INSERT_STATEMENT_H */
