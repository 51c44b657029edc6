/*-------------------------------------------------------------------------
 *
 * scan.c
 *		The end of a complete scan: which locations have vanished.
 *
 * A location that the walk has not met has vanished if the walk would have met it:
 * not if it is below a folder that the walk has not looked into, or was on a file
 * system that is not mounted now, or the patterns leave it out.
 *
 *-------------------------------------------------------------------------
 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "cancel.h"
#include "failures.h"
#include "fingerprint.h"
#include "locks.h"
#include "message.h"
#include "mounts.h"
#include "output.h"
#include "parameters.h"
#include "path.h"
#include "root.h"
#include "send.h"
#include "visit.h"

/* So many locations are fetched at once. */
#define CHUNK 10000

/* So many mount points are reported, at most. */
#define MAX_WARNINGS 10

/* What has vanished below a root. */
typedef struct Vanished
{
	Load	   *load;
	Root	   *root;
	GHashTable *unseen;			/* folders that the walk did not look into */
	GHashTable *mounts;			/* paths of mount points, and whether the file system is missing */
	GArray	   *candidates;		/* int64: ids of locations that the walk has not met */
	GArray	   *ids;			/* int64: those that have vanished */
	int64_t		nknown;			/* locations that the ledger has below the root */
	int			nmissing;		/* mount points that lack their file systems */
} Vanished;

bool
StartScan(Load *load)
{
	PGresult   *result = RunQuery(&load->ledger, load->conn,
								  "SELECT pg_catalog.clock_timestamp()", 0, NULL);

	if (result == NULL)
		return false;
	load->started_at = g_strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

/* Collects what the walk has not met. */
static void
CollectCandidates(Vanished *vanished)
{
	size_t		position = 0;
	KnownLocation *known;

	while ((known = NextKnown(vanished->load->known, &position)) != NULL)
	{
		if (known->root != vanished->root->number || known->is_deleted)
			continue;
		vanished->nknown++;
		if (!known->is_seen)
			g_array_append_val(vanished->candidates, known->id);
	}
}

/* Returns whether the walk has not looked into one of the folders of a path. */
static bool
IsUnseen(const Vanished *vanished, const char *path)
{
	char	   *folder = g_strdup(path);
	bool		is_unseen = g_hash_table_contains(vanished->unseen, "/");

	for (char *slash; !is_unseen && (slash = strrchr(folder, '/')) != NULL;)
	{
		is_unseen = g_hash_table_contains(vanished->unseen, folder);
		*slash = '\0';
	}
	g_free(folder);
	return is_unseen;
}

/* Returns whether a file system was mounted there when the walk came by. */
static bool
WasMounted(const Root *root, const char *mount_point)
{
	if (CountNames(mount_point) == root->mount && IsBelow(root->path, mount_point))
		return true;
	for (guint i = 0; i < root->mounts->len; i++)
		if (strcmp(g_ptr_array_index(root->mounts, i), mount_point) == 0)
			return true;
	return false;
}

/* Returns whether a file system was missing on a mount point.  Reports it once. */
static bool
IsMissing(Vanished *vanished, const char *mount_point)
{
	gpointer	known;
	bool		is_missing;

	if (g_hash_table_lookup_extended(vanished->mounts, mount_point, NULL, &known))
		return known != NULL;
	is_missing = !WasMounted(vanished->root, mount_point) && MayLackMount(mount_point);
	if (is_missing && ++vanished->nmissing <= MAX_WARNINGS)
	{
		ReportWarning("no file system is mounted on \"%s\", as there was when files below it were"
					  " read, so they do not count as vanished", mount_point);
		ReportHint("Mount it. If it is gone for good, put something into that folder.");
	}
	g_hash_table_insert(vanished->mounts, g_strdup(mount_point), is_missing ? vanished->mounts : NULL);
	return is_missing;
}

/* Returns whether a path was on a file system that is not mounted now. */
static bool
IsOutOfSight(Vanished *vanished, const char *path, const char *fingerprint)
{
	Fingerprint known;
	char	   *mount_point = ParseFingerprint(fingerprint, (int) strlen(fingerprint), &known) ?
		MountPointOf(path, known.mount) : NULL;
	bool		is_missing = mount_point != NULL && IsMissing(vanished, mount_point);

	g_free(mount_point);
	return is_missing;
}

/* Returns whether a location that the walk has not met has vanished. */
static bool
HasVanished(Vanished *vanished, const char *location, const char *fingerprint)
{
	const Root *root = vanished->root;
	char	   *path = PathOfLocation(location);
	bool		has_vanished = path != NULL && IsCanonical(path) && IsBelow(path, root->path) &&
		!IsUnseen(vanished, path) &&
		IsSelectedFile(vanished->load->options, RelativePath(root, path)) &&
		!IsOutOfSight(vanished, path, fingerprint);

	g_free(path);
	return has_vanished;
}

/* Judges some of the candidates, by their locations. */
static bool
JudgeChunk(Vanished *vanished, guint first, guint count)
{
	Load	   *load = vanished->load;
	Parameters	parameters = {0};
	char	   *query = LedgerSql(&load->ledger,
								  "SELECT id, location, fingerprint FROM @document_locations"
								  " WHERE id = ANY ($1) ORDER BY id");
	int			array = StartArray(&parameters, TYPE_INT8, count);
	PGresult   *result;
	bool		is_good;

	for (guint i = first; i < first + count; i++)
		AppendInt64(&parameters, array, g_array_index(vanished->candidates, int64_t, i));
	CompleteParameters(&parameters);
	result = PQexecParams(load->conn, query, 1, NULL, parameters.pointers, parameters.lengths,
						  parameters.formats, 0);
	is_good = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!is_good)
		ReportResult(load->conn, result);
	for (int row = 0; is_good && row < PQntuples(result); row++)
	{
		int64_t		id = strtoll(PQgetvalue(result, row, 0), NULL, 10);
		const char *location = PQgetvalue(result, row, 1);

		if (!HasVanished(vanished, location, PQgetvalue(result, row, 2)))
			continue;
		g_array_append_val(vanished->ids, id);
		ShowFile(load->options, location, "vanished");
	}
	PQclear(result);
	FreeParameters(&parameters);
	g_free(query);
	return is_good;
}

