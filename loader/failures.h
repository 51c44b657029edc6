/*-------------------------------------------------------------------------
 *
 * failures.h
 *		Failures in error_log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FAILURES_H
#define FAILURES_H

#include "batch.h"
#include "send.h"

/*
 * Writes some failures of an array to error_log, which were tried so often before.  Returns false
 * if the load must end.
 */
extern bool SendFailures(Load *load, PGconn *conn, const GPtrArray *failures, guint first,
						 guint count, const Attempts *before);

/* Counts and shows a document that the server has refused, and written to error_log. */
extern void ShowRefusal(Load *load, PGconn *conn, const LoadedDocument *document,
						const char *error_id);

/* Writes to error_log that a document was refused.  Returns false if the load must end. */
extern bool RefuseDocument(Load *load, PGconn *conn, const LoadedDocument *document,
						   const char *message);

/* Queues the files that have failed before.  Returns false, and has reported why, if it cannot. */
extern bool QueueFailed(Load *load);

#endif							/* FAILURES_H */
