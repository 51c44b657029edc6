/*-------------------------------------------------------------------------
 *
 * locks.h
 *		Advisory locks on source and root.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOCKS_H
#define LOCKS_H

#include "load.h"

/* Locks all roots for the session.  Returns false, and has reported why, if it cannot. */
extern bool LockRoots(Load *load);

/* Unlocks them: the server would take a moment to notice that the session has ended. */
extern void UnlockRoots(Load *load);

#endif							/* LOCKS_H */
