/*
 * constraints.c
 *		Deferrable constraints while we write as an owner who could gain rights.
 *
 * The server refuses to defer a trigger in a security-restricted operation: it
 * would run later, as somebody else.  So deferrable constraints, constraint
 * triggers among them, are checked at the end of each statement there, those of
 * users' triggers and foreign keys included.  SET CONSTRAINTS would do the same,
 * but would also check what the caller has deferred before, and its mode could not
 * be restored.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/reltrigger.h"

#include "constraints.h"
#include "identity.h"

static ExecutorStart_hook_type next_hook = NULL;

/* Makes the constraints of a table immediate, for the rows of one statement. */
void
CheckConstraintsNow(ResultRelInfo *rri)
{
	TriggerDesc *triggers = rri->ri_TrigDesc;

	if (triggers == NULL || !InRestrictedWrite())
		return;
	/* It is the statement's own copy. */
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		triggers->triggers[i].tgdeferrable = false;
		triggers->triggers[i].tginitdeferred = false;
	}
}

/* Starts a statement, and does so for all tables that it writes. */
static void
StartStatement(QueryDesc *query, int flags)
{
	ListCell   *cell;

	if (next_hook != NULL)
		next_hook(query, flags);
	else
		standard_ExecutorStart(query, flags);
	foreach(cell, query->estate->es_opened_result_relations)
		CheckConstraintsNow(lfirst(cell));
}

/* Called when the library is loaded. */
void
InstallConstraintHook(void)
{
	next_hook = ExecutorStart_hook;
	ExecutorStart_hook = StartStatement;
}
