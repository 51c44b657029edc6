/*
 * insert_statement.c
 *		Insertion of a row by an SQL statement, unless its file_hash is in the table.
 *
 * This is the way for tables to which users have attached triggers, checks or the
 * like.  row_writer.c has the way for all others.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "utils/rel.h"

#include "../lib/derived.h"
#include "../lib/subtransaction.h"
#include "index_search.h"
#include "insert_statement.h"
#include "table_shape.h"

/* The arguments of a plain INSERT, and its result. */
typedef struct InsertAttempt
{
	const Ledger *ledger;
	LedgerStatement statement;
	Datum	   *values;
	const char *nulls;
	Datum	   *results;
	MemoryContext context;		/* for the results */
	uint64		nrows;
	SubTransactionId subtransaction;
} InsertAttempt;

/* Runs it: TryInSubtransaction()'s callback. */
static void
RunAttempt(void *argument)
{
	InsertAttempt *attempt = argument;

	attempt->subtransaction = GetCurrentSubTransactionId();
	MemoryContextSwitchTo(attempt->context);
	attempt->nrows = RunStatement(attempt->ledger, attempt->statement,
								  attempt->values, attempt->nulls,
								  attempt->results);
}

/*
 * Inserts a row without ON CONFLICT, in a subtransaction.  So a conflict of another
 * constraint than that of file_hash raises its error, and a deferrable constraint,
 * which ON CONFLICT does not support, is checked when it is due.
 */
static InsertResult
InsertPlainly(const Ledger *ledger, const InsertStatements *statements,
			  Datum *values, const char *nulls, Datum *results)
{
	InsertAttempt attempt = {
		.ledger = ledger, .statement = statements->insert, .values = values,
		.nulls = nulls, .results = results, .context = CurrentMemoryContext
	};
	ErrorData  *error = TryInSubtransaction(RunAttempt, &attempt);

	if (error == NULL)
		return attempt.nrows > 0 ? ROW_STORED : ROW_SUPPRESSED;
	if (!IsViolatedIndex(ledger, error, statements->table, "file_hash"))
	{
		/* Our caller asks about its own subtransaction. */
		if (FailedInDerived(attempt.subtransaction))
			NoteDerivedFailure(GetCurrentSubTransactionId());
		ReThrowError(error);
	}
	FreeErrorData(error);
	return ROW_CONFLICTS;
}

/*
 * Raises 40001 at REPEATABLE READ and above.  Call it if a row conflicts with one
 * that a search does not find: it is not visible to the transaction.
 */
void
CheckConflictIsVisible(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
}

/*
 * Returns whether a row needs the plain INSERT from the start: the server refuses ON
 * CONFLICT where a constraint is deferrable, and a trigger that suppresses rows would
 * fire twice before we knew.  Raises 55000 if no valid index keeps the table's hashes
 * unique.
 */
static bool
NeedsPlainInsert(const Ledger *ledger, const InsertStatements *statements)
{
	Relation	rel = OpenLedgerTable(ledger, statements->table,
									  AccessShareLock);
	bool		needs = HasDeferrableIndex(rel) ||
		(statements->may_suppress && rel->trigdesc != NULL &&
		 rel->trigdesc->trig_insert_before_row);

	(void) FileHashIndex(rel);
	table_close(rel, NoLock);
	return needs;
}

/*
 * Inserts a row unless its file_hash is there, waiting for sessions that are
 * inserting it.  The caller has searched for it in vain.  "results" receives what the
 * statement returns if the row is stored.
 *
 * If a row is left out, search again.  If its file_hash is still not there, another
 * constraint or a trigger was the reason: insert it again and insist.  That raises
 * the error of the constraint, or says that a trigger suppresses the row.
 */
InsertResult
InsertByStatement(const Ledger *ledger, const InsertStatements *statements,
				  bool insist, Datum *values, const char *nulls,
				  Datum *results)
{
	if (insist || NeedsPlainInsert(ledger, statements))
		return InsertPlainly(ledger, statements, values, nulls, results);
	return RunStatement(ledger, statements->insert_new, values, nulls,
						results) > 0 ? ROW_STORED : ROW_LEFT_OUT;
}
