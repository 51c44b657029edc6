/*-------------------------------------------------------------------------
 *
 * wildmatch.c
 *		Wildcards as in gitignore files.
 *
 * A "*" tries every length, which takes exponential time for patterns with many
 * of them.  So a failure says how far it reaches: if the rest of the pattern
 * ran out of path, no earlier "*" can help.
 *
 *-------------------------------------------------------------------------
 */
#include "wildmatch.h"

#include <ctype.h>
#include <string.h>

typedef enum MatchResult
{
	MATCH,
	NO_MATCH,
	NO_MATCH_IN_FOLDER,			/* an earlier "*" does not help, "**" may */
	NO_MATCH_AT_ALL				/* the path is too short, or the pattern is invalid */
} MatchResult;

/* The character classes of brackets. */
static const struct
{
	const char *name;
	int			(*contains) (int c);
}			classes[] =
{
	{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank},
	{"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
	{"lower", islower}, {"print", isprint}, {"punct", ispunct},
	{"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}
};

/*
 * Looks a character up in the class that *pattern is at, "[:name:]", and moves behind it.  Returns
 * -1 if there is no such class.
 */
static int
InClass(const char **pattern, unsigned char c)
{
	const char *name = *pattern + 2;
	const char *end = strstr(name, ":]");

	if (end == NULL)
		return -1;
	*pattern = end + 2;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i].name) == (size_t) (end - name) &&
			strncmp(classes[i].name, name, end - name) == 0)
			return c < 128 && classes[i].contains(c) != 0;
	return -1;
}

/* Takes a character of a bracket, which a backslash may precede.  Returns 0 at the end. */
static unsigned char
TakeCharacter(const char **pattern)
{
	if (**pattern == '\\')
		(*pattern)++;
	return **pattern == '\0' ? 0 : (unsigned char) *(*pattern)++;
}

/*
 * Returns whether the bracket that *pattern is at, "[...]", has a character, and moves behind it;
 * -1 if the bracket is invalid.
 */
static int
InBracket(const char **pattern, unsigned char c)
{
	const char *p = *pattern + 1;
	bool		negated = *p == '!' || *p == '^';
	bool		found = false;
	bool		is_first = true;

	p += negated;
	for (; *p != ']' || is_first; is_first = false)
	{
		unsigned char low;
		unsigned char high;

		if (p[0] == '[' && p[1] == ':' && strchr(p, ']') != NULL &&
			strchr(p, ']')[-1] == ':' && strchr(p, ']') - p > 2)
		{
			int			in_class = InClass(&p, c);

			if (in_class < 0)
				return -1;
			found |= in_class;
			continue;
		}
		low = TakeCharacter(&p);
		if (low == 0)
			return -1;
		high = low;
		if (p[0] == '-' && p[1] != '\0' && p[1] != ']')
		{
			p++;
			high = TakeCharacter(&p);
			if (high == 0)
				return -1;
		}
		/* In a reversed range, git still finds its first character. */
		found |= c == low || (low <= c && c <= high);
	}
	*pattern = p + 1;
	return found != negated;
}

static MatchResult MatchHere(const char *pattern, const char *start, const char *path);

/* Matches from a "*" on; "start" is where the whole pattern starts. */
static MatchResult
MatchStar(const char *pattern, const char *start, const char *path)
{
	const char *star = pattern;
	bool		crosses = false;
	MatchResult result;

	while (*pattern == '*')
		pattern++;
	if (pattern - star >= 2 && (star == start || star[-1] == '/') &&
		(*pattern == '\0' || *pattern == '/' || (pattern[0] == '\\' && pattern[1] == '/')))
	{
		crosses = true;
		/* Between slashes it also stands for no folder at all. */
		if (*pattern == '/' && MatchHere(pattern + 1, start, path) == MATCH)
			return MATCH;
	}
	if (*pattern == '\0')
		return crosses || strchr(path, '/') == NULL ? MATCH : NO_MATCH_IN_FOLDER;
	for (;; path++)
	{
		result = MatchHere(pattern, start, path);
		if (result == MATCH || result == NO_MATCH_AT_ALL)
			return result;
		if (!crosses && result == NO_MATCH_IN_FOLDER)
			return result;
		if (*path == '\0')
			return NO_MATCH_AT_ALL;
		if (!crosses && *path == '/')
			return NO_MATCH_IN_FOLDER;
	}
}

static MatchResult
MatchHere(const char *pattern, const char *start, const char *path)
{
	for (; *pattern != '\0'; path++)
	{
		int			in_bracket;

		if (*path == '\0' && *pattern != '*')
			return NO_MATCH_AT_ALL;
		switch (*pattern)
		{
			case '*':
				return MatchStar(pattern, start, path);
			case '?':
				if (*path == '/')
					return NO_MATCH;
				pattern++;
				break;
			case '[':
				in_bracket = InBracket(&pattern, *path);
				if (in_bracket < 0)
					return NO_MATCH_AT_ALL;
				if (!in_bracket || *path == '/')
					return NO_MATCH;
				break;
			case '\\':
				pattern++;
				__attribute__((fallthrough));
			default:
				if (*pattern != *path)
					return NO_MATCH;
				pattern++;
		}
	}
	return *path == '\0' ? MATCH : NO_MATCH;
}

bool
MatchWildcards(const char *pattern, const char *path)
{
	return MatchHere(pattern, pattern, path) == MATCH;
}
