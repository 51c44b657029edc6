/*-------------------------------------------------------------------------
 *
 * batch.c
 *		Documents and failures that are sent to the server together.
 *
 * All readers fill one batch.  When it is full, it goes to the senders' queue, which
 * holds few: so the memory for what waits is bounded, and the readers wait if the server
 * is slower.
 *
 *-------------------------------------------------------------------------
 */
#include "batch.h"

#include <string.h>

#include "encoding.h"
#include "output.h"
#include "path.h"

/* The width of the ledger's column, in characters. */
#define MESSAGE_WIDTH 2000

static void
FreeDocument(gpointer pointer)
{
	LoadedDocument *document = pointer;

	g_free(document->file);
	g_free(document->name);
	g_free(document->location);
	g_free(document->text);
	g_free(document->metadata);
	g_free(document->extractor);
	g_free(document->error);
	g_free(document);
}

Failure *
CreateFailure(Root *root, const char *path, const char *class, const char *hash,
			  const char *message)
{
	Failure    *failure = g_new(Failure, 1);
	GString    *location = g_string_new(NULL);

	SetLocation(location, path);
	failure->root = root;
	failure->name = NameOfPath(path);
	failure->location = g_string_free(location, FALSE);
	failure->class = class;
	failure->message = MakeShort(IsBlank(message) ? "there is no message" : message,
								 MESSAGE_WIDTH);
	failure->hash = g_strdup(hash);
	return failure;
}

void
FreeFailure(gpointer pointer)
{
	Failure    *failure = pointer;

	g_free(failure->name);
	g_free(failure->location);
	g_free(failure->message);
	g_free(failure->hash);
	g_free(failure);
}

Batch *
CreateBatch(void)
{
	Batch	   *batch = g_new(Batch, 1);

	batch->documents = g_ptr_array_new_with_free_func(FreeDocument);
	batch->failures = g_ptr_array_new_with_free_func(FreeFailure);
	batch->bytes = 0;
	return batch;
}

void
FreeBatch(gpointer pointer)
{
	Batch	   *batch = pointer;

	g_ptr_array_unref(batch->documents);
	g_ptr_array_unref(batch->failures);
	g_free(batch);
}

/* Returns what a document takes on its way, about. */
static size_t
BytesOf(const LoadedDocument *document)
{
	return document->text_length + strlen(document->location) + strlen(document->name) +
		(document->metadata != NULL ? strlen(document->metadata) : 0) + 200;
}

Batch *
TakeOpenBatch(Load *load)
{
	Batch	   *batch;

	g_mutex_lock(&load->open_lock);
	batch = load->open;
	load->open = NULL;
	g_mutex_unlock(&load->open_lock);
	return batch;
}

/* Opens a batch if none is open, while the lock is held. */
static Batch *
OpenBatch(Load *load)
{
	if (load->open == NULL)
		load->open = CreateBatch();
	return load->open;
}

/* Sends a batch that was taken out; drops it if the load ends early. */
static void
SendFull(Load *load, Batch *full)
{
	if (full != NULL && !PushItem(&load->batches, full))
		FreeBatch(full);
}

/* Takes the open batch out if it is full, while the lock is held; else returns NULL. */
static Batch *
TakeIfFull(Load *load)
{
	Batch	   *batch = load->open;

	if (batch->documents->len + batch->failures->len < BATCH_DOCUMENTS &&
		batch->bytes < BATCH_BYTES)
		return NULL;
	load->open = NULL;
	return batch;
}

void
AddDocument(Load *load, LoadedDocument *document)
{
	size_t		bytes = BytesOf(document);
	Batch	   *before = NULL;
	Batch	   *full;

	g_mutex_lock(&load->open_lock);
	/* A batch is larger than the limit only if a single document is. */
	if (load->open != NULL && load->open->bytes + bytes > BATCH_BYTES)
	{
		before = load->open;
		load->open = NULL;
	}
	g_ptr_array_add(OpenBatch(load)->documents, document);
	load->open->bytes += bytes;
	full = TakeIfFull(load);
	g_mutex_unlock(&load->open_lock);
	SendFull(load, before);
	SendFull(load, full);
}

void
AddFailure(Load *load, Root *root, const char *path, const char *class, const char *hash,
		   const char *message)
{
	Failure    *failure = CreateFailure(root, path, class, hash, message);
	Batch	   *full = NULL;

	CountMore(root, COUNT_FAILED, 1);
	ShowFailure(load->options, failure->location, class, failure->message);
	if (load->options->dry_run)
	{
		FreeFailure(failure);
		return;
	}
	g_mutex_lock(&load->open_lock);
	g_ptr_array_add(OpenBatch(load)->failures, failure);
	full = TakeIfFull(load);
	g_mutex_unlock(&load->open_lock);
	SendFull(load, full);
}
