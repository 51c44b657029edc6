/*-------------------------------------------------------------------------
 *
 * walk.c
 *		Finds the files below the roots that have to be read.
 *
 * One folder is open at a time, whatever the depth.  Its folders wait on a stack.
 * Links are not followed; what is neither a file nor a folder is passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "cancel.h"
#include "mounts.h"
#include "path.h"
#include "root.h"
#include "visit.h"

#define CACHE_TAG "CACHEDIR.TAG"
#define CACHE_SIGNATURE "Signature: 8a477f597d28d172789f06886806bc55"

/* Where the walk is. */
typedef struct Walker
{
	Load	   *load;
	Root	   *root;
	Visitor		visitor;
	GPtrArray  *stack;			/* folders to look into: paths */
	GString    *path;			/* of the entry; begins with the folder's */
	size_t		folder_length;	/* of that, with the slash */
} Walker;

/* Notes that the walk does not look into a folder: nothing in it counts as vanished. */
static void
PassOver(Root *root, const char *path)
{
	g_ptr_array_add(root->unseen, g_strdup(path));
}

/* Records that something cannot be looked at. */
static void
FailPath(const Walker *walker, const char *path, const char *class, int error)
{
	PassOver(walker->root, path);
	/*
	 * What has gone since the folder above was read may only be out of sight, as when its file
	 * system was unmounted: the next run will tell.
	 */
	if (error != ENOENT && error != ENOTDIR && error != ELOOP)
		AddFailure(walker->load, walker->root, path, class, NULL, strerror(error));
}

static void
FailFolder(const Walker *walker, const char *path, int error)
{
	FailPath(walker, path, "folder_unreadable", error);
}

