/*-------------------------------------------------------------------------
 *
 * mounts.h
 *		Folders on which a file system should be mounted, and is not.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>
#include <sys/stat.h>

/* Reads fstab.  To be called first. */
extern void ReadMounts(void);

/* Returns whether an open folder is a mount point of fstab where nothing is mounted. */
extern bool IsUnmounted(const char *path, int folder, const struct stat *st);

/* Returns how many names the path of the mount point has that a file is below; 0: "/". */
extern int	MountOfFile(const char *path);

/* Returns the path of the mount point that a file was below, to be freed; NULL: "/". */
extern char *MountPointOf(const char *path, int mount);

/* Returns whether no file system is mounted on a folder, and nothing else is in it. */
extern bool LacksFileSystem(const char *mount_point);

#endif							/* MOUNTS_H */