/* Finds what has vanished below a root. */
static bool
FindVanished(Vanished *vanished)
{
	Root	   *root = vanished->root;
	bool		is_good = true;

	CollectCandidates(vanished);
	if (root->is_empty && vanished->candidates->len > 0)
	{
		ReportWarning("\"%s\" is empty, so the %u locations below it do not count as vanished",
					  root->location, vanished->candidates->len);
		ReportHint("Look whether a file system should be mounted there.");
		return true;
	}
	for (guint i = 0; is_good && i < vanished->candidates->len && !IsCancelled(); i += CHUNK)
		is_good = JudgeChunk(vanished, i, MIN(CHUNK, vanished->candidates->len - i));
	CountMore(root, COUNT_VANISHED, vanished->ids->len);
	return is_good;
}

/* Returns the most locations that may vanish; -1: no limit. */
static int64_t
LimitOf(const Vanished *vanished)
{
	const Options *options = vanished->load->options;

	if (options->max_vanished < 0 || !options->is_percentage)
		return options->max_vanished;
	return vanished->nknown * options->max_vanished / 100;
}

/* Adds a number as a parameter. */
static void
AddNumber(Parameters *parameters, int64_t number)
{
	char	   *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64) number);

	AddText(parameters, text);
	g_free(text);
}

