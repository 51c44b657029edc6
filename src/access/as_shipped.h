/*
 * as_shipped.h
 *		Whether rows of a table can be written without the executor.
 */
#ifndef DOC_EXTRACTOR_AS_SHIPPED_H
#define DOC_EXTRACTOR_AS_SHIPPED_H

#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/relcache.h"

extern void RegisterInsertTrigger(const char *table, PGFunction function,
								  bool is_required);
extern bool IsAsShipped(Relation rel, CmdType operation);

#endif							/* DOC_EXTRACTOR_AS_SHIPPED_H */
