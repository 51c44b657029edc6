/*-------------------------------------------------------------------------
 *
 * refresh.c
 *		extract: texts for documents that are in the ledger.
 *
 * The main thread fetches documents with a location each; others read the files there
 * and store their texts.  A file counts only while its fingerprint is the ledger's.
 *
 *-------------------------------------------------------------------------
 */
#include "refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "cancel.h"
#include "connection.h"
#include "fingerprint.h"
#include "message.h"
#include "output.h"
#include "path.h"
#include "queue.h"
#include "texts.h"

/* So many documents are fetched at once, and wait. */
#define CHUNK 1000
#define CHUNK_TEXT "1000"

#define VERSION_OF(text) "pg_catalog.string_to_array(pg_catalog.substring(" text \
", '([0-9]{1,9}(?:[.][0-9]{1,9})*)[^0-9.]*$'), '.')::integer[]"

/* $1 source, $2 last id, $3 --type, $4 --missing, $5 --failed, $6 --older-than */
static const char *const document_query =
"SELECT d.id, d.file_type, l.location, l.fingerprint FROM @documents d"
" CROSS JOIN LATERAL (SELECT c.location, c.fingerprint FROM @current_locations c"
" WHERE c.document_id = d.id AND c.ingestion_source = $1 ORDER BY c.id DESC LIMIT 1) l"
" WHERE d.id > $2::bigint AND ($3::text IS NULL OR d.file_type = $3)"
" AND ($4::boolean AND d.document_text IS NULL"
" OR $5::boolean AND d.ingestion_status IN ('failed', 'retry')"
" OR " VERSION_OF("d.extractor") " < " VERSION_OF("$6::text") ")"
" ORDER BY d.id LIMIT " CHUNK_TEXT;

/* What becomes of a document. */
typedef enum Outcome
{
	OUTCOME_STORED,				/* a text, metadata or both */
	OUTCOME_NO_TEXT,			/* there is none, or nothing new */
	OUTCOME_CHANGED,			/* the file has changed since: load reads it */
	OUTCOME_FAILED,
	NOUTCOMES
} Outcome;

static const char *const words[NOUTCOMES] = {"stored", "no text", "changed", "failed"};

typedef struct Refresh
{
	const Options *options;
	Ledger		ledger;
	GHashTable *roots;			/* paths that were loaded */
	Queue		queue;			/* of Candidate */
	atomic_int_fast64_t counts[NOUTCOMES];
} Refresh;

/* A document whose text is to be extracted. */
typedef struct Candidate
{
	char	   *id;
	char	   *type;
	char	   *location;
	char	   *fingerprint;
} Candidate;

static void
FreeCandidate(gpointer pointer)
{
	Candidate  *candidate = pointer;

	g_free(candidate->id);
	g_free(candidate->type);
	g_free(candidate->location);
	g_free(candidate->fingerprint);
	g_free(candidate);
}

/* Returns whether an open file is the one that the ledger knows. */
static bool
IsSameFile(const Candidate *candidate, int fd)
{
	struct stat st;
	Fingerprint fingerprint;
	Fingerprint known;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		!ParseFingerprint(candidate->fingerprint, (int) strlen(candidate->fingerprint), &known))
		return false;
	fingerprint = FingerprintOf(&st);
	return SameFingerprint(&fingerprint, &known) && !known.is_recent;
}

/* Stores what was extracted. */
static Outcome
StoreTexts(const Refresh *refresh, PGconn *conn, const Candidate *candidate,
		   const LoadedDocument *document)
{
	/* What has a text is chosen for a newer one only. */
	const char *values[5] = {
		candidate->id, document->text, document->metadata, document->extractor,
		refresh->options->older_than != NULL || refresh->options->failed ? "t" : "f"
	};
	PGresult   *result = RunQuery(&refresh->ledger, conn,
								  "SELECT text_stored OR metadata_stored"
								  " FROM @record_extraction($1::bigint, $2, $3::json, $4, $5::boolean)",
								  5, values);
	bool		is_stored = result != NULL && PQgetvalue(result, 0, 0)[0] == 't';

	PQclear(result);
	if (result == NULL)
		return OUTCOME_FAILED;
	return is_stored ? OUTCOME_STORED : OUTCOME_NO_TEXT;
}

