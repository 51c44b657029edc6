/*-------------------------------------------------------------------------
 *
 * extract_none.c
 *		Stands in for the extraction until that is there.
 *
 *-------------------------------------------------------------------------
 */
#include "extract.h"

#include <string.h>

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
	(void) name;
	(void) fd;
	return "application/octet-stream";
}

void
ExtractFile(int fd, const char *type, Extraction *result)
{
	(void) fd;
	(void) type;
	memset(result, 0, sizeof(*result));
	result->status = EXTRACTION_UNSUPPORTED;
}

void
FreeExtraction(Extraction *result)
{
	(void) result;
}

void
StopExtraction(void)
{
}
