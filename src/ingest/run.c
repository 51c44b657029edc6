/*
 * run.c
 *		Runs of new documents in a batch: inserted together, in a subtransaction.
 *
 * Many rows at a time take less WAL and fewer visits of pages than one speculative
 * insertion after the other.  If another session turns out to have one of the
 * documents, the whole run is rolled back and goes one by one.
 */
#include "postgres.h"

#include "../compat.h"
#include "../tables/document_writer.h"
#include "run.h"

/* A shorter run does not pay for its subtransaction.  A test build may set it. */
#ifndef MIN_RUN
#define MIN_RUN 10
#endif

/*
 * How long a run may be at first.  That bounds what is rolled back.  It doubles as a
 * transaction goes on.
 */
#define FIRST_MAX_RUN 1000
#define RUNS_UNTIL_DOUBLED 4

/*
 * How many runs a transaction may have.  The server shows other sessions up to 64
 * subtransactions of ours in shared memory; more make their snapshots slow.
 */
#define MAX_RUNS 48

/* The runs of a transaction. */
static int	nruns = 0;
static LocalTransactionId transaction_of_runs = InvalidLocalTransactionId;

/* Returns how long a run of this transaction may be now, or 0 for none. */
static int
MaxRun(void)
{
	if (transaction_of_runs != CurrentLocalTransactionId())
		nruns = 0;
	transaction_of_runs = CurrentLocalTransactionId();
	return nruns >= MAX_RUNS ? 0 :
		FIRST_MAX_RUN << (nruns / RUNS_UNTIL_DOUBLED);
}

/* Returns how many of the groups, from the first on, are absent. */
static int
CountAbsent(const HashGroup *groups, int ngroups)
{
	int			count = 0;

	while (count < ngroups && groups[count].state == DOCUMENT_ABSENT &&
		   groups[count].nsettled == 0)
		count++;
	return count;
}

/* Inserts the first documents of groups.  Returns false if none is inserted. */
static bool
InsertFirst(const Ledger *ledger, HashGroup *groups, int ngroups)
{
	Document  **documents = palloc_extended(ngroups * sizeof(Document *),
											MCXT_ALLOC_HUGE);
	int64	   *ids = palloc_extended(ngroups * sizeof(int64),
									  MCXT_ALLOC_HUGE);
	bool		done;

	for (int i = 0; i < ngroups; i++)
		documents[i] = NextDocument(&groups[i]);
	done = InsertDocuments(ledger, documents, ngroups, ids);
	for (int i = 0; done && i < ngroups; i++)
	{
		groups[i].found->document_id = ids[i];
		groups[i].found->size = documents[i]->size;
		groups[i].found->has_text = !documents[i]->fields[FIELD_TEXT].isnull;
		SettleDocument(&groups[i]);
	}
	pfree(ids);
	pfree(documents);
	return done;
}

/*
 * Inserts the first documents of as many groups, in the order of their hashes, as
 * are absent, from the first group on.  Returns the number of groups that it has
 * dealt with: 0 if they are too few.  If one of them cannot be inserted, none of
 * them is.
 */
int
InsertRun(const Ledger *ledger, HashGroup *groups, int ngroups)
{
	int			count = CountAbsent(groups, Min(ngroups, MaxRun()));

	if (count < MIN_RUN)
		return 0;
	if (InsertFirst(ledger, groups, count))
		nruns++;
	else
		/* There may be more of the same. */
		nruns = MAX_RUNS;
	return count;
}
