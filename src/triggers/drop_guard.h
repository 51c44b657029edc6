/*
 * drop_guard.h
 *		The guard against dropping a ledger that has data.
 */
#ifndef DOC_EXTRACTOR_DROP_GUARD_H
#define DOC_EXTRACTOR_DROP_GUARD_H

extern void InstallDropGuard(void);
extern void ArmDropGuard(void);

#endif							/* DOC_EXTRACTOR_DROP_GUARD_H */
