/*-------------------------------------------------------------------------
 *
 * mounts.c
 *		Folders on which a file system should be mounted, and is not: by fstab, or because one was
 *		when a file below was read.
 *
 * A folder is a mount point if the folder above is on another file system.  A bind
 * mount of the same file system does not look like one, so such an entry is not
 * taken for missing.
 *
 *-------------------------------------------------------------------------
 */
#include "mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Cuts the last name off a path.  Returns false if there is none: the path is "/". */
static bool
CutName(GString *path)
{
	const char *slash = strrchr(path->str, '/');

	if (path->len <= 1)
		return false;
	g_string_truncate(path, slash == path->str ? 1 : (gsize) (slash - path->str));
	return true;
}

int
MountOfFile(const char *path)
{
	GString    *folder = g_string_new(path);
	int			mount = -1;
	struct stat st;
	struct stat above;
	bool		is_below;

	for (const char *p = path; *p != '\0'; p++)
		mount += *p == '/';
	/* That of the folder counts: on overlayfs, its files have the devices of layers. */
	is_below = CutName(folder) && stat(folder->str, &st) == 0;
	while (is_below && mount > 0)
	{
		is_below = CutName(folder) && stat(folder->str, &above) == 0 && above.st_dev == st.st_dev;
		mount -= is_below;
	}
	g_string_free(folder, TRUE);
	return MAX(mount, 0);
}

/* Returns whether a folder has no entry, or cannot be read. */
static bool
IsEmptyFolder(const char *path)
{
	DIR		   *dir = opendir(path);
	bool		is_empty = true;
	struct dirent *entry;

	while (dir != NULL && is_empty && (entry = readdir(dir)) != NULL)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return is_empty;
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

bool
LacksFileSystem(const char *mount_point)
{
	GString    *above = g_string_new(mount_point);
	struct stat there;
	struct stat outside;
	bool		is_mounted = stat(mount_point, &there) == 0 && CutName(above) &&
		stat(above->str, &outside) == 0 && outside.st_dev != there.st_dev;

	g_string_free(above, TRUE);
	return !is_mounted && IsEmptyFolder(mount_point);
}
