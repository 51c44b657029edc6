/*-------------------------------------------------------------------------
 *
 * ingest.h
 *		Ingests documents of a batch.
 *
 *-------------------------------------------------------------------------
 */
#ifndef INGEST_H
#define INGEST_H

#include "batch.h"

/* Ingests some documents of an array.  Returns false if the load must end. */
extern bool SendDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first,
						  guint count);

#endif							/* INGEST_H */
