/*
 * mail_header.c
 *		Headers of e-mail: their lines, parameters, encoded words and dates.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text_encoding.h"
#include "mail.h"

/* Finds where the header of a message or part ends and its body starts. */
void
SplitPart(MailPart *part, const char *data, size_t length)
{
	const char *at = data;
	const char *end = data + length;

	part->header = data;
	while (at < end)
	{
		const char *line_end = memchr(at, '\n', (size_t) (end - at));
		size_t		width = line_end ? (size_t) (line_end - at) : (size_t) (end - at);

		if (width == 0 || (width == 1 && *at == '\r'))
		{
			part->header_length = (size_t) (at - data);
			part->body = line_end ? line_end + 1 : end;
			part->body_length = (size_t) (end - part->body);
			return;
		}
		at = line_end ? line_end + 1 : end;
	}
	part->header_length = length;
	part->body = end;
	part->body_length = 0;
}

/* Returns the value of a header, unfolded, to be released; NULL if there is none. */
char *
GetHeader(Job *job, const MailPart *part, const char *name)
{
	const char *at = part->header;
	const char *end = part->header + part->header_length;
	size_t		width = strlen(name);
	Buffer		value = {0};
	bool		found = false;

	while (at < end)
	{
		const char *line_end = memchr(at, '\n', (size_t) (end - at));
		size_t		length = line_end ? (size_t) (line_end - at) : (size_t) (end - at);
		bool		continues = *at == ' ' || *at == '\t';

		if (found && !continues)
			break;
		if (length > 0 && at[length - 1] == '\r')
			length--;
		if (found)
			Append(job, &value, at, length);
		else if (length > width && at[width] == ':' && strncasecmp(at, name, width) == 0)
		{
			found = true;
			Append(job, &value, at + width + 1, length - width - 1);
		}
		at = line_end ? line_end + 1 : end;
	}
	/* A hostile header of megabytes need not be looked at as a whole. */
	if (value.length > 100000)
		value.length = 100000;
	return found ? BufferString(job, &value) : NULL;
}

/* Copies a parameter's value: a quoted string, or a word. */
static void
CopyValue(Job *job, Buffer *to, const char *at)
{
	if (*at != '"')
	{
		Append(job, to, at, strcspn(at, "; \t\r\n"));
		return;
	}
	for (at++; *at != '\0' && *at != '"'; at++)
	{
		if (*at == '\\' && at[1] != '\0')
			at++;
		Append(job, to, at, 1);
	}
}

/* Returns the start of a parameter's value, or NULL. */
static const char *
FindParameter(const char *value, const char *name)
{
	size_t		width = strlen(name);

	for (const char *at = strchr(value, ';'); at != NULL; at = strchr(at, ';'))
	{
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, name, width) == 0)
		{
			const char *equals = at + width + strspn(at + width, " \t");

			if (*equals == '=')
				return equals + 1 + strspn(equals + 1, " \t");
		}
		/* A semicolon may stand in quotes. */
		at += strcspn(at, ";\"");
		while (*at == '"')
		{
			for (at++; *at != '\0' && *at != '"'; at++)
				if (*at == '\\' && at[1] != '\0')
					at++;
			at += *at == '"';
			at += strcspn(at, ";\"");
		}
	}
	return NULL;
}

/* Adds a value of the form CHARSET'LANGUAGE'BYTES, or its continuation, to raw bytes. */
static void
AddExtended(Job *job, Buffer *raw, const char *value, char *charset, size_t size, bool first)
{
	const char *quote = first ? strchr(value, '\'') : NULL;
	const char *second = quote ? strchr(quote + 1, '\'') : NULL;

	if (second != NULL)
	{
		snprintf(charset, size, "%.*s", (int) (quote - value), value);
		value = second + 1;
	}
	DecodePercents(job, raw, value, strlen(value));
}

/*
 * Returns the value of a parameter of a header, as UTF-8, to be released; NULL if there is
 * none.  It may be in pieces, name*0, name*1*, and in an encoding.
 */
