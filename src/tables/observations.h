/*
 * observations.h
 *		The observations of a batch: which documents are at which locations.
 */
#ifndef DOC_EXTRACTOR_OBSERVATIONS_H
#define DOC_EXTRACTOR_OBSERVATIONS_H

#include "document.h"

typedef struct Observations Observations;

extern Observations *CollectObservations(const Ledger *ledger,
										 Document **documents,
										 int ndocuments);
extern bool RepeatsLocation(Document **documents, int ndocuments);
extern void MarkAtLocation(Observations *observations, Document **duplicates,
						   int nduplicates, int64 document_id);
extern void StopObserving(Observations *observations);
extern void RecordObservations(Observations *observations);

#endif							/* DOC_EXTRACTOR_OBSERVATIONS_H */
