/*-------------------------------------------------------------------------
 *
 * resent.h
 *		What became of documents that were sent again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RESENT_H
#define RESENT_H

#include "batch.h"

/*
 * Asks the server what an earlier attempt has done, for each of the documents.  Returns NULL, and
 * has reported why, if it cannot.
 */
extern PGresult *FetchDone(const Load *load, PGconn *conn, const GPtrArray *documents, guint first,
						   guint count);

/* Returns what a document that was at its location already counts as; sets the word for it. */
extern Count CountDone(const LoadedDocument *document, const PGresult *done, int row,
					   const char **word);

#endif							/* RESENT_H */
