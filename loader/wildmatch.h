/*-------------------------------------------------------------------------
 *
 * wildmatch.h
 *		Wildcards as in gitignore files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WILDMATCH_H
#define WILDMATCH_H

#include <stdbool.h>

/*
 * Returns whether a wildcard pattern matches all of a path, byte by byte.  "*", "?" and brackets
 * match no slash; "**" between slashes or at an end matches any number of folders.
 */
extern bool MatchWildcards(const char *pattern, const char *path);

#endif							/* WILDMATCH_H */
