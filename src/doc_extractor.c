/*
 * doc_extractor.c
 *		Entry point of the library.
 */
#include "postgres.h"

#include "fmgr.h"

#include "access/restricted_write.h"
#include "settings.h"
#include "triggers/drop_guard.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/* Called when the library is loaded: defines settings, installs hooks. */
void
_PG_init(void)
{
	DefineSettings();
	InstallDropGuard();
	InstallWriteHooks();
}
