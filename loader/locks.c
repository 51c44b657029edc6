/*-------------------------------------------------------------------------
 *
 * locks.c
 *		Advisory locks on source and root.
 *
 * A load locks its root, and shares locks on all folders above.  So two loads of one
 * source exclude each other if their roots are the same, or one is below the other.
 * The locks end with the session, whatever ends that.
 *
 *-------------------------------------------------------------------------
 */
#include "locks.h"

#include <string.h>

#include "message.h"
#include "path.h"

/* The key has the schema, the source and the folder. */
#define LOCK_KEY \
"pg_catalog.hashtextextended(pg_catalog.concat_ws(E'\\n'," \
" 'doc_extractor load', $1::text, $2::text, $3::text), 0)"

/* A session that has just ended may hold its locks for a moment: so often it is tried, in 0.1 s. */
#define ATTEMPTS 10

/* Tries to lock a folder once.  Returns 0 if another session has the lock, -1 after an error. */
static int
TryFolder(Load *load, const char *folder, bool is_root)
{
	const char *values[3] = {load->ledger.schema, load->options->source, folder};
	PGresult   *result = RunQuery(&load->ledger, load->conn, is_root
								  ? "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_KEY ")"
								  : "SELECT pg_catalog.pg_try_advisory_lock_shared(" LOCK_KEY ")",
								  3, values);
	int			is_locked = result == NULL ? -1 : PQgetvalue(result, 0, 0)[0] == 't';

	PQclear(result);
	return is_locked;
}

/* Locks a folder; reports if it cannot. */
static bool
LockFolder(Load *load, const Root *root, const char *folder, bool is_root)
{
	int			is_locked = TryFolder(load, folder, is_root);

	for (int i = 1; i < ATTEMPTS && is_locked == 0; i++)
	{
		g_usleep(G_USEC_PER_SEC / 10);
		is_locked = TryFolder(load, folder, is_root);
	}
	if (is_locked == 0)
	{
		ReportError("another load of source \"%s\" is at work in \"%s\"", load->options->source,
					root->location);
		ReportHint("Wait for its end, or load folders that have no file in common.");
	}
	return is_locked == 1;
}

/* Locks a root, and the folders above it; "/" is the empty path. */
static bool
LockRoot(Load *load, const Root *root)
{
	GString    *encoded = g_string_new(NULL);
	char	   *folder;
	bool		is_locked = true;

	/* One form for all paths, whether the database can hold them or not. */
	SetEncodedLocation(encoded, root->path);
	folder = encoded->str + strlen("file://");
	for (char *p = folder; is_locked && (p = strchr(p, '/')) != NULL && p[1] != '\0'; p++)
	{
		*p = '\0';
		is_locked = LockFolder(load, root, folder, false);
		*p = '/';
	}
	is_locked = is_locked &&
		LockFolder(load, root, strcmp(folder, "/") == 0 ? "" : folder, true);
	g_string_free(encoded, TRUE);
	return is_locked;
}

bool
LockRoots(Load *load)
{
	for (uint32_t i = 0; i < load->nroots; i++)
		if (!LockRoot(load, &load->roots[i]))
			return false;
	return true;
}

void
UnlockRoots(Load *load)
{
	PQclear(PQexec(load->conn, "SELECT pg_catalog.pg_advisory_unlock_all()"));
}
