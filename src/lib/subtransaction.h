/*
 * subtransaction.h
 *		Calls of functions that may fail.
 */
#ifndef DOC_EXTRACTOR_SUBTRANSACTION_H
#define DOC_EXTRACTOR_SUBTRANSACTION_H

typedef void (*SubtransactionCallback) (void *argument);

extern ErrorData *TryInSubtransaction(SubtransactionCallback callback,
									  void *argument);

#endif							/* DOC_EXTRACTOR_SUBTRANSACTION_H */
