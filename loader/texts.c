/*-------------------------------------------------------------------------
 *
 * texts.c
 *		Texts and metadata of documents, as the ledger takes them.
 *
 * If there is no text, the metadata says why, in the key "no_text".
 *
 *-------------------------------------------------------------------------
 */
#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "cancel.h"
#include "encoding.h"
#include "message.h"
#include "output.h"

/* Limits for each file. */
#define MAX_TEXT_BYTES ((size_t) 64 * 1024 * 1024)
#define MAX_MEMORY ((size_t) 1024 * 1024 * 1024)
#define TIMEOUT 120

/* The widths of columns, in characters. */
#define EXTRACTOR_WIDTH 255
#define ERROR_WIDTH 1000

void
StartTexts(const Options *options)
{
	ExtractionOptions extraction = {
		.commands = (char **) options->extractors->pdata,
		.max_text_bytes = MAX_TEXT_BYTES,
		.max_memory = MAX_MEMORY,
		.timeout = TIMEOUT,
		.threads = (unsigned) options->jobs
	};
	char	   *note = NULL;
	char	   *error = NULL;

	if (!StartExtraction(&extraction, &note, &error))
		Fail("%s", error != NULL ? error : "the extraction does not start");
	if (note != NULL)
		ReportWarning("%s", note);
	free(note);
	atexit(StopExtraction);
}

/* Returns the word for why there is no text; NULL if there is one. */
static const char *
ReasonOf(ExtractionStatus status)
{
	switch (status)
	{
		case EXTRACTION_DONE:
			return NULL;
		case EXTRACTION_UNSUPPORTED:
			return "unsupported";
		case EXTRACTION_NO_TEXT:
			return "empty";
		case EXTRACTION_ENCRYPTED:
			return "encrypted";
		case EXTRACTION_TOO_LARGE:
			return "too large";
		case EXTRACTION_FAILED:
			return "failed";
	}
	return "failed";
}

/* Appends a member to a JSON object, before its other ones. */
static char *
AddMembers(const char *object, const char *members)
{
	const char *rest = object != NULL ? strchr(object, '{') : NULL;
	bool		has_more;

	if (members[0] == '\0')
		return g_strdup(object);
	if (rest == NULL)
		return g_strdup_printf("{%s}", members);
	rest++;
	has_more = rest[strspn(rest, " \t\r\n")] != '}';
	return g_strdup_printf("{%s%s%s", members, has_more ? ", " : "", rest);
}

/* Stores the text, in characters that the database has. */
static size_t
TakeText(LoadedDocument *document, const Extraction *extraction)
{
	size_t		nreplaced = 0;

	if (extraction->status != EXTRACTION_DONE || extraction->text == NULL)
		return 0;
	document->text = MakeHoldable(extraction->text, extraction->text_length, &nreplaced);
	document->text_length = strlen(document->text);
	return nreplaced;
}

/* Stores the metadata. */
static void
TakeMetadata(LoadedDocument *document, const Extraction *extraction, size_t nreplaced)
{
	const char *reason = ReasonOf(extraction->status);
	GString    *members = g_string_new(NULL);
	char	   *metadata;

	if (reason != NULL)
	{
		g_string_append_printf(members, "\"no_text\": \"%s\"", reason);
		if (extraction->message != NULL && extraction->status != EXTRACTION_UNSUPPORTED)
		{
			g_string_append(members, ", \"no_text_because\": ");
			AppendJson(members, extraction->message);
		}
	}
	if (nreplaced > 0)
		g_string_append_printf(members, "\"characters_replaced\": %zu", nreplaced);
	metadata = AddMembers(extraction->metadata, members->str);
	if (metadata != NULL)
		document->metadata = MakeHoldable(metadata, strlen(metadata), NULL);
	g_free(metadata);
	g_string_free(members, TRUE);
}

/* Ends the work: no file's failure is its own any more. */
static void
GiveUpExtraction(Extraction *extraction)
{
	bool		is_known = MustStop();

	GiveUp();
	if (!is_known && extraction->message != NULL)
		ReportError("%s", extraction->message);
	FreeExtraction(extraction);
}

void
ExtractTexts(LoadedDocument *document, int fd)
{
	Extraction	extraction = {0};
	size_t		nreplaced;

	if (!ExtractFile(fd, document->type, &extraction))
	{
		GiveUpExtraction(&extraction);
		return;
	}
	nreplaced = TakeText(document, &extraction);
	TakeMetadata(document, &extraction, nreplaced);
	if (extraction.extractor != NULL && !IsBlank(extraction.extractor))
		document->extractor = MakeShort(extraction.extractor, EXTRACTOR_WIDTH);
	if (extraction.status == EXTRACTION_FAILED)
		document->error = MakeShort(extraction.message != NULL && !IsBlank(extraction.message)
									? extraction.message : "the extraction failed", ERROR_WIDTH);
	FreeExtraction(&extraction);
}

void
FreeTexts(LoadedDocument *document)
{
	g_free(document->text);
	g_free(document->metadata);
	g_free(document->extractor);
	g_free(document->error);
}
