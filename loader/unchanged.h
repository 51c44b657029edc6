/*-------------------------------------------------------------------------
 *
 * unchanged.h
 *		What the ledger knows of the roots.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCHANGED_H
#define UNCHANGED_H

#include "load.h"

/* Fetches the current locations below all roots.  Returns false, after a report, if it cannot. */
extern bool FetchKnown(Load *load);

#endif							/* UNCHANGED_H */
