/*-------------------------------------------------------------------------
 *
 * mounts.c
 *		Folders on which a file system should be mounted, and is not: by fstab, or because one was
 *		when a file below was read.
 *
 * By fstab, something is mounted if the folder above is on another file system, which
 * every kernel tells.  A bind mount of the same file system does not look like that, so
 * such an entry is not taken for missing.
 *
 *-------------------------------------------------------------------------
 */
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths of mount points; NULL: none. */
static GHashTable *mount_points;

void
ReadMounts(void)
{
	/* As for mount(8). */
	const char *name = getenv("LIBMOUNT_FSTAB");
	FILE	   *fstab = setmntent(name != NULL ? name : "/etc/fstab", "r");
	struct mntent *entry;

	if (fstab == NULL)
		return;
	mount_points = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	while ((entry = getmntent(fstab)) != NULL)
		if (entry->mnt_dir[0] == '/' && strcmp(entry->mnt_type, "swap") != 0 &&
			hasmntopt(entry, "bind") == NULL && hasmntopt(entry, "rbind") == NULL)
			g_hash_table_add(mount_points, g_canonicalize_filename(entry->mnt_dir, NULL));
	endmntent(fstab);
}

bool
IsUnmounted(const char *path, int folder, const struct stat *st)
{
	struct stat above;

	return mount_points != NULL && g_hash_table_contains(mount_points, path) &&
		strcmp(path, "/") != 0 && fstatat(folder, "..", &above, 0) == 0 &&
		above.st_dev == st->st_dev;
}

bool
IsMountPoint(int folder, const char *path)
{
	struct statx st;

	return statx(folder, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0, &st) == 0 &&
		(st.stx_attributes_mask & st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int
CountNames(const char *path)
{
	int			count = 0;

	for (const char *p = path; *p != '\0'; p++)
		count += *p == '/' && p[1] != '\0';
	return count;
}

int
MountOfFile(const char *path)
{
	char	   *folder = g_path_get_dirname(path);
	int			mount;

	while (strcmp(folder, "/") != 0 && !IsMountPoint(AT_FDCWD, folder))
	{
		char	   *above = g_path_get_dirname(folder);

		g_free(folder);
		folder = above;
	}
	mount = CountNames(folder);
	g_free(folder);
	return mount;
}

char *
MountPointOf(const char *path, int mount)
{
	const char *end = path;

	if (mount == 0)
		return NULL;
	/* The slash behind so many names. */
	for (int i = 0; i < mount && end != NULL; i++)
		end = strchr(end + 1, '/');
	return end == NULL ? NULL : g_strndup(path, (gsize) (end - path));
}

/* Returns whether an open folder has no entry; closes it. */
static bool
IsEmptyFolder(int folder)
{
	DIR		   *dir = fdopendir(folder);
	bool		is_empty = true;
	struct dirent *entry;

	if (dir == NULL)
	{
		close(folder);
		return true;
	}
	while (is_empty && (entry = readdir(dir)) != NULL)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return is_empty;
}

bool
MayLackMount(const char *mount_point)
{
	int			folder;

	if (IsMountPoint(AT_FDCWD, mount_point))
		return true;
	folder = open(mount_point, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (folder < 0)
		/* Something else is there by now. */
		return errno != ENOTDIR && errno != ELOOP;
	return IsEmptyFolder(folder);
}