/* Extracts the text of a file that is open. */
static Outcome
RefreshFile(const Refresh *refresh, PGconn *conn, const Candidate *candidate, int fd)
{
	LoadedDocument document = {.type = candidate->type};
	Outcome		outcome;

	if (!IsSameFile(candidate, fd))
		return OUTCOME_CHANGED;
	ExtractTexts(&document, fd);
	if (!IsSameFile(candidate, fd))
		outcome = OUTCOME_CHANGED;
	else if (document.error != NULL)
	{
		ShowFailure(refresh->options, candidate->location, "extraction_failed", document.error);
		outcome = OUTCOME_FAILED;
	}
	else if (document.extractor == NULL || document.text == NULL)
		outcome = OUTCOME_NO_TEXT;
	else
		outcome = StoreTexts(refresh, conn, candidate, &document);
	FreeTexts(&document);
	return outcome;
}

/* Returns the folder that a path was loaded from, "/" if it is not known. */
static char *
BaseOf(const Refresh *refresh, const char *path)
{
	char	   *base = g_path_get_dirname(path);
	bool		is_base = g_hash_table_contains(refresh->roots, path);

	while (!is_base && strcmp(base, "/") != 0 && !g_hash_table_contains(refresh->roots, base))
	{
		char	   *above = g_path_get_dirname(base);

		g_free(base);
		base = above;
	}
	return base;
}

