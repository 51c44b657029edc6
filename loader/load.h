/*-------------------------------------------------------------------------
 *
 * load.h
 *		What the parts of a load share.
 *
 * One thread walks, some read and extract, two send. Files go from the first to
 * the second by one queue, documents in batches to the third by another one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOAD_H
#define LOAD_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "connection.h"
#include "known.h"
#include "options.h"
#include "queue.h"

/* What is counted, for each root. */
typedef enum Count
{
	COUNT_SEEN,					/* files that the patterns select */
	COUNT_UNCHANGED,
	COUNT_NEW,					/* new documents at new locations */
	COUNT_DUPLICATES,			/* known documents at new locations */
	COUNT_CHANGED,				/* locations that have another document */
	COUNT_VANISHED,
	COUNT_DELETED,				/* skipped, as their document was deleted */
	COUNT_TOO_LARGE,			/* skipped */
	COUNT_TOO_YOUNG,			/* skipped */
	COUNT_FAILED,
	COUNT_WITHOUT_TEXT,			/* ingested, but no text was extracted */
	COUNT_BYTES,				/* that were read */
	COUNT_FOUND,				/* files to read */
	COUNT_FOUND_BYTES,
	COUNT_DONE,					/* of these */
	COUNT_DONE_BYTES,
	NCOUNTS
} Count;

/* A PATH of the command line. */
typedef struct Root
{
	char	   *path;			/* absolute */
	char	   *location;
	uint32_t	number;
	bool		is_folder;
	bool		is_empty;		/* a folder without any entry */
	dev_t		device;
	int			mount;			/* MountOfFile() for what is in it */
	GPtrArray  *mounts;			/* mount points that the walk has met, but for that: paths */
	int			folder;			/* open: the root, or what a file is in */
	atomic_int_fast64_t counts[NCOUNTS];
	GPtrArray  *unseen;			/* folders that the walk did not look into: paths */
} Root;

/* A file that has to be read. */
typedef struct File
{
	Root	   *root;
	int64_t		size;			/* as the walk has seen it */
	int			mount;			/* MountOfFile() */
	bool		is_known;		/* the location had a document */
	bool		is_retried;
	char		path[];
} File;

typedef struct Load
{
	const Options *options;
	Ledger		ledger;
	PGconn	   *conn;			/* of the main thread */
	char	   *started_at;		/* by the server's clock */
	Root	   *roots;
	uint32_t	nroots;
	uint32_t	nrecorded;		/* scans that were recorded */
	Known	   *known;
	Queue		files;			/* of File, to read */
	Queue		batches;		/* of Batch, to send */
	struct Batch *open;			/* is being filled */
	GMutex		open_lock;
	GMutex		changing_lock;
	GPtrArray  *changing;		/* of File: they changed while they were read */
	GMutex		current_lock;
	char	   *current;		/* what is being read, for the progress line */
	atomic_bool is_walked;		/* the walk is over */
	GMutex		end_lock;
	GCond		has_ended;		/* a thread has */
	int			nended;			/* so many have */
	gint64		started;		/* by the monotonic clock, in microseconds */
} Load;

static inline void
CountMore(Root *root, Count count, int64_t number)
{
	atomic_fetch_add_explicit(&root->counts[count], number, memory_order_relaxed);
}

static inline int64_t
CountOf(const Root *root, Count count)
{
	return atomic_load_explicit(&root->counts[count], memory_order_relaxed);
}

/* Returns a count of all roots together. */
extern int64_t CountOfAll(const Load *load, Count count);

/* Runs the command.  Returns the exit status. */
extern int	RunLoad(const Options *options);

#endif							/* LOAD_H */
