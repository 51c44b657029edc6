/*
 * derived.c
 *		Errors in the writing of rows that follow from documents.
 *
 * If values or constraints are violated in hash_index, audit_log or error_log, no
 * document is to blame.  The error itself does not say where it comes from: a
 * user's trigger can raise it in the name of any table.
 */
#include "postgres.h"

#include "access/xact.h"

#include "derived.h"

/*
 * The subtransaction in which WriteDerived() has failed last.  If a user's function
 * catches the error, it was another one than that of the batch.
 */
static SubTransactionId failed_in = InvalidSubTransactionId;

/* Forgets earlier failures, also those of transactions that have ended. */
void
ForgetDerivedFailure(void)
{
	failed_in = InvalidSubTransactionId;
}

/* Notes that rows which follow from documents could not be written. */
void
NoteDerivedFailure(SubTransactionId subtransaction)
{
	failed_in = subtransaction;
}

/* Returns whether a subtransaction has failed in WriteDerived(). */
bool
FailedInDerived(SubTransactionId subtransaction)
{
	return failed_in == subtransaction;
}

/* Calls callback(argument), which writes rows that follow from documents. */
void
WriteDerived(DerivedCallback callback, void *argument)
{
	SubTransactionId subtransaction = GetCurrentSubTransactionId();

	PG_TRY();
	{
		callback(argument);
	}
	PG_CATCH();
	{
		NoteDerivedFailure(subtransaction);
		PG_RE_THROW();
	}
	PG_END_TRY();
}