/* Returns whether a folder has a valid CACHEDIR.TAG. */
static bool
IsCache(int folder)
{
	char		start[sizeof(CACHE_SIGNATURE) - 1];
	int			fd = openat(folder, CACHE_TAG, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool		is_cache;

	if (fd < 0)
		return false;
	is_cache = read(fd, start, sizeof(start)) == (ssize_t) sizeof(start) &&
		memcmp(start, CACHE_SIGNATURE, sizeof(start)) == 0;
	close(fd);
	return is_cache;
}

/* Returns whether an open folder is to be left out, but for patterns. */
static bool
IsLeftOut(const Walker *walker, int folder, const struct stat *st)
{
	const Options *options = walker->load->options;

	return (options->one_file_system && st->st_dev != walker->root->device) ||
		(options->exclude_caches && IsCache(folder));
}

/* Returns whether a file system is missing in an open folder.  That of a root is a failure. */
static bool
LacksMount(const Walker *walker, int folder, const struct stat *st)
{
	const Root *root = walker->root;

	if (!IsUnmounted(walker->path->str, folder, st))
		return false;
	if (strcmp(walker->path->str, root->path) == 0)
		AddFailure(walker->load, walker->root, root->path, "folder_unreadable", NULL,
				   "no file system is mounted there");
	return true;
}

/* Notes on which file system the files of an open folder are. */
static void
NoteMount(Walker *walker, int folder)
{
	Root	   *root = walker->root;
	const char *path = walker->path->str;

	if (strcmp(path, root->path) != 0 && IsMountPoint(folder, ""))
		g_ptr_array_add(root->mounts, g_strdup(path));
	walker->visitor.mount = root->mount;
	for (guint i = 0; i < root->mounts->len; i++)
	{
		const char *mount_point = g_ptr_array_index(root->mounts, i);

		if (IsBelow(path, mount_point))
			walker->visitor.mount = MAX(walker->visitor.mount, CountNames(mount_point));
	}
}

/*
 * Deals with an entry whose state cannot be read.  Returns false if the reason is that its folder
 * may be read, but not searched.
 */
static bool
FailEntry(const Walker *walker, int folder, unsigned char type, int error)
{
	const Options *options = walker->load->options;
	const char *relative = RelativePath(walker->root, walker->path->str);
	struct stat st;

	/* One that has gone since its folder was read has vanished. */
	if (error == ENOENT ||
		(!IsSelectedEntry(options, relative, false) &&
		 (type == DT_REG || !IsSelectedEntry(options, relative, true))))
		return true;
	if (error == EACCES && fstatat(folder, ".", &st, 0) != 0)
		return false;
	FailPath(walker, walker->path->str, "file_unreadable", error);
	return true;
}

/* Looks at an entry of a folder.  Returns false if the folder may not be searched. */
static bool
VisitEntry(Walker *walker, int folder, const struct dirent *entry)
{
	const Options *options = walker->load->options;
	unsigned char type = entry->d_type;
	struct stat st;

	g_string_truncate(walker->path, walker->folder_length);
	g_string_append(walker->path, entry->d_name);
	if (type == DT_REG || type == DT_UNKNOWN)
	{
		if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return FailEntry(walker, folder, type, errno);
		type = S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_LNK;
	}
	if ((type != DT_REG && type != DT_DIR) ||
		!IsSelectedEntry(options, RelativePath(walker->root, walker->path->str), type == DT_DIR))
		return true;
	if (type == DT_DIR)
		g_ptr_array_add(walker->stack, g_strdup(walker->path->str));
	else
		VisitFile(&walker->visitor, walker->path, &st);
	return true;
}

/* Looks at all entries of an open folder.  Returns false, with errno set, if it cannot. */
static bool
VisitEntries(Walker *walker, DIR *dir)
{
	bool		is_root = strcmp(walker->path->str, walker->root->path) == 0;
	guint		nwaiting = walker->stack->len;
	struct dirent *entry;

	if (walker->path->str[walker->path->len - 1] != '/')
		g_string_append_c(walker->path, '/');
	walker->folder_length = walker->path->len;
	VisitFolder(&walker->visitor, walker->path);
	walker->root->is_empty |= is_root;
	while (!MustStop() && (errno = 0, entry = readdir(dir)) != NULL)
	{
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		walker->root->is_empty &= !is_root;
		if (!VisitEntry(walker, dirfd(dir), entry))
		{
			/* Its folders are no better. */
			g_ptr_array_set_size(walker->stack, (gint) nwaiting);
			errno = EACCES;
			return false;
		}
	}
	return errno == 0 || MustStop();
}

/* Looks into a folder. */
static void
WalkFolder(Walker *walker, const char *path)
{
	int			fd = OpenInRoot(walker->root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	struct stat st;
	DIR		   *dir;

	g_string_assign(walker->path, path);
	if (fd < 0 || fstat(fd, &st) != 0)
	{
		FailFolder(walker, path, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (IsLeftOut(walker, fd, &st) || LacksMount(walker, fd, &st))
	{
		PassOver(walker->root, path);
		close(fd);
		return;
	}
	NoteMount(walker, fd);
	dir = fdopendir(fd);
	if (dir == NULL)
	{
		FailFolder(walker, path, errno);
		close(fd);
		return;
	}
	if (!VisitEntries(walker, dir))
	{
		FailFolder(walker, path, errno);
		walker->root->is_empty = false;
	}
	closedir(dir);
}

/* Visits a root that is a file. */
static void
WalkFile(Walker *walker)
{
	const char *name = RelativePath(walker->root, walker->root->path);
	struct stat st;

	g_string_assign(walker->path, walker->root->path);
	walker->folder_length = strrchr(walker->path->str, '/') - walker->path->str + 1;
	VisitFolder(&walker->visitor, NULL);
	if (!IsSelectedEntry(walker->load->options, name, false))
		return;
	if (fstatat(walker->root->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		FailPath(walker, walker->path->str, "file_unreadable", errno);
	else if (S_ISREG(st.st_mode))
		VisitFile(&walker->visitor, walker->path, &st);
}

/* Walks through one root. */
static void
WalkRoot(Load *load, Root *root)
{
	Walker		walker = {
		.load = load,
		.root = root,
		.stack = g_ptr_array_new_with_free_func(g_free),
		.path = g_string_new(NULL)
	};

	StartVisitor(&walker.visitor, load, root);
	if (!root->is_folder)
		WalkFile(&walker);
	else
		g_ptr_array_add(walker.stack, g_strdup(root->path));
	while (walker.stack->len > 0 && !MustStop())
	{
		char	   *path = g_ptr_array_steal_index(walker.stack, walker.stack->len - 1);

		WalkFolder(&walker, path);
		g_free(path);
	}
	EndVisitor(&walker.visitor);
	g_ptr_array_unref(walker.stack);
	g_string_free(walker.path, TRUE);
}

void
Walk(Load *load)
{
	for (uint32_t i = 0; i < load->nroots && !MustStop(); i++)
		WalkRoot(load, &load->roots[i]);
}
