/*-------------------------------------------------------------------------
 *
 * summary.h
 *		What a load has done, at its end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "load.h"

extern void PrintSummary(const Load *load, int status);

#endif							/* SUMMARY_H */
