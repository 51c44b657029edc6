/*-------------------------------------------------------------------------
 *
 * values.c
 *		Values of options: numbers, sizes, percentages.
 *
 *-------------------------------------------------------------------------
 */
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* Reads a whole number that is not negative, with what follows it. */
static int64_t
ReadNumber(const char *option, const char *text, char **rest)
{
	int64_t		number;

	errno = 0;
	number = strtoll(text, rest, 10);
	if (*rest == text || errno != 0 || number < 0)
		Fail("invalid value for %s: \"%s\"", option, text);
	return number;
}

int64_t
ReadWholeNumber(const char *option, const char *text)
{
	char	   *rest;
	int64_t		number = ReadNumber(option, text, &rest);

	if (*rest != '\0')
		Fail("invalid value for %s: \"%s\"", option, text);
	return number;
}

int64_t
ReadSize(const char *option, const char *text)
{
	static const char units[] = "kMGT";
	char	   *rest;
	int64_t		size = ReadNumber(option, text, &rest);

	if (*rest != '\0')
	{
		const char *unit = strchr(units, *rest == 'K' ? 'k' : *rest);
		int			shift = unit != NULL ? 10 * (int) (unit - units + 1) : 0;

		if (unit == NULL || size > INT64_MAX >> shift ||
			(rest[1] != '\0' && strcmp(rest + 1, "B") != 0))
			Fail("invalid value for %s: \"%s\"", option, text);
		size <<= shift;
	}
	return size;
}

void
ReadMaxVanished(Options *options, const char *text)
{
	char	   *rest;

	options->max_vanished = ReadNumber("--max-vanished", text, &rest);
	options->is_percentage = strcmp(rest, "%") == 0;
	if ((*rest != '\0' && !options->is_percentage) ||
		(options->is_percentage && options->max_vanished > 100))
		Fail("invalid value for --max-vanished: \"%s\"", text);
}
