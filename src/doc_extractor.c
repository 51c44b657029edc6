/*
 * doc_extractor.c
 *		Entry point of the library.
 */
#include "postgres.h"

#include "fmgr.h"

#include "access/as_shipped.h"
#include "access/restricted_write.h"
#include "settings.h"
#include "triggers/drop_guard.h"
#include "triggers/trigger.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/* Called when the library is loaded: settings, hooks, what the engine must know. */
void
_PG_init(void)
{
	DefineSettings();
	InstallDropGuard();
	InstallWriteHooks();
	RegisterInsertTrigger("documents", documents_after_insert, true);
	RegisterInsertTrigger("audit_log", audit_log_check_actions, false);
}
