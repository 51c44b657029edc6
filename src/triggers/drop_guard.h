/*
 * drop_guard.h
 *		The guard against dropping a ledger that has data, or columns of it.
 */
#ifndef DOC_EXTRACTOR_DROP_GUARD_H
#define DOC_EXTRACTOR_DROP_GUARD_H

#include "../access/ledger.h"

extern void InstallDropGuard(void);
extern void ArmDropGuard(void);
extern bool IsMemberTable(Oid object);
extern bool IsGuarded(Oid table);
extern bool IsGuardedSequence(Oid relation);
extern bool InOwnScript(void);

#endif							/* DOC_EXTRACTOR_DROP_GUARD_H */
