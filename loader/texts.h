/*-------------------------------------------------------------------------
 *
 * texts.h
 *		Texts and metadata of documents, as the ledger takes them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEXTS_H
#define TEXTS_H

#include "batch.h"

/* Starts the extraction.  Ends the program if it cannot; for the main thread, before all others. */
extern void StartTexts(const Options *options);

/* Fills in text, metadata, extractor and error of a document.  If nobody can, the work ends: MustStop(). */
extern void ExtractTexts(LoadedDocument *document, int fd);

/* Frees these. */
extern void FreeTexts(LoadedDocument *document);

#endif							/* TEXTS_H */