char *
GetParameter(Job *job, const char *value, const char *name)
{
	Buffer		raw = {0};
	Buffer		text = {0};
	char		charset[40] = "";
	const char *found = FindParameter(value, name);

	if (found != NULL)
	{
		CopyValue(job, &raw, found);
		/* Not by the standard, but common */
		found = DecodeWords(job, BufferString(job, &raw));
		Release(job, raw.data);
		return (char *) found;
	}
	for (int i = -1; i < 50; i++)
	{
		char		key[80];
		Buffer		piece = {0};

		snprintf(key, sizeof(key), i < 0 ? "%s*" : "%s*%d*", name, i);
		found = FindParameter(value, key);
		if (found != NULL)
		{
			CopyValue(job, &piece, found);
			AddExtended(job, &raw, BufferString(job, &piece), charset, sizeof(charset), i <= 0);
		}
		else if (i >= 0)
		{
			snprintf(key, sizeof(key), "%s*%d", name, i);
			found = FindParameter(value, key);
			if (found == NULL)
				break;
			CopyValue(job, &raw, found);
		}
		Release(job, piece.data);
	}
	if (raw.data == NULL)
		return NULL;
	AppendDecoded(job, &text, charset[0] ? charset : NULL, raw.data, raw.length);
	Release(job, raw.data);
	return BufferString(job, &text);
}

/* Decodes one word =?CHARSET?B?...?= to a buffer; returns its end, or NULL if it is none. */
static const char *
DecodeWord(Job *job, Buffer *to, const char *word)
{
	const char *charset = word + 2;
	const char *kind = strchr(charset, '?');
	const char *text = kind && kind[1] != '\0' && kind[2] == '?' ? kind + 3 : NULL;
	const char *end = text ? strstr(text, "?=") : NULL;
	char		name[40];
	Buffer		raw = {0};

	if (end == NULL || kind - charset >= (long) sizeof(name) || strchr("BbQq", kind[1]) == NULL)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int) (kind - charset), charset);
	name[strcspn(name, "*")] = '\0';	/* a language may follow */
	if (toupper((unsigned char) kind[1]) == 'B')
		DecodeBase64(job, &raw, text, (size_t) (end - text));
	else
		DecodeQuoted(job, &raw, text, (size_t) (end - text), true);
	AppendDecoded(job, to, name, raw.data ? raw.data : "", raw.length);
	Release(job, raw.data);
	return end + 2;
}

/* Returns a header's value with its encoded words decoded, to be released. */
char *
DecodeWords(Job *job, const char *value)
{
	Buffer		text = {0};
	bool		after_word = false;

	value += strspn(value, " \t");
	while (*value != '\0')
	{
		const char *word = strstr(value, "=?");
		const char *end;
		size_t		width = word ? (size_t) (word - value) : strlen(value);

		/* Space between two encoded words does not count. */
		if (width > 0 && !(after_word && word && strspn(value, " \t\r\n") >= width) &&
			AppendDecoded(job, &text, NULL, value, width) == NULL)
			Append(job, &text, value, width);
		value += width;
		if (word == NULL)
			break;
		end = DecodeWord(job, &text, word);
		after_word = end != NULL;
		if (end == NULL)
		{
			Append(job, &text, word, 2);
			end = word + 2;
		}
		value = end;
	}
	return BufferString(job, &text);
}

/* Returns a date of e-mail in the form of ISO 8601, or as it is; to be released. */
char *
FormatMailDate(Job *job, const char *value)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *comma = strchr(value, ',');
	char	   *date = Allocate(job, 80);
	char		month[4] = "";
	char		zone[8] = "";
	unsigned	day,
				year,
				hour,
				minute,
				second = 0;
	const char *found;

	if (comma != NULL)
		value = comma + 1;
	if (sscanf(value, " %2u %3s %4u %2u:%2u:%2u %7s", &day, month, &year, &hour, &minute, &second,
			   zone) < 5 ||
		(found = strstr(months, month)) == NULL || strlen(month) != 3 || (found - months) % 3 != 0)
	{
		snprintf(date, 80, "%s", value + strspn(value, " \t"));
		return date;
	}
	if (year < 100)
		year += year < 50 ? 2000 : 1900;
	snprintf(date, 80, "%04u-%02u-%02uT%02u:%02u:%02u", year % 10000,
			 (unsigned) (found - months) / 3 + 1, day % 100, hour % 100, minute % 100,
			 second % 100);
	if ((zone[0] == '+' || zone[0] == '-') && strspn(zone + 1, "0123456789") == 4)
		snprintf(date + strlen(date), 80 - strlen(date), "%.3s:%.2s", zone, zone + 3);
	else if (strcmp(zone, "GMT") == 0 || strcmp(zone, "UT") == 0 || strcmp(zone, "UTC") == 0 ||
			 strcmp(zone, "Z") == 0)
		strcat(date, "Z");
	return date;
}
