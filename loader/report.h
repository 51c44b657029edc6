/*-------------------------------------------------------------------------
 *
 * report.h
 *		status and verify: what the server says of the ledger.
 *
 *-------------------------------------------------------------------------
 */
#ifndef REPORT_H
#define REPORT_H

#include "options.h"

/* Run the commands.  Return the exit status. */
extern int	RunStatus(const Options *options);
extern int	RunVerify(const Options *options);

#endif							/* REPORT_H */
