/*-------------------------------------------------------------------------
 *
 * mounts.c
 *		Folders on which a file system should be mounted, and is not.
 *
 * A folder is a mount point if the folder above is on another file system.  A bind
 * mount of the same file system does not look like one, so such an entry is not
 * taken for missing.
 *
 *-------------------------------------------------------------------------
 */
#include "mounts.h"

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
