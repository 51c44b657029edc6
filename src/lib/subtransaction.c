/*
 * subtransaction.c
 *		Calls of functions that may fail, and then leave nothing behind.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "subtransaction.h"

/* How often a rollback may fail: at most once for each transition table. */
#define MAX_FAILURES 10

/*
 * Rolls back the subtransaction.  On a full disk, this fails at each transition
 * table with a temporary file, because the server writes to the file as it closes
 * it; the next rollback does not meet that file again.  If we passed that error
 * on, the session would be stuck in the subtransaction.
 */
static void
RollBackSubtransaction(void)
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
 * Calls callback(argument) in a subtransaction, and in a memory context that ends
 * with it.  Returns NULL on success.  After an error, rolls back what the callback
 * did and returns the error, in the current memory context.  The caller must
 * raise it again if nobody may ignore it, such as a cancel.
 */
ErrorData *
TryInSubtransaction(SubtransactionCallback callback, void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext callback_context =
		AllocSetContextCreate(context, "doc_extractor subtransaction",
							  ALLOCSET_DEFAULT_SIZES);
	ResourceOwner owner = CurrentResourceOwner;
	bool		in_script = creating_extension;
	Oid			script_extension = CurrentExtensionObject;
	MemoryContext transaction = CurTransactionContext;
	ErrorData  *volatile error = NULL;
	int			nest_level PG_USED_FOR_ASSERTS_ONLY = GetCurrentTransactionNestLevel();

	BeginInternalSubTransaction(NULL);

	/*
	 * What has to outlive the subtransaction goes into the outer one's memory
	 * at once.  The memory of a subtransaction, once used, stays until the
	 * transaction ends.
	 */
	CurTransactionContext = transaction;
	MemoryContextSwitchTo(callback_context);
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
		RollBackSubtransaction();
		/* SwitchToOwner() has changed these, see there. */
		creating_extension = in_script;
		CurrentExtensionObject = script_extension;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	Assert(GetCurrentTransactionNestLevel() == nest_level);
	/* Frees also what an error has left. */
	MemoryContextDelete(callback_context);
	return error;
}
