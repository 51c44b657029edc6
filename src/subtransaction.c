/*
 * subtransaction.c
 *		Attempts that may fail, with nothing of them left behind.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "subtransaction.h"

/* How often rolling back may fail: at most once for each transition table. */
#define MAX_FAILURES 10

/*
 * Rolls back what an attempt did.  Where the disk is full, this fails at each
 * transition table with a temporary file, which the server writes to as it
 * closes it; the next time that one is gone.  With that error the session
 * would be stuck in the subtransaction.
 */
static void
RollBackAttempt(void)
{
	MemoryContext context = CurrentMemoryContext;
	volatile int failures = 0;
	volatile bool is_done = false;

	while (!is_done)
	{
		PG_TRY();
		{
			RollbackAndReleaseCurrentSubTransaction();
			is_done = true;
		}
		PG_CATCH();
		{
			if (++failures == MAX_FAILURES)
				PG_RE_THROW();
			MemoryContextSwitchTo(context);
			FlushErrorState();
		}
		PG_END_TRY();
	}
}

/*
 * Calls callback(argument) in a subtransaction, and in a memory context that
 * ends with it.  Returns NULL; or, where there was an error, rolls back what it
 * did and returns that, in the current memory context.  It is for the caller to
 * pass on what nobody may swallow.
 */
ErrorData *
Attempt(AttemptCallback callback, void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext attempt = AllocSetContextCreate(context,
												  "doc_extractor attempt",
												  ALLOCSET_DEFAULT_SIZES);
	ResourceOwner owner = CurrentResourceOwner;
	bool		in_script = creating_extension;
	Oid			script_extension = CurrentExtensionObject;
	MemoryContext transaction = CurTransactionContext;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	/*
	 * What has to outlive it goes to the transaction's memory at once: its
	 * own, once used, would all stay there until the transaction ends.
	 */
	CurTransactionContext = transaction;
	MemoryContextSwitchTo(attempt);
	PG_TRY();
	{
		callback(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollBackAttempt();
		/* BecomeOwner() leaves these to the end of the script. */
		creating_extension = in_script;
		CurrentExtensionObject = script_extension;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	/* What an error has kept from being freed goes here. */
	MemoryContextDelete(attempt);
	return error;
}
