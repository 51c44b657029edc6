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

#endif							/* MOUNTS_H */
