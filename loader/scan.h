/*-------------------------------------------------------------------------
 *
 * scan.h
 *		The end of a complete scan: which locations have vanished.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SCAN_H
#define SCAN_H

#include "load.h"

/* Asks the server for the time, before the walk.  Returns false, after a report, if it cannot. */
extern bool StartScan(Load *load);

/*
 * Records the scan of each root; in a dry run only counts what has vanished.  Returns false, after a
 * report, if one was not recorded.
 */
extern bool FinishScans(Load *load);

#endif							/* SCAN_H */
