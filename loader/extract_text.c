/*
 * extract_text.c
 *		Plain text in any encoding: Markdown, CSV, source code, JSON, XML and so
 *		on.  The text is kept as it is.
 */
#include <string.h>

#include "text_encoding.h"
#include "extractors.h"

/*
 * Returns the encoding that an XML declaration names, or NULL.  The declaration is ASCII, or
 * there is a byte order mark.
 */
static const char *
FindXmlEncoding(const char *data, size_t length, char *name, size_t size)
{
	const char *end;
	const char *at;
	size_t		width;

	if (length < 6 || memcmp(data, "<?xml", 5) != 0)
		return NULL;
	end = memchr(data, '>', length < 1000 ? length : 1000);
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

/* Takes a text as it is. */
void
ExtractText(Job *job, const unsigned char *data, size_t size)
{
	char		declared[40];
	const char *text = (const char *) data;
	const char *encoding;

	if (size == 0)
		return;
	encoding = AppendDecoded(job, &job->text, job->served ? NULL :
							 FindXmlEncoding(text, size, declared, sizeof(declared)), text, size);
	if (encoding == NULL)
		FailJob(job, EXTRACTION_FAILED, "the file is not text");
	AddMetadata(job, "encoding", encoding);
}
