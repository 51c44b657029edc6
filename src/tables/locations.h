/*
 * locations.h
 *		Rows of document_locations: where documents were seen.
 */
#ifndef DOC_EXTRACTOR_LOCATIONS_H
#define DOC_EXTRACTOR_LOCATIONS_H

#include "document.h"

/* The observations of a batch: documents with their locations. */
typedef struct Observations Observations;

extern bool HasLocations(const Ledger *ledger);
extern Observations *CollectObservations(const Ledger *ledger,
										 Document **documents,
										 int ndocuments);
extern void MarkAtLocation(Observations *observations);
extern void RecordObservations(Observations *observations);

#endif							/* DOC_EXTRACTOR_LOCATIONS_H */
