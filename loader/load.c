/*-------------------------------------------------------------------------
 *
 * load.c
 *		load: from the folders to the ledger.
 *
 *-------------------------------------------------------------------------
 */
#include "load.h"

#include <string.h>

#include "batch.h"
#include "cancel.h"
#include "encoding.h"
#include "failures.h"
#include "locks.h"
#include "message.h"
#include "mounts.h"
#include "output.h"
#include "path.h"
#include "progress.h"
#include "read.h"
#include "root.h"
#include "scan.h"
#include "send.h"
#include "summary.h"
#include "texts.h"
#include "unchanged.h"
#include "walk.h"

#define NSENDERS 2

/* Files that wait to be read, and batches that wait to be sent. */
#define FILES_LIMIT 100000
#define BATCHES_LIMIT 2

/* The width of the ledger's column, in characters. */
#define SOURCE_WIDTH 255

#define TICK (G_USEC_PER_SEC / 20)

int64_t
CountOfAll(const Load *load, Count count)
{
	int64_t		sum = 0;

	for (uint32_t i = 0; i < load->nroots; i++)
		sum += CountOf(&load->roots[i], count);
	return sum;
}

/* Shows what would be read, in place of reading it. */
static void
ShowFiles(Load *load)
{
	File	   *file;
	GString    *location = g_string_new(NULL);

	while ((file = PopItem(&load->files, 0, NULL)) != NULL)
	{
		SetLocation(location, file->path);
		ShowFile(load->options, location->str, file->is_known ? "would read" : "would add");
		g_free(file);
	}
	g_string_free(location, TRUE);
}

static gpointer
ShowFilesThread(gpointer load)
{
	BlockSignals();
	ShowFiles(load);
	return NULL;
}

/* The thread that finds the files; it ends when all are read. */
static gpointer
FindFiles(gpointer pointer)
{
	Load	   *load = pointer;
	int			nreaders = load->options->dry_run ? 1 : load->options->jobs;
	GThread   **readers = g_new(GThread *, nreaders);

	BlockSignals();
	for (int i = 0; i < nreaders; i++)
		readers[i] = g_thread_new("read", load->options->dry_run ? ShowFilesThread : ReadFiles,
								  load);
	if (!load->options->retry_failed)
		Walk(load);
	else if (!QueueFailed(load))
		GiveUp();
	atomic_store(&load->is_walked, true);
	CloseQueue(&load->files);
	for (int i = 0; i < nreaders; i++)
		g_thread_join(readers[i]);
	g_free(readers);
	if (!load->options->dry_run)
	{
		Batch	   *rest;

		ReadChanging(load);
		rest = TakeOpenBatch(load);
		if (rest != NULL && !PushItem(&load->batches, rest))
			FreeBatch(rest);
	}
	CloseQueue(&load->batches);
	return NULL;
}

/* Tells the main thread that a thread has ended. */
static void
SayEnd(Load *load)
{
	g_mutex_lock(&load->end_lock);
	load->nended++;
	g_cond_signal(&load->has_ended);
	g_mutex_unlock(&load->end_lock);
}

/* Waits a tick, or until another thread has ended.  Returns whether all have. */
static bool
HaveEnded(Load *load, int nthreads)
{
	gint64		end = g_get_monotonic_time() + TICK;
	bool		have_ended;

	g_mutex_lock(&load->end_lock);
	if (load->nended < nthreads)
		g_cond_wait_until(&load->has_ended, &load->end_lock, end);
	have_ended = load->nended == nthreads;
	g_mutex_unlock(&load->end_lock);
	return have_ended;
}

/* A sender, which says when it has ended. */
static gpointer
RunSender(gpointer pointer)
{
	Load	   *load = pointer;

	SendBatches(load);
	SayEnd(load);
	return NULL;
}

/* The finder of files, the same. */
static gpointer
RunFinder(gpointer pointer)
{
	Load	   *load = pointer;

	FindFiles(load);
	SayEnd(load);
	return NULL;
}

/* Lets all threads work, and waits for their end. */
static void
RunThreads(Load *load)
{
	GThread    *threads[1 + NSENDERS];
	int			nthreads = 0;
	bool		is_stopping = false;

	threads[nthreads++] = g_thread_new("find", RunFinder, load);
	for (int i = 0; i < NSENDERS && !load->options->dry_run; i++)
		threads[nthreads++] = g_thread_new("send", RunSender, load);
	while (!HaveEnded(load, nthreads))
	{
		if (MustStop() && !is_stopping)
		{
			is_stopping = true;
			StopExtraction();
		}
		if (is_stopping)
		{
			EmptyQueue(&load->files, g_free);
			EmptyQueue(&load->batches, FreeBatch);
		}
		ShowProgress(load);
	}
	for (int i = 0; i < nthreads; i++)
		g_thread_join(threads[i]);
	EndProgress(load);
}

/* Returns the exit status of a load whose threads have ended. */
static int
FinishLoad(Load *load)
{
	/* Once all is done, nothing is left to be cancelled. */
	bool		is_done = !MustStop() && (load->options->retry_failed || FinishScans(load));

	if (!is_done && IsCancelled())
		return EXIT_CANCELLED;
	if (!is_done)
		return EXIT_FATAL;
	return CountOfAll(load, COUNT_FAILED) > 0 ? EXIT_SOME_FAILED : EXIT_ALL;
}

/* Prepares what the threads share. */
static void
PrepareLoad(Load *load, const Options *options)
{
	load->options = options;
	load->started = g_get_monotonic_time();
	load->changing = g_ptr_array_new();
	InitQueue(&load->files, FILES_LIMIT);
	InitQueue(&load->batches, BATCHES_LIMIT);
	g_mutex_init(&load->open_lock);
	g_mutex_init(&load->changing_lock);
	g_mutex_init(&load->current_lock);
	g_mutex_init(&load->end_lock);
	g_cond_init(&load->has_ended);
}

/* Ends the program if the server would refuse the name of the source. */
static void
CheckSource(const char *source)
{
	if (IsBlank(source))
		Fail("the name of the source is blank");
	if (!CanHold(source, strlen(source)))
		Fail("the database cannot hold the name of the source: \"%s\"", source);
	if (g_utf8_strlen(source, -1) > SOURCE_WIDTH)
		Fail("the name of the source has more than %d characters", SOURCE_WIDTH);
}

int
RunLoad(const Options *options)
{
	static Load load;
	int			status;

	PrepareLoad(&load, options);
	/* First, while the program is small and has one thread. */
	if (!options->dry_run && !options->no_extract)
		StartTexts(options);
	load.conn = OpenLedger(&load.ledger, options);
	CheckSource(options->source);
	SetRoots(&load);
	ReadMounts();
	CatchSignals();
	if ((!options->dry_run && !LockRoots(&load)) || !StartScan(&load) || !FetchKnown(&load))
		return IsCancelled() ? EXIT_CANCELLED : EXIT_FATAL;
	RunThreads(&load);
	status = FinishLoad(&load);
	if (status == EXIT_CANCELLED)
		ReportWarning(load.nrecorded == 0 ? "cancelled: no scan was recorded"
					  : "cancelled: not all scans were recorded");
	UnlockRoots(&load);
	PrintSummary(&load, status);
	PQfinish(load.conn);
	FreeKnown(load.known);
	return status;
}
