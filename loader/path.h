/*-------------------------------------------------------------------------
 *
 * path.h
 *		Paths, which are bytes, and locations, which are text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PATH_H
#define PATH_H

#include <stdbool.h>
#include <glib.h>

/* Returns an absolute path without ".", ".." and double slashes; NULL, with errno, if it cannot. */
extern char *AbsolutePath(const char *path);

/*
 * Puts the location of a path into a buffer: the path itself if the database can hold it, else
 * file:// with all but letters, digits and some signs percent-encoded.
 */
extern void SetLocation(GString *location, const char *path);

/* The same, always percent-encoded. */
extern void SetEncodedLocation(GString *location, const char *path);

/* Returns the path of a location, or NULL if the location is none of a file. */
extern char *PathOfLocation(const char *location);

/*
 * Returns the last part of a path in a form that the database can hold: not blank, and at most as
 * long as the ledger's names.
 */
extern char *NameOfPath(const char *path);

/* Returns whether a path is a folder or below it. */
extern bool IsBelow(const char *path, const char *folder);

/* Returns whether an absolute path has neither ".", ".." nor double slashes. */
extern bool IsCanonical(const char *path);

/*
 * Opens what is below an open folder, as openat() does, with a path of any length ("" is the folder
 * itself).  Follows no link, wherever in the path, and does not leave the folder.
 */
extern int	OpenBelow(int folder, const char *path, int flags);

#endif							/* PATH_H */
