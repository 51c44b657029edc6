/*-------------------------------------------------------------------------
 *
 * patterns.h
 *		Lists of patterns as in gitignore files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PATTERNS_H
#define PATTERNS_H

#include <stdbool.h>

typedef struct Patterns Patterns;

extern Patterns *CreatePatterns(void);

/* Adds a pattern as a line of a gitignore file has it; comments and empty lines add nothing. */
extern void AddPattern(Patterns *patterns, const char *line);

/* Adds the lines of a file.  Returns false, with errno set, if it cannot be read. */
extern bool AddPatternFile(Patterns *patterns, const char *file);

extern bool HasPatterns(const Patterns *patterns);

/* Returns whether the last pattern that matches a path, without its folders, names it. */
extern bool MatchesEntry(const Patterns *patterns, const char *path, bool is_folder);

/*
 * Returns whether a path below the root ("a/b.txt"), or one of the folders that it is in, is named
 * by the patterns.  In a folder that is named, everything is.
 */
extern bool MatchesPath(const Patterns *patterns, const char *path, bool is_folder);

#endif							/* PATTERNS_H */
