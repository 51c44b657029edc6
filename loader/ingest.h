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
#include "send.h"

/*
 * Ingests some documents of an array, which were tried so often before.  Returns false if the load
 * must end.
 */
extern bool SendDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first,
						  guint count, const Attempts *before);

#endif							/* INGEST_H */
