/*-------------------------------------------------------------------------
 *
 * refresh.h
 *		extract: texts for documents that are in the ledger.
 *
 *-------------------------------------------------------------------------
 */
#ifndef REFRESH_H
#define REFRESH_H

#include "options.h"

/* Runs the command.  Returns the exit status. */
extern int	RunExtract(const Options *options);

#endif							/* REFRESH_H */
