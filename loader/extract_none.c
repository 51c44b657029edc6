/*-------------------------------------------------------------------------
 *
 * extract_none.c
 *		Stands in for the extraction until that is there: it takes *.txt as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "extract.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
StartExtraction(const ExtractionOptions *options, char **note, char **error)
{
	(void) options;
	*note = NULL;
	*error = NULL;
	return true;
}

const char *
DetectType(const char *name, int fd)
{
	size_t		length = strlen(name);

	(void) fd;
	if (length > 4 && strcmp(name + length - 4, ".txt") == 0)
		return "text/plain";
	return "application/octet-stream";
}

void
ExtractFile(int fd, const char *type, Extraction *result)
{
	char		buffer[4096];
	ssize_t		length;

	memset(result, 0, sizeof(*result));
	result->status = EXTRACTION_UNSUPPORTED;
	if (strcmp(type, "text/plain") != 0)
		return;
	length = pread(fd, buffer, sizeof(buffer), 0);
	if (length < 0 || memchr(buffer, '\0', length) != NULL)
		return;
	result->status = EXTRACTION_DONE;
	result->text = strndup(buffer, length);
	result->text_length = length;
	result->extractor = strdup("none 1.0");
	result->metadata = strdup("{\"words\": 1}");
}

void
FreeExtraction(Extraction *result)
{
	free(result->text);
	free(result->extractor);
	free(result->metadata);
}

void
StopExtraction(void)
{
}
