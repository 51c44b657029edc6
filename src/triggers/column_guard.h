/*
 * column_guard.h
 *		The guard against commands that would lose or change values in a ledger.
 */
#ifndef DOC_EXTRACTOR_COLUMN_GUARD_H
#define DOC_EXTRACTOR_COLUMN_GUARD_H

#include "access/attnum.h"
#include "nodes/nodes.h"

extern bool IsLedgerColumn(Oid table, AttrNumber column);
extern bool IsRenamed(Oid table, AttrNumber column);
extern void CheckCommand(Node *command);
extern void CheckRewrite(Oid table, int reasons);

#endif							/* DOC_EXTRACTOR_COLUMN_GUARD_H */
