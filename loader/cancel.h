/*-------------------------------------------------------------------------
 *
 * cancel.h
 *		Whether the program has to end early: cancelled, or unable to go on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CANCEL_H
#define CANCEL_H

#include <stdbool.h>

/*
 * Catches SIGINT, SIGTERM and SIGHUP from now on, unless they are ignored; a second one ends the
 * program at once.
 */
extern void CatchSignals(void);

/* Keeps signals from the calling thread: the main thread gets them. */
extern void BlockSignals(void);

extern bool IsCancelled(void);

/* Something fatal has been reported: all threads have to end. */
extern void GiveUp(void);
extern bool HasGivenUp(void);

/* Either of them. */
extern bool MustStop(void);

#endif							/* CANCEL_H */
