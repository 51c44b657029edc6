/*-------------------------------------------------------------------------
 *
 * retry.c
 *		--retry-failed: the files that have failed before.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cancel.h"
#include "failures.h"
#include "mounts.h"
#include "path.h"
#include "root.h"
#include "visit.h"

/* Returns the root that a path is below, or NULL. */
static Root *
RootOf(const Load *load, const char *path)
{
	for (uint32_t i = 0; i < load->nroots; i++)
		if (IsBelow(path, load->roots[i].path))
			return &load->roots[i];
	return NULL;
}

/* Closes the failures of a location, with a note. */
static bool
Resolve(Load *load, const char *location, const char *note)
{
	const char *values[3] = {load->options->source, location, note};
	PGresult   *result;

	if (load->options->dry_run)
		return true;
	result = RunQuery(&load->ledger, load->conn,
					  "SELECT @resolve_ingestion_error(id, $3) FROM @error_log"
					  " WHERE ingestion_source = $1 AND location = $2"
					  " AND NOT retry_attempted AND resolution_notes IS NULL", 3, values);
	PQclear(result);
	return result != NULL;
}

/* Looks what has become of a location.  Returns false if the load must end. */
static bool
RetryLocation(Load *load, const char *location)
{
	char	   *path = PathOfLocation(location);
	Root	   *root = path != NULL ? RootOf(load, path) : NULL;
	int			fd;
	struct stat st;
	bool		is_good = true;

	/* Only a location that the program itself writes. */
	if (root != NULL && IsCanonical(path) &&
		IsSelectedFile(load->options, RelativePath(root, path)))
	{
		fd = OpenInRoot(root, path, O_PATH);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			is_good = Resolve(load, location, "The file has vanished.");
		else if (fd < 0 || fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
		{
			const KnownLocation *known = FindKnown(load->known, location, strlen(location),
												   false);

			CountMore(root, COUNT_SEEN, 1);
			QueueFile(load, root, path, fd >= 0 ? st.st_size : 0, MountOfFile(path),
					  known != NULL && !known->is_deleted);
		}
		else if (S_ISDIR(st.st_mode) && faccessat(fd, ".", R_OK | X_OK, 0) == 0)
			is_good = Resolve(load, location, "The folder can be read.");
		else if (!S_ISDIR(st.st_mode))
			is_good = Resolve(load, location, "It is no file any more.");
		if (fd >= 0)
			close(fd);
	}
	g_free(path);
	return is_good;
}

bool
QueueFailed(Load *load)
{
	const char *values[1] = {load->options->source};
	PGresult   *result = RunQuery(&load->ledger, load->conn,
								  "SELECT DISTINCT location FROM @error_log"
								  " WHERE ingestion_source = $1 AND location IS NOT NULL"
								  " AND NOT retry_attempted AND resolution_notes IS NULL"
								  " ORDER BY location", 1, values);
	bool		is_good = result != NULL;

	for (int row = 0; is_good && row < PQntuples(result) && !MustStop(); row++)
		is_good = RetryLocation(load, PQgetvalue(result, row, 0));
	PQclear(result);
	return is_good;
}
