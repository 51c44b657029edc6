/*
 * sheet_dates.c
 *		Dates in XLSX files: numbers of days that a cell's style makes dates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sheet_dates.h"

#define MAX_STYLES 65536

/* Returns whether a format's code has parts of dates outside of quotes and brackets. */
static bool
IsDateCode(const char *code)
{
	for (; *code != '\0'; code++)
	{
		if (*code == '"' || *code == '[')
		{
			code = strchr(code + 1, *code == '"' ? '"' : ']');
			if (code == NULL)
				return false;
		}
		else if (*code == '\\' && code[1] != '\0')
			code++;
		else if (strchr("yYdDhH", *code) != NULL)
			return true;
	}
	return false;
}

/* Returns whether a format's number is that of dates: a built-in one, or one of the file's. */
static bool
IsDateFormat(const Styles *styles, unsigned number)
{
	if ((number >= 14 && number <= 22) || (number >= 45 && number <= 47))
		return true;
	for (unsigned i = 0; i < styles->format_count; i++)
		if (styles->formats[i] == number)
			return true;
	return false;
}

/* Returns an attribute as a number; 0 if there is none. */
static unsigned
NumberAttribute(Xml *xml, const char *name)
{
	char	   *value = GetAttribute(xml, name);
	unsigned	number = value ? (unsigned) strtoul(value, NULL, 10) : 0;

	Release(xml->job, value);
	return number;
}

static void
Start(Xml *xml, const char *name)
{
	Styles	   *styles = xml->state;

	if (strcmp(name, "cellXfs") == 0)
		styles->in_cells = true;
	if (strcmp(name, "numFmt") == 0 && styles->format_count < 200)
	{
		char	   *code = GetAttribute(xml, "formatCode");

		if (code != NULL && IsDateCode(code))
			styles->formats[styles->format_count++] = NumberAttribute(xml, "numFmtId");
		Release(xml->job, code);
	}
	if (strcmp(name, "xf") == 0 && styles->in_cells && styles->count < MAX_STYLES)
	{
		/* Room is doubled whenever the count is a power of two. */
		if ((styles->count & (styles->count - 1)) == 0)
			styles->dates =
				Reallocate(xml->job, styles->dates, styles->count ? styles->count * 2 : 1);
		styles->dates[styles->count++] = IsDateFormat(styles, NumberAttribute(xml, "numFmtId"));
	}
}

static void
End(Xml *xml, const char *name)
{
	Styles	   *styles = xml->state;

	if (strcmp(name, "cellXfs") == 0)
		styles->in_cells = false;
}

/* Reads the styles of cells. */
void
ReadStyles(Package *package, Styles *styles)
{
	static const XmlHandler handler = {Start, End, NULL};
	Part	   *part = FindPart(package, "xl/styles.xml");

	if (part != NULL && part->data.length > 0)
		ParsePart(package, part, &handler, styles);
}

/* Writes a number of days as a date, or a date and time, or a time; false if it is none. */
bool
FormatDate(const Styles *styles, const char *number, char *date, size_t size)
{
	char	   *end;
	double		days = strtod(number, &end);
	time_t		seconds;
	struct tm	parts;
	bool		is_time = days < 1;

	if (*end != '\0' || end == number || !(days >= 0 && days < 2958466))
		return false;
	/* Day 60 is 1900-02-29, which there was not: so days before it are one less. */
	if (styles->from_1904)
		days += 1462;
	else if (days < 60)
		days += 1;
	seconds = (time_t) (days * 86400 + 0.5) - (time_t) 25569 * 86400;
	if (gmtime_r(&seconds, &parts) == NULL)
		return false;
	return strftime(date, size, is_time ? "%H:%M:%S" : seconds % 86400 == 0 ? "%Y-%m-%d" :
					"%Y-%m-%d %H:%M:%S", &parts) > 0;
}
