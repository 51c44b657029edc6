/*-------------------------------------------------------------------------
 *
 * root.c
 *		The folders that the command line names, and what is below them.
 *
 * A root is open from the start to the end.  So all that is read is below this one
 * folder, whatever becomes of its path meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "mounts.h"
#include "path.h"

/* Returns the absolute path that an argument stands for; NULL, with errno set, if there is none. */
static char *
PathOfArgument(const char *argument)
{
	char	   *path = AbsolutePath(argument);
	struct stat st;

	if (path != NULL && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
	{
		char	   *target = realpath(path, NULL);
		int			error = errno;

		g_free(path);
		path = g_strdup(target);
		free(target);
		errno = error;
	}
	return path;
}

/* Opens the folder that a root is, or is in. */
static bool
OpenFolder(Root *root, const struct stat *st)
{
	char	   *folder = root->is_folder ? g_strdup(root->path) : g_path_get_dirname(root->path);
	struct stat opened = *st;
	char	   *inside;
	int			error;

	/* This mounts what is mounted on demand. */
	root->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = errno;
	g_free(folder);
	if (root->folder >= 0 && root->is_folder && fstat(root->folder, &opened) != 0)
		error = errno;
	root->device = opened.st_dev;
	inside = root->is_folder ? g_build_filename(root->path, "file", NULL) : g_strdup(root->path);
	root->mount = MountOfFile(inside);
	g_free(inside);
	errno = error;
	return root->folder >= 0;
}

/* Adds a PATH of the command line. */
static void
AddRoot(Load *load, const char *argument)
{
	Root	   *root = &load->roots[load->nroots];
	GString    *location = g_string_new(NULL);
	struct stat st;

	memset(root, 0, sizeof(*root));
	root->path = PathOfArgument(argument);
	if (root->path == NULL || stat(root->path, &st) != 0)
		Fail("could not access \"%s\": %s", argument, strerror(errno));
	root->is_folder = S_ISDIR(st.st_mode);
	if (!root->is_folder && !S_ISREG(st.st_mode))
		Fail("\"%s\" is neither a folder nor a file", argument);
	if (!OpenFolder(root, &st))
		Fail("could not access \"%s\": %s", argument, strerror(errno));
	SetLocation(location, root->path);
	root->location = g_string_free(location, FALSE);
	root->unseen = g_ptr_array_new_with_free_func(g_free);
	root->mounts = g_ptr_array_new_with_free_func(g_free);
	load->nroots++;
}

static int
CompareRoots(const void *a, const void *b)
{
	return strcmp(((const Root *) a)->path, ((const Root *) b)->path);
}

/* Allows as many open files as the system does: each root is one. */
static void
RaiseLimit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Sorts them, and drops those below another one. */
void
SetRoots(Load *load)
{
	guint		npaths = g_strv_length(load->options->paths);
	uint32_t	nkept = 0;

	RaiseLimit();
	load->roots = g_new0(Root, npaths);
	for (guint i = 0; i < npaths; i++)
		AddRoot(load, load->options->paths[i]);
	qsort(load->roots, load->nroots, sizeof(Root), CompareRoots);
	for (uint32_t i = 0; i < load->nroots; i++)
	{
		bool		is_covered = false;

		for (uint32_t j = 0; j < nkept; j++)
			is_covered |= IsBelow(load->roots[i].path, load->roots[j].path);
		if (is_covered)
		{
			close(load->roots[i].folder);
			continue;
		}
		if (nkept != i)
			memcpy(&load->roots[nkept], &load->roots[i], sizeof(Root));
		load->roots[nkept].number = nkept;
		nkept++;
	}
	load->nroots = nkept;
}

const char *
RelativePath(const Root *root, const char *path)
{
	const char *relative;

	if (!root->is_folder)
		return strrchr(path, '/') + 1;
	relative = path + strlen(root->path);
	return *relative == '/' ? relative + 1 : relative;
}

int
OpenInRoot(const Root *root, const char *path, int flags)
{
	return OpenBelow(root->folder, RelativePath(root, path), flags);
}

bool
HasGone(const Root *root)
{
	struct stat there;
	struct stat ours;

	if (lstat(root->path, &there) != 0)
		return true;
	/* A file may have been saved as another one meanwhile. */
	if (!root->is_folder)
		return !S_ISREG(there.st_mode);
	return fstat(root->folder, &ours) != 0 || there.st_dev != ours.st_dev ||
		there.st_ino != ours.st_ino;
}
