/*
 * derived.h
 *		Errors in the writing of rows that follow from documents.
 */
#ifndef DOC_EXTRACTOR_DERIVED_H
#define DOC_EXTRACTOR_DERIVED_H

typedef void (*DerivedCallback) (void *argument);

extern void WriteDerived(DerivedCallback callback, void *argument);
extern void ForgetDerivedFailure(void);
extern bool FailedInDerived(SubTransactionId subtransaction);
extern void NoteDerivedFailure(SubTransactionId subtransaction);

#endif							/* DOC_EXTRACTOR_DERIVED_H */
