/*
 * extract_text.c
 *		Plain text in any encoding: Markdown, CSV, source code, JSON, XML and so
 *		on.  The text is kept as it is.
 */
#include <string.h>

#include "text_encoding.h"
#include "extractors.h"

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
