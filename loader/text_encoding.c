/*
 * text_encoding.c
 *		Conversion of texts to UTF-8 with iconv.
 */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "text_encoding.h"
#include "utf8.h"

/* Returns the encoding that a byte order mark tells, and the mark's length; else NULL. */
const char *
FindBom(const char *data, size_t length, size_t *width)
{
	static const struct
	{
		const char *bytes;
		size_t		width;
		const char *encoding;
	}			marks[] = {
		{"\xEF\xBB\xBF", 3, "UTF-8"},
		{"\xFF\xFE\0\0", 4, "UTF-32LE"},
		{"\0\0\xFE\xFF", 4, "UTF-32BE"},
		{"\xFF\xFE", 2, "UTF-16LE"},
		{"\xFE\xFF", 2, "UTF-16BE"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (length >= marks[i].width && memcmp(data, marks[i].bytes, marks[i].width) == 0)
		{
			*width = marks[i].width;
			return marks[i].encoding;
		}
	*width = 0;
	return NULL;
}

/*
 * Returns the encoding that an XML declaration names, or NULL.  The declaration is ASCII, or
 * there is a byte order mark.  Of the text, MAX_XML_DECLARATION bytes are looked at.
 */
const char *
FindXmlEncoding(const char *data, size_t length, char *name, size_t size)
{
	const char *end;
	const char *at;
	size_t		width;

	if (length < 6 || memcmp(data, "<?xml", 5) != 0)
		return NULL;
	end = memchr(data, '>', length < MAX_XML_DECLARATION ? length : MAX_XML_DECLARATION);
	at = end ? memmem(data, end - data, "encoding", 8) : NULL;
	if (at == NULL)
		return NULL;
	at += 8;
	while (at < end && strchr(" \t\r\n=", *at) != NULL && *at != '\0')
		at++;
	if (at == end || (*at != '"' && *at != '\''))
		return NULL;
	end = memchr(at + 1, *at, end - at - 1);
	width = end ? (size_t) (end - at - 1) : 0;
	if (width == 0 || width >= size)
		return NULL;
	memcpy(name, at + 1, width);
	name[width] = '\0';
	return name;
}

/* Returns whether bytes can be text of one byte a character: there are few control characters. */
bool
LooksLikeText(const unsigned char *data, size_t length)
{
	size_t		controls = 0;

	for (size_t i = 0; i < length; i++)
	{
		/* Broken logs have some. */
		if (data[i] == '\0')
			controls += 3;
		/* Tab to carriage return and escape are in texts. */
		controls += data[i] < ' ' && (data[i] < '\b' || data[i] > '\r') && data[i] != 0x1B;
	}
	return controls * 50 <= length;
}

/* Returns whether a name can be that of an encoding: iconv gives some signs a meaning. */
static bool
IsEncodingName(const char *name)
{
	size_t		length = strlen(name);

	return length > 0 && length < 40 &&
		   strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") ==
			   length;
}

static void
CloseIconv(void *argument)
{
	iconv_close((iconv_t) argument);
}

/*
 * Adds a text of an encoding to a buffer, as UTF-8.  What is not valid is left out and
 * counted.  Returns false if iconv does not know the encoding.
 */
bool
ConvertText(Job *job, Buffer *to, const char *encoding, const char *data, size_t length)
{
	iconv_t		converter;
	char	   *from = (char *) data;
	size_t		unit = strncasecmp(encoding, "UTF-16", 6) == 0 ? 2 :
		strncasecmp(encoding, "UTF-32", 6) == 0 ? 4 : 1;

	if (!IsEncodingName(encoding))
		return false;
	converter = iconv_open("UTF-8", encoding);
	if (converter == (iconv_t) -1)
		return false;
	PushCleanup(job, CloseIconv, converter);
	for (;;)
	{
		char	   *end;
		size_t		room;
		size_t		result;

		Reserve(job, to, length < 1 << 20 ? length + 64 : 1 << 20);
		end = to->data + to->length;
		room = to->capacity - to->length;
		result =
			iconv(converter, length > 0 ? &from : NULL, length > 0 ? &length : NULL, &end, &room);
		to->length = end - to->data;
		if (to == &job->text)
			CheckText(job);
		if (result != (size_t) -1 && length == 0)
			break;
		if (result == (size_t) -1 && errno != E2BIG)
		{
			job->removed++;
			if (errno != EILSEQ || length < unit)
				break;			/* the end of the text cuts a character */
			from += unit;
			length -= unit;
		}
	}
	PopCleanup(job);
	return true;
}

/* Returns whether a text that declares an encoding may have it converted from that; NULL: none. */
bool
AsksForConverter(const char *declared)
{
	return declared != NULL && strcasecmp(declared, "UTF-8") != 0 &&
		strcasecmp(declared, "US-ASCII") != 0;
}

/*
 * Adds a text to a buffer, as UTF-8, and returns the encoding that it had.  A byte order
 * mark decides, then whether the text is valid UTF-8, then the encoding that the file
 * declares, then the look of the text.  Returns NULL if it does not look like text.
 */
const char *
AppendDecoded(Job *job, Buffer *to, const char *declared, const char *data, size_t length)
{
	size_t		width;
	const char *encoding = FindBom(data, length, &width);

	/* ISO-2022 and UTF-7 are made of ASCII characters, so they look valid. */
	if (declared != NULL && encoding == NULL &&
		(strncasecmp(declared, "ISO-2022", 8) == 0 || strcasecmp(declared, "UTF-7") == 0 ||
		 strcasecmp(declared, "HZ-GB-2312") == 0) &&
		ConvertText(job, to, declared, data, length))
		return declared;
	if (encoding == NULL && IsUtf8(data, length) && memchr(data, 0x1B, length) == NULL)
		encoding = "UTF-8";
	else if (encoding == NULL && AsksForConverter(declared) &&
			 ConvertText(job, to, declared, data, length))
		return declared;
	if (encoding == NULL)
		encoding = DetectEncoding(data, length);
	if (encoding == NULL)
		return NULL;
	if (strcmp(encoding, "UTF-8") == 0)
		Append(job, to, data + width, length - width);
	else if (!ConvertText(job, to, encoding, data + width, length - width))
		FailJob(job, EXTRACTION_FAILED, "this system cannot convert from %s", encoding);
	return encoding;
}
