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

/*
 * Returns whether a file system is mounted on a folder, given as for openat(); "": the open folder
 * itself.  Before Linux 5.8, always false.
 */
extern bool IsMountPoint(int folder, const char *path);

/* Returns how many names the path of the mount point has that a file is below; 0: "/". */
extern int	MountOfFile(const char *path);

/* Returns how many names an absolute path has. */
extern int	CountNames(const char *path);

/* Returns the path of the mount point that a file was below, to be freed; NULL: "/". */
extern char *MountPointOf(const char *path, int mount);

/*
 * Returns whether a folder, on which nothing was mounted during the walk, can be one where something
 * should be: it is empty or gone, or has been mounted on since.
 */
extern bool MayLackMount(const char *mount_point);

#endif							/* MOUNTS_H */
