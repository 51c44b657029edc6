/*-------------------------------------------------------------------------
 *
 * walk.h
 *		Finds the files below the roots.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALK_H
#define WALK_H

#include "load.h"

/* Walks through all roots, and visits each file that the patterns select. */
extern void Walk(Load *load);

#endif							/* WALK_H */