/* Opens a file as load does: below the folder that the user has named, no link is followed. */
static int
OpenLocation(const Refresh *refresh, const char *path)
{
	char	   *base = BaseOf(refresh, path);
	const char *relative = path + strlen(base) + (strcmp(base, "/") != 0);
	int			folder = open(base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int			fd = -1;
	int			error;

	if (folder >= 0)
		fd = OpenBelow(folder, relative, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	error = errno;
	if (folder >= 0)
		close(folder);
	g_free(base);
	errno = error;
	return fd;
}

/* Extracts the text of a document. */
static Outcome
RefreshDocument(const Refresh *refresh, PGconn *conn, const Candidate *candidate)
{
	char	   *path = PathOfLocation(candidate->location);
	bool		is_path = path != NULL && IsCanonical(path);
	int			fd = is_path ? OpenLocation(refresh, path) : -1;
	Outcome		outcome;

	if (fd >= 0)
		outcome = RefreshFile(refresh, conn, candidate, fd);
	else if (!is_path || errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		outcome = OUTCOME_CHANGED;
	else
	{
		ShowFailure(refresh->options, candidate->location, "file_unreadable", strerror(errno));
		outcome = OUTCOME_FAILED;
	}
	if (fd >= 0)
		close(fd);
	g_free(path);
	return outcome;
}

/* A thread that extracts, with a connection of its own. */
static gpointer
RefreshDocuments(gpointer pointer)
{
	Refresh    *refresh = pointer;
	PGconn	   *conn;
	Candidate  *candidate;

	BlockSignals();
	conn = OpenConnection(&refresh->ledger);
	if (conn == NULL)
		GiveUp();
	while (!MustStop() && (candidate = PopItem(&refresh->queue, 0, NULL)) != NULL)
	{
		Outcome		outcome = RefreshDocument(refresh, conn, candidate);

		if (PQstatus(conn) != CONNECTION_OK && !ReopenConnection(conn))
			GiveUp();
		atomic_fetch_add(&refresh->counts[outcome], 1);
		ShowFile(refresh->options, candidate->location, words[outcome]);
		FreeCandidate(candidate);
	}
	/* The main thread must not wait for room. */
	if (MustStop())
		CloseQueue(&refresh->queue);
	PQfinish(conn);
	return NULL;
}

/* Queues the documents of a result, and sets the last id. */
static void
QueueDocuments(Refresh *refresh, const PGresult *result, char **last)
{
	for (int row = 0; row < PQntuples(result) && !MustStop(); row++)
	{
		Candidate  *candidate = g_new(Candidate, 1);

		candidate->id = g_strdup(PQgetvalue(result, row, 0));
		candidate->type = g_strdup(PQgetvalue(result, row, 1));
		candidate->location = g_strdup(PQgetvalue(result, row, 2));
		candidate->fingerprint = g_strdup(PQgetvalue(result, row, 3));
		g_free(*last);
		*last = g_strdup(candidate->id);
		if (refresh->options->dry_run)
		{
			atomic_fetch_add(&refresh->counts[OUTCOME_STORED], 1);
			ShowFile(refresh->options, candidate->location, "would extract");
			FreeCandidate(candidate);
		}
		else if (!PushItem(&refresh->queue, candidate))
			FreeCandidate(candidate);
	}
}

/* Fetches the folders that were loaded.  Returns false, and has reported why, if it cannot. */
static bool
FetchRoots(Refresh *refresh, PGconn *conn)
{
	const char *values[1] = {refresh->options->source};
	PGresult   *result = RunQuery(&refresh->ledger, conn,
								  "SELECT DISTINCT root FROM @scans WHERE ingestion_source = $1",
								  1, values);

	refresh->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int row = 0; result != NULL && row < PQntuples(result); row++)
	{
		char	   *path = PathOfLocation(PQgetvalue(result, row, 0));

		if (path != NULL)
			g_hash_table_add(refresh->roots, path);
	}
	PQclear(result);
	return result != NULL;
}

/* Fetches all documents that are asked for. */
static void
FetchDocuments(Refresh *refresh, PGconn *conn)
{
	const Options *options = refresh->options;
	char	   *last = g_strdup("0");
	int			nrows = CHUNK;

	while (nrows == CHUNK && !MustStop())
	{
		const char *values[6] = {
			options->source, last, options->type, options->missing ? "t" : "f",
			options->failed ? "t" : "f", options->older_than
		};
		PGresult   *result = RunQuery(&refresh->ledger, conn, document_query, 6, values);

		if (result == NULL)
		{
			GiveUp();
			break;
		}
		nrows = PQntuples(result);
		QueueDocuments(refresh, result, &last);
		PQclear(result);
	}
	g_free(last);
}

/* Prints what was done. */
static void
PrintOutcomes(const Refresh *refresh, int status)
{
	const int64_t stored = atomic_load(&refresh->counts[OUTCOME_STORED]);
	const int64_t no_text = atomic_load(&refresh->counts[OUTCOME_NO_TEXT]);
	const int64_t changed = atomic_load(&refresh->counts[OUTCOME_CHANGED]);
	const int64_t failed = atomic_load(&refresh->counts[OUTCOME_FAILED]);

	if (refresh->options->json)
		PrintLine("{\"type\": \"summary\", \"%s\": %" PRId64 ", \"no_text\": %" PRId64
				  ", \"changed\": %" PRId64 ", \"failed\": %" PRId64
				  ", \"dry_run\": %s, \"exit_status\": %d}",
				  refresh->options->dry_run ? "to_extract" : "stored", stored, no_text, changed,
				  failed, refresh->options->dry_run ? "true" : "false", status);
	else if (refresh->options->dry_run)
		PrintLine("%12" PRId64 " to extract; nothing was done", stored);
	else
		PrintLine("%12" PRId64 " stored\n%12" PRId64 " without a text\n%12" PRId64
				  " changed or gone\n%12" PRId64 " failed", stored, no_text, changed, failed);
}

int
RunExtract(const Options *options)
{
	static Refresh refresh;
	GThread   **threads = g_new(GThread *, options->jobs);
	int			nthreads = options->dry_run ? 0 : options->jobs;
	PGconn	   *conn;
	int			status;

	refresh.options = options;
	if (!options->dry_run)
		StartTexts(options);
	conn = OpenLedger(&refresh.ledger, options);
	if (!FetchRoots(&refresh, conn))
		return EXIT_FATAL;
	InitQueue(&refresh.queue, CHUNK);
	for (int i = 0; i < nthreads; i++)
		threads[i] = g_thread_new("extract", RefreshDocuments, &refresh);
	FetchDocuments(&refresh, conn);
	CloseQueue(&refresh.queue);
	for (int i = 0; i < nthreads; i++)
		g_thread_join(threads[i]);
	g_free(threads);
	PQfinish(conn);
	status = HasGivenUp() ? EXIT_FATAL
		: atomic_load(&refresh.counts[OUTCOME_FAILED]) > 0 ? EXIT_SOME_FAILED : EXIT_ALL;
	PrintOutcomes(&refresh, status);
	return status;
}
