/*
 * audit.h
 *		What happened to new documents before their hash_index rows.
 */
#ifndef DOC_EXTRACTOR_AUDIT_H
#define DOC_EXTRACTOR_AUDIT_H

#include "relations.h"

extern uint64 EarlyChanges(void);
extern void DeleteHash(const Ledger *ledger, Datum hash, int64 document_id);

#endif							/* DOC_EXTRACTOR_AUDIT_H */