/* Adds all arguments of the server's function. */
static void
AddScan(Parameters *parameters, const Vanished *vanished)
{
	const Load *load = vanished->load;
	const Root *root = vanished->root;
	int			array;

	AddText(parameters, load->options->source);
	AddText(parameters, root->location);
	AddText(parameters, load->started_at);
	AddNumber(parameters, CountOf(root, COUNT_SEEN));
	AddNumber(parameters, CountOf(root, COUNT_NEW) + CountOf(root, COUNT_DUPLICATES));
	AddNumber(parameters, CountOf(root, COUNT_CHANGED));
	AddNumber(parameters, CountOf(root, COUNT_FAILED));
	array = StartArray(parameters, TYPE_INT8, vanished->ids->len);
	for (guint i = 0; i < vanished->ids->len; i++)
		AppendInt64(parameters, array, g_array_index(vanished->ids, int64_t, i));
	CompleteParameters(parameters);
}

/* Records the scan of a root. */
static bool
RecordScan(const Vanished *vanished)
{
	Load	   *load = vanished->load;
	int64_t		limit = LimitOf(vanished);
	Parameters	parameters = {0};
	char	   *query;
	PGresult   *result;
	bool		is_good;

	if (limit >= 0 && vanished->ids->len > limit)
	{
		ReportError("%u locations below \"%s\" have vanished, more than --max-vanished allows: %"
					G_GINT64_FORMAT, vanished->ids->len, vanished->root->location,
					(gint64) limit);
		ReportHint("Nothing was recorded of that. Look whether a file system is not mounted.");
		return false;
	}
	if (load->options->dry_run)
		return true;
	query = LedgerSql(&load->ledger, "SELECT FROM @finish_scan($1, $2, $3, $4, $5, $6, $7, $8)");
	AddScan(&parameters, vanished);
	result = PQexecParams(load->conn, query, parameters.count, NULL, parameters.pointers,
						  parameters.lengths, parameters.formats, 0);
	is_good = PQresultStatus(result) == PGRES_TUPLES_OK;
	if (!is_good)
		ReportResult(load->conn, result);
	load->nrecorded += is_good;
	PQclear(result);
	FreeParameters(&parameters);
	g_free(query);
	return is_good;
}

/* Ends the scan of a root. */
static bool
FinishScan(Load *load, Root *root)
{
	Vanished	vanished = {
		.load = load,
		.root = root,
		.unseen = g_hash_table_new(g_str_hash, g_str_equal),
		.mounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.candidates = g_array_new(FALSE, FALSE, sizeof(int64_t)),
		.ids = g_array_new(FALSE, FALSE, sizeof(int64_t))
	};
	bool		is_good = true;

	for (guint i = 0; i < root->unseen->len; i++)
		g_hash_table_add(vanished.unseen, g_ptr_array_index(root->unseen, i));
	if (HasGone(root))
		AddFailure(load, root, root->path, root->is_folder ? "folder_vanished" : "file_vanished",
				   NULL, "it is gone, replaced or not mounted any more");
	else
		is_good = FindVanished(&vanished);
	is_good = is_good && !IsCancelled() && RecordScan(&vanished);
	g_hash_table_unref(vanished.unseen);
	g_hash_table_unref(vanished.mounts);
	g_array_unref(vanished.candidates);
	g_array_unref(vanished.ids);
	return is_good;
}

/* Returns whether the session is there, with its locks; opens it again if it was lost. */
static bool
CheckSession(Load *load)
{
	return IsAlive(load->conn) ||
		(ReopenConnection(load->conn) && (load->options->dry_run || LockRoots(load)));
}

/* Sends the failures of this part. */
static bool
SendRest(Load *load)
{
	const Attempts first = {0};
	Batch	   *rest = TakeOpenBatch(load);
	bool		is_good = rest == NULL ||
		SendFailures(load, load->conn, rest->failures, 0, rest->failures->len, &first);

	if (rest != NULL)
		FreeBatch(rest);
	return is_good;
}

bool
FinishScans(Load *load)
{
	bool		is_good = true;

	if (!CheckSession(load))
		return false;
	for (uint32_t i = 0; i < load->nroots; i++)
		is_good = !IsCancelled() && FinishScan(load, &load->roots[i]) && is_good;
	return SendRest(load) && is_good;
}
