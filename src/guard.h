/*
 * guard.h
 *		The guard against dropping a ledger with data.
 */
#ifndef DOC_EXTRACTOR_GUARD_H
#define DOC_EXTRACTOR_GUARD_H

extern void InstallGuard(void);

#endif							/* DOC_EXTRACTOR_GUARD_H */
