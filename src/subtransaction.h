/*
 * subtransaction.h
 *		Attempts that may fail.
 */
#ifndef DOC_EXTRACTOR_SUBTRANSACTION_H
#define DOC_EXTRACTOR_SUBTRANSACTION_H

typedef void (*AttemptCallback) (void *argument);

extern ErrorData *Attempt(AttemptCallback callback, void *argument);

#endif							/* DOC_EXTRACTOR_SUBTRANSACTION_H */
