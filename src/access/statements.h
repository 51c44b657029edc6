/*
 * statements.h
 *		The SQL statements that the C code runs on the extension's tables.
 */
#ifndef DOC_EXTRACTOR_STATEMENTS_H
#define DOC_EXTRACTOR_STATEMENTS_H

#include "ledger.h"

/* Their texts in statements.c say which parameters they take. */
typedef enum LedgerStatement
{
	STATEMENT_INSERT_DOCUMENT,
	STATEMENT_INSERT_NEW_DOCUMENT,
	STATEMENT_INSERT_HASH,
	STATEMENT_INSERT_NEW_HASH,
	STATEMENT_INSERT_TRAIL,
	STATEMENT_INSERT_TRAIL_1_0,
	STATEMENT_INSERT_ERROR,
	LAST_INSERT = STATEMENT_INSERT_ERROR,
	STATEMENT_COUNT,
	STATEMENT_GET_HASH,
	STATEMENT_HEAL,
	STATEMENT_FAIL_AGAIN,
	STATEMENT_MOVE_HASH,
	STATEMENT_TAKE_OVER_HASH,
	STATEMENT_DELETE_HASH,
	STATEMENT_LOCK_DOCUMENT,
	STATEMENT_HAS_TRAIL,
	STATEMENT_MARK_RETRIED,
	STATEMENT_RESOLVE_ERROR,
	NUMBER_OF_STATEMENTS
} LedgerStatement;

extern uint64 RunStatement(const Ledger *ledger, LedgerStatement statement,
						   Datum *values, const char *nulls, Datum *results);

#endif							/* DOC_EXTRACTOR_STATEMENTS_H */
