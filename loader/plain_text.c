/*
 * plain_text.c
 *		Takes a plain text in UTF-8, without a child process.
 *
 * Such a file is its own text.  Its bytes are checked, as those that a child sends are, copied, and
 * the words counted; nothing is parsed or converted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extractors.h"
#include "json.h"
#include "plain_text.h"
#include "text_encoding.h"
#include "utf8.h"

/* Larger files are left to children, whose memory has a limit. */
#define MAX_PLAIN_TEXT (1 << 20)

/* Reads a whole file; returns its bytes, to be freed, or NULL. */
static char *
ReadWhole(int fd, size_t size)
{
	char	   *data = malloc(size + 1);
	size_t		taken = 0;
	ssize_t		length = 1;

	while (data != NULL && taken < size && length > 0)
	{
		length = pread(fd, data + taken, size - taken, (off_t) taken);
		taken += length > 0 ? (size_t) length : 0;
	}
	if (taken == size)
		return data;
	free(data);
	return NULL;
}

/* Returns whether an extractor would do no more than copy a text. */
static bool
IsPlain(const char *data, size_t length)
{
	char		name[40];
	size_t		width;

	return FindBom(data, length, &width) == NULL && IsUtf8(data, length) &&
		memchr(data, 0x1B, length) == NULL &&
		!AsksForConverter(FindXmlEncoding(data, length, name, sizeof(name)));
}

/* Hands the result of a job over. */
static void
TakeResult(const Job *job, Extraction *result)
{
	result->status = job->status;
	result->extractor = strdup(job->extractor);
	result->message = job->message[0] != '\0' ? strdup(job->message) : NULL;
	result->metadata = ItemsToJson(job->metadata.data, job->metadata.length);
	if (job->status == EXTRACTION_DONE)
	{
		result->text = malloc(job->text.length + 1);
		if (result->text == NULL)
			abort();
		memcpy(result->text, job->text.data, job->text.length);
		result->text[job->text.length] = '\0';
		result->text_length = job->text.length;
	}
}

/* See plain_text.h. */
bool
TakePlainText(int fd, size_t size, size_t max_text, Extraction *result)
{
	char	   *data = size <= MAX_PLAIN_TEXT ? ReadWhole(fd, size) : NULL;
	bool		is_plain = data != NULL && IsPlain(data, size);
	Job			job;

	if (is_plain)
	{
		InitJob(&job, (const unsigned char *) data, size, max_text);
		job.served = true;
		RunJob(&job, ExtractText);
		TakeResult(&job, result);
		FreeJob(&job);
	}
	free(data);
	return is_plain;
}
