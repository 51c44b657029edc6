/*
 * restore.h
 *		Recognition of the rows that a restore inserts.
 */
#ifndef DOC_EXTRACTOR_RESTORE_H
#define DOC_EXTRACTOR_RESTORE_H

#include "utils/relcache.h"

/* Which of a statement's rows come from a backup. */
typedef enum RestoreMode
{
	RESTORE_NONE,				/* none */
	RESTORE_OLD_ROWS,			/* those not created in this transaction */
	RESTORE_ALL					/* all */
} RestoreMode;

extern bool IsDumpSession(void);
extern RestoreMode CurrentRestoreMode(Relation rel);
extern void LogRestore(Relation rel);

#endif							/* DOC_EXTRACTOR_RESTORE_H */
