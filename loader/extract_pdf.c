/*
 * extract_pdf.c
 *		PDF by poppler's pdftotext, one process for text and metadata.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "command.h"
#include "extractors.h"
#include "spawn.h"
#include "utf8.h"

/* "pdftotext 22.12.0", or empty if the program is missing. */
static char pdf_extractor[64];

/*
 * Finds out the version of pdftotext, in the spawn server, before the first PDF file.  So
 * nothing hostile is read here.
 */
void
FindPdfVersion(void)
{
	static bool is_known = false;
	FILE	   *pipe;
	char		line[200];
	char		version[40];

	if (is_known || (pipe = popen("pdftotext -v 2>&1", "re")) == NULL)
		return;
	is_known = true;
	while (fgets(line, sizeof(line), pipe) != NULL)
		if (sscanf(line, "pdftotext version %39s", version) == 1)
			snprintf(pdf_extractor, sizeof(pdf_extractor), "pdftotext %s", version);
	pclose(pipe);
}

/* Replaces the entities that pdftotext writes, in place. */
static void
DecodeEntities(char *value)
{
	static const struct
	{
		const char *entity;
		char		character;
	}			entities[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}
	};
	char	   *to = value;

	while (*value != '\0')
	{
		char		character = *value;
		size_t		width = 1;

		for (size_t i = 0; *value == '&' && i < sizeof(entities) / sizeof(entities[0]); i++)
			if (strncmp(value, entities[i].entity, strlen(entities[i].entity)) == 0)
			{
				character = entities[i].character;
				width = strlen(entities[i].entity);
				break;
			}
		*to++ = character;
		value += width;
	}
	*to = '\0';
}

/* Adds what stands between two strings of the head as metadata. */
static void
AddBetween(Job *job, const char *key, const char *head, const char *start, const char *end)
{
	const char *from = strstr(head, start);
	const char *to = from ? strstr(from + strlen(start), end) : NULL;
	Buffer		value = {0};

	if (to == NULL)
		return;
	from += strlen(start);
	Append(job, &value, from, (size_t) (to - from));
	DecodeEntities(BufferString(job, &value));
	AddMetadata(job, key, value.data);
	Release(job, value.data);
}

/* Adds the metadata that pdftotext has written in front of the text. */
static void
AddHead(Job *job, const char *head)
{
	AddBetween(job, "title", head, "<title>", "</title>");
	AddBetween(job, "author", head, "<meta name=\"Author\" content=\"", "\"/>");
	AddBetween(job, "subject", head, "<meta name=\"Subject\" content=\"", "\"/>");
	AddBetween(job, "keywords", head, "<meta name=\"Keywords\" content=\"", "\"/>");
	AddBetween(job, "created", head, "<meta name=\"CreationDate\" content=\"", "\"/>");
	AddBetween(job, "modified", head, "<meta name=\"ModDate\" content=\"", "\"/>");
	AddBetween(job, "producer", head, "<meta name=\"Producer\" content=\"", "\"/>");
}

/* Adds the text; a form feed ends each page.  Returns the number of pages. */
static size_t
AddPages(Job *job, const char *text, size_t length)
{
	size_t		pages = 0;

	for (size_t i = 0; i < length; i++)
		pages += text[i] == '\f';
	Append(job, &job->text, text, length);
	return pages;
}

/* Gives up for a PDF file that pdftotext did not take. */
static void __attribute__((noreturn))
GiveUpForPdf(Job *job, const Program *program)
{
	if (WIFEXITED(program->status) && WEXITSTATUS(program->status) == 127)
		FailJob(job, EXTRACTION_UNSUPPORTED, "pdftotext is not installed");
	if (strstr(program->errors, "password") != NULL)
		FailJob(job, EXTRACTION_ENCRYPTED, "the PDF file needs a password");
	if (WIFEXITED(program->status) && WEXITSTATUS(program->status) == 3)
		FailJob(job, EXTRACTION_ENCRYPTED, "the PDF file does not allow to copy its text");
	if (strstr(program->errors, "Out of memory") != NULL ||
		strstr(program->errors, "bad_alloc") != NULL)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	GiveUpForStatus(job, program);
}

/* Reads a PDF file. */
void
ExtractPdf(Job *job, const unsigned char *data, size_t size)
{
	char *arguments[] = {"pdftotext", "-htmlmeta", "-enc", "UTF-8", "-eol", "unix", "-", "-", NULL};
	Program		program = {.arguments = arguments,.alone = true};
	char	   *text;
	char	   *end;
	size_t		pages;

	snprintf(job->extractor, sizeof(job->extractor), "%s",
			 pdf_extractor[0] ? pdf_extractor : "pdftotext");
	RunProgram(job, &program, data, size);
	if (program.status != 0)
		GiveUpForPdf(job, &program);
	text = memmem(program.output.data, program.output.length, "<pre>\n", 6);
	end = memrchr(program.output.data, '<', program.output.length);
	/* "</pre>", "</body>", "</html>" */
	for (int i = 0; i < 2 && end != NULL; i++)
		end = memrchr(program.output.data, '<', (size_t) (end - program.output.data));
	if (text == NULL || end == NULL || end < text + 6)
		FailJob(job, EXTRACTION_FAILED, "pdftotext wrote no text");
	*text = '\0';
	AddHead(job, program.output.data);
	pages = AddPages(job, text + 6, (size_t) (end - text - 6));
	AddNumber(job, "pages", pages);
	if (CountWords(job->text.data, job->text.length) == 0)
		FailJob(job, EXTRACTION_NO_TEXT, "the pages hold no text, perhaps only scans");
}
