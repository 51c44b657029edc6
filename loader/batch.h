/*-------------------------------------------------------------------------
 *
 * batch.h
 *		Documents and failures that are sent to the server together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BATCH_H
#define BATCH_H

#include "extract.h"
#include "fingerprint.h"
#include "load.h"

#define SHA256_DIGITS 64

/* The most that goes over at once; a single document may be larger. */
#define BATCH_DOCUMENTS 1000
#define BATCH_BYTES (4 * 1024 * 1024)

/* A file that was read. */
typedef struct LoadedDocument
{
	File	   *file;
	char	   *name;
	char	   *location;
	char		hash[SHA256_DIGITS + 1];
	Fingerprint fingerprint;
	const char *type;			/* in static memory */
	char	   *text;			/* or NULL */
	size_t		text_length;
	char	   *metadata;		/* JSON, or NULL */
	char	   *extractor;		/* or NULL */
	char	   *error;			/* why the extraction failed, or NULL */
} LoadedDocument;

/* A file or folder that could not be read, or whose text could not be extracted. */
typedef struct Failure
{
	Root	   *root;
	char	   *name;
	char	   *location;
	const char *class;			/* in static memory */
	char	   *message;
	char	   *hash;			/* or NULL */
} Failure;

typedef struct Batch
{
	GPtrArray  *documents;		/* of LoadedDocument */
	GPtrArray  *failures;		/* of Failure */
	size_t		bytes;
} Batch;

extern Batch *CreateBatch(void);
extern void FreeBatch(gpointer batch);

/* Returns a failure in a form that the ledger takes; class is in static memory, hash may be NULL. */
extern Failure *CreateFailure(Root *root, const char *path, const char *class, const char *hash,
							  const char *message);
extern void FreeFailure(gpointer failure);

/* Adds a document to the open batch, which is sent once it is full.  Takes the document. */
extern void AddDocument(Load *load, LoadedDocument *document);

/* Records a failure: counts and shows it, and adds it to the open batch. */
extern void AddFailure(Load *load, Root *root, const char *path, const char *class,
					   const char *hash, const char *message);

/* Takes what is in the open batch; NULL if it is empty. */
extern Batch *TakeOpenBatch(Load *load);

#endif							/* BATCH_H */
