/*-------------------------------------------------------------------------
 *
 * progress.h
 *		The progress line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "load.h"

/* Shows how far the load is, if it is to be shown and the last time is long ago. */
extern void ShowProgress(Load *load);

/* Removes the line. */
extern void EndProgress(const Load *load);

#endif							/* PROGRESS_H */
