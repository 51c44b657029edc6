/*-------------------------------------------------------------------------
 *
 * patterns.c
 *		Lists of patterns as in gitignore files.
 *
 * The last pattern that matches decides.  A pattern with a slash at its start or
 * in its middle is for paths from the root on, another one for names at any depth.
 *
 *-------------------------------------------------------------------------
 */
#include "patterns.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wildmatch.h"

typedef struct Pattern
{
	char	   *text;			/* without "!", and slashes at its ends */
	bool		is_negated;		/* "!...": not those */
	bool		is_for_folders; /* ".../" */
	bool		is_for_names;	/* no slash: at any depth */
	bool		is_literal;		/* no wildcards */
	const char *ending;			/* what follows the only wildcard, "*" at the start; or NULL */
} Pattern;

struct Patterns
{
	GPtrArray  *patterns;		/* of Pattern */
};

Patterns *
CreatePatterns(void)
{
	Patterns   *patterns = g_new(Patterns, 1);

	patterns->patterns = g_ptr_array_new();
	return patterns;
}

/* Returns the length of a line without the spaces at its end, unless a backslash keeps one. */
static size_t
TrimmedLength(const char *line, size_t length)
{
	size_t		trimmed = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (line[i] == '\\' && i + 1 < length)
			i++;
		else if (line[i] == ' ')
			continue;
		trimmed = i + 1;
	}
	return trimmed;
}

static bool
HasWildcards(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

/* Parses a pattern. */
static Pattern *
ParsePattern(const char *line, size_t length)
{
	Pattern    *pattern = g_new0(Pattern, 1);

	if (length > 0 && line[0] == '!')
	{
		pattern->is_negated = true;
		line++;
		length--;
	}
	if (length > 0 && line[length - 1] == '/')
	{
		pattern->is_for_folders = true;
		length--;
	}
	pattern->is_for_names = memchr(line, '/', length) == NULL;
	if (length > 0 && line[0] == '/')
	{
		line++;
		length--;
	}
	pattern->text = g_strndup(line, length);
	pattern->is_literal = !HasWildcards(pattern->text);
	if (pattern->is_for_names && pattern->text[0] == '*' && !HasWildcards(pattern->text + 1))
		pattern->ending = pattern->text + 1;
	return pattern;
}

void
AddPattern(Patterns *patterns, const char *line)
{
	size_t		length = strcspn(line, "\r\n");

	/* A carriage return counts only at the end of the line. */
	while (line[length] == '\r' && line[length + 1] != '\n' && line[length + 1] != '\0')
		length += 1 + strcspn(line + length + 1, "\r\n");
	if (length == 0 || line[0] == '#')
		return;
	length = TrimmedLength(line, length);
	if (length > 0)
		g_ptr_array_add(patterns->patterns, ParsePattern(line, length));
}

bool
AddPatternFile(Patterns *patterns, const char *file)
{
	FILE	   *stream = fopen(file, "re");
	char	   *line = NULL;
	size_t		size = 0;
	bool		is_first = true;
	int			error;

	if (stream == NULL)
		return false;
	while (errno = 0, getline(&line, &size, stream) >= 0)
	{
		bool		has_mark = is_first && strncmp(line, "\xEF\xBB\xBF", 3) == 0;

		AddPattern(patterns, line + (has_mark ? 3 : 0));
		is_first = false;
	}
	error = ferror(stream) ? errno : 0;
	free(line);
	fclose(stream);
	errno = error;
	return error == 0;
}

bool
HasPatterns(const Patterns *patterns)
{
	return patterns->patterns->len > 0;
}

static bool
MatchesPattern(const Pattern *pattern, const char *path, const char *name, bool is_folder)
{
	const char *subject = pattern->is_for_names ? name : path;

	if (pattern->is_for_folders && !is_folder)
		return false;
	if (pattern->is_literal)
		return strcmp(pattern->text, subject) == 0;
	if (pattern->ending != NULL)
		return g_str_has_suffix(subject, pattern->ending);
	return MatchWildcards(pattern->text, subject);
}

bool
MatchesEntry(const Patterns *patterns, const char *path, bool is_folder)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	for (guint i = patterns->patterns->len; i-- > 0;)
	{
		const Pattern *pattern = g_ptr_array_index(patterns->patterns, i);

		if (MatchesPattern(pattern, path, name, is_folder))
			return !pattern->is_negated;
	}
	return false;
}

bool
MatchesPath(const Patterns *patterns, const char *path, bool is_folder)
{
	char	   *copy;
	bool		matches = false;

	if (!HasPatterns(patterns))
		return false;
	copy = g_strdup(path);
	for (char *slash = copy; !matches && (slash = strchr(slash, '/')) != NULL;)
	{
		*slash = '\0';
		matches = MatchesEntry(patterns, copy, true);
		*slash++ = '/';
	}
	matches = matches || MatchesEntry(patterns, path, is_folder);
	g_free(copy);
	return matches;
}
