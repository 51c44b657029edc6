/*
 * doc_extractor.c
 *		What the server calls when it loads the library.
 */
#include "postgres.h"

#include "fmgr.h"

#include "guard.h"
#include "settings.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/* Defines the settings and installs the guard. */
void
_PG_init(void)
{
	DefineSettings();
	InstallGuard();
}
