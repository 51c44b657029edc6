/*
 * order.h
 *		The order in which the documents of a batch are settled.
 */
#ifndef DOC_EXTRACTOR_ORDER_H
#define DOC_EXTRACTOR_ORDER_H

#include "document.h"

extern Document **SortDocuments(Document *documents, int ndocuments,
								int *nsorted);

#endif							/* DOC_EXTRACTOR_ORDER_H */
