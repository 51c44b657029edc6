/*-------------------------------------------------------------------------
 *
 * read.c
 *		Reads files: type, hash, text.
 *
 * A file counts only if it is the same before and after.  One that has changed is
 * read once more at the end.
 *
 *-------------------------------------------------------------------------
 */
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "cancel.h"
#include "hash.h"
#include "path.h"
#include "root.h"
#include "texts.h"

/* Notes that a file is through, whatever became of it. */
static void
Done(File *file)
{
	CountMore(file->root, COUNT_DONE, 1);
	CountMore(file->root, COUNT_DONE_BYTES, file->size);
}

/* Records that a file failed, and frees it. */
static void
FailFile(Load *load, File *file, const char *class, const char *message)
{
	Done(file);
	AddFailure(load, file->root, file->path, class, NULL, message);
	g_free(file);
}

static void
FailBySystem(Load *load, File *file, int error)
{
	bool		is_gone = error == ENOENT || error == ENOTDIR || error == ELOOP;

	FailFile(load, file, is_gone ? "file_vanished" : "file_unreadable", strerror(error));
}

/* Reads a file again at the end, once. */
static void
TryAgain(Load *load, File *file)
{
	if (file->is_retried)
	{
		FailFile(load, file, "file_changed", "the file changes while it is read");
		return;
	}
	file->is_retried = true;
	g_mutex_lock(&load->changing_lock);
	g_ptr_array_add(load->changing, file);
	g_mutex_unlock(&load->changing_lock);
}

/* Returns a document that names its file, and takes it. */
static LoadedDocument *
CreateDocument(File *file, const char *hash, const Fingerprint *fingerprint)
{
	LoadedDocument *document = g_new0(LoadedDocument, 1);
	GString    *location = g_string_new(NULL);

	SetLocation(location, file->path);
	document->file = file;
	document->name = NameOfPath(file->path);
	document->location = g_string_free(location, FALSE);
	memcpy(document->hash, hash, SHA256_DIGITS + 1);
	document->fingerprint = *fingerprint;
	return document;
}

/* Frees a document, but not its file. */
static void
DropDocument(LoadedDocument *document)
{
	g_free(document->name);
	g_free(document->location);
	FreeTexts(document);
	g_free(document);
}

/* Adds a document to the batch, and what is wrong with it. */
static void
Deliver(Load *load, LoadedDocument *document)
{
	/* Once it is in the batch it may be gone at any time. */
	Root	   *root = document->file->root;
	char	   *path = NULL;
	char	   *error = NULL;
	char		hash[SHA256_DIGITS + 1];

	if (document->error != NULL)
	{
		path = g_strdup(document->file->path);
		error = g_strdup(document->error);
		memcpy(hash, document->hash, sizeof(hash));
	}
	AddDocument(load, document);
	if (error != NULL)
		AddFailure(load, root, path, "extraction_failed", hash, error);
	g_free(path);
	g_free(error);
}

/* Extracts the text of a file that was hashed, and adds it to the batch. */
static void
TakeFile(Load *load, File *file, int fd, const struct stat *before,
		 const struct timespec *started_at, const char *hash)
{
	Fingerprint fingerprint = FingerprintOf(before);
	LoadedDocument *document = CreateDocument(file, hash, &fingerprint);
	struct stat after;

	MarkRecent(&document->fingerprint, started_at);
	document->fingerprint.mount = file->mount;
	document->type = DetectType(document->name, fd);
	if (!load->options->no_extract)
		ExtractTexts(document, fd);
	if (MustStop())
	{
		DropDocument(document);
		g_free(file);
		return;
	}
	if (fstat(fd, &after) == 0)
	{
		Fingerprint now = FingerprintOf(&after);

		if (SameFingerprint(&fingerprint, &now))
		{
			Done(file);
			CountMore(file->root, COUNT_BYTES, before->st_size);
			if (document->text == NULL && !load->options->no_extract)
				CountMore(file->root, COUNT_WITHOUT_TEXT, 1);
			Deliver(load, document);
			return;
		}
	}
	DropDocument(document);
	TryAgain(load, file);
}

/* Tells the progress line what is being read. */
static void
ShowCurrent(Load *load, const char *path)
{
	if (!load->options->progress)
		return;
	g_mutex_lock(&load->current_lock);
	g_free(load->current);
	load->current = g_strdup(path);
	g_mutex_unlock(&load->current_lock);
}

/* Reads a file, which this frees or hands on. */
static void
ReadFile(Load *load, Hasher *hasher, File *file)
{
	int			fd;
	struct stat st;
	struct timespec started_at;
	char		hash[SHA256_DIGITS + 1];

	ShowCurrent(load, file->path);
	clock_gettime(CLOCK_REALTIME, &started_at);
	/* A pipe that has taken the file's place must not block. */
	fd = OpenInRoot(file->root, file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		FailBySystem(load, file, errno);
	else if (!S_ISREG(st.st_mode))
		FailFile(load, file, "file_vanished", "it is no file any more");
	else
	{
		switch (HashFile(hasher, fd, st.st_size, hash))
		{
			case HASH_DONE:
				TakeFile(load, file, fd, &st, &started_at, hash);
				break;
			case HASH_FAILED:
				FailBySystem(load, file, errno);
				break;
			case HASH_CHANGED:
				TryAgain(load, file);
				break;
			case HASH_STOPPED:
				g_free(file);
				break;
		}
	}
	if (fd >= 0)
		close(fd);
}

gpointer
ReadFiles(gpointer pointer)
{
	Load	   *load = pointer;
	Hasher	   *hasher = CreateHasher();
	File	   *file;

	BlockSignals();
	while ((file = PopItem(&load->files, 0, NULL)) != NULL)
	{
		if (MustStop())
			g_free(file);
		else
			ReadFile(load, hasher, file);
	}
	FreeHasher(hasher);
	return NULL;
}

void
ReadChanging(Load *load)
{
	Hasher	   *hasher = CreateHasher();

	/* Each of them is retried, so it does not come back. */
	for (guint i = 0; i < load->changing->len; i++)
	{
		File	   *file = g_ptr_array_index(load->changing, i);

		if (MustStop())
			g_free(file);
		else
			ReadFile(load, hasher, file);
	}
	FreeHasher(hasher);
}
