/*
 * run.h
 *		Runs of new documents in a batch.
 */
#ifndef DOC_EXTRACTOR_RUN_H
#define DOC_EXTRACTOR_RUN_H

#include "../access/ledger.h"
#include "batch.h"

extern int	InsertRun(const Ledger *ledger, HashGroup *groups, int ngroups);

#endif							/* DOC_EXTRACTOR_RUN_H */
