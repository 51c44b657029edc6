/*
 * job.c
 *		Memory, buffers, metadata and the end of an extraction.
 *
 * An extractor runs until it returns or calls FailJob().  Memory comes from
 * Allocate(), so that nothing is left either way.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "utf8.h"

/* Memory of a job: a header in front of each piece, in a list. */
struct Block
{
	Block	   *previous;
	Block	   *next;
	max_align_t memory[];
};

/* Prepares a job for the bytes of a file. */
void
InitJob(Job *job, const unsigned char *data, size_t size, size_t max_text)
{
	memset(job, 0, sizeof(*job));
	job->data = data;
	job->size = size;
	job->fd = -1;
	job->max_text = max_text;
	job->status = EXTRACTION_DONE;
	snprintf(job->extractor, sizeof(job->extractor), "%s", EXTRACTOR_NAME);
}

/* Removes from the text what PostgreSQL cannot hold, and decides whether any text is left. */
static void
FinishText(Job *job)
{
	size_t		words;

	if (job->text.length > 0)
		job->text.length = CleanUtf8(job->text.data, job->text.length, &job->removed);
	words = CountWords(job->text.data, job->text.length);
	if (words == 0)
		FailJob(job, EXTRACTION_NO_TEXT, job->size == 0 ? "the file is empty" :
			   "the file holds no text");
	AddNumber(job, "words", words);
	if (job->removed > 0)
		AddNumber(job, "removed_characters", job->removed);
}

/*
 * Runs an extractor.  The job then has its result, which lasts until FreeJob().
 */
void
RunJob(Job *job, Extractor extract)
{
	if (setjmp(job->give_up) == 0)
	{
		extract(job, job->data, job->size);
		FinishText(job);
	}
	while (job->cleanup_count > 0)
		PopCleanup(job);
}

/* Frees the memory of a job. */
void
FreeJob(Job *job)
{
	while (job->blocks != NULL)
		Release(job, job->blocks->memory);
}

/* Ends the extraction without a text. */
void
FailJob(Job *job, ExtractionStatus status, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(job->message, sizeof(job->message), format, arguments);
	va_end(arguments);
	/* Libraries' messages may have line ends. */
	for (char *at = job->message; *at != '\0'; at++)
		if ((unsigned char) *at < ' ')
			*at = at[1] == '\0' ? '\0' : ' ';
	job->status = status;
	longjmp(job->give_up, 1);
}

/* Returns memory that lasts until Release() or the end of the job. */
void *
Allocate(Job *job, size_t size)
{
	return Reallocate(job, NULL, size);
}

/* Changes the size of memory that Allocate() has returned. */
void *
Reallocate(Job *job, void *memory, size_t size)
{
	Block	   *block = memory ? (Block *) ((char *) memory - offsetof(Block, memory)) : NULL;
	Block	   *moved = NULL;

	if (size < SIZE_MAX - sizeof(Block))
		moved = realloc(block, sizeof(Block) + size);
	if (moved == NULL)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	if (block == NULL)
	{
		moved->previous = NULL;
		moved->next = job->blocks;
	}
	if (moved->previous != NULL)
		moved->previous->next = moved;
	else
		job->blocks = moved;
	if (moved->next != NULL)
		moved->next->previous = moved;
	return moved->memory;
}

/* Frees memory that Allocate() has returned, or NULL. */
void
Release(Job *job, void *memory)
{
	Block	   *block;

	if (memory == NULL)
		return;
	block = (Block *) ((char *) memory - offsetof(Block, memory));
	if (block->previous != NULL)
		block->previous->next = block->next;
	else
		job->blocks = block->next;
	if (block->next != NULL)
		block->next->previous = block->previous;
	free(block);
}

/* Has a function called when the job ends, unless PopCleanup() has called it before. */
void
PushCleanup(Job *job, void (*function) (void *), void *argument)
{
	if (job->cleanup_count == sizeof(job->cleanups) / sizeof(job->cleanups[0]))
	{
		function(argument);
		FailJob(job, EXTRACTION_FAILED, "the file is nested too deep");
	}
	job->cleanups[job->cleanup_count].function = function;
	job->cleanups[job->cleanup_count].argument = argument;
	job->cleanup_count++;
}

/* Calls the function that was pushed last. */
void
PopCleanup(Job *job)
{
	job->cleanup_count--;
	job->cleanups[job->cleanup_count].function(job->cleanups[job->cleanup_count].argument);
}

/* Makes room for more bytes at the end of a buffer. */
void
Reserve(Job *job, Buffer *buffer, size_t more)
{
	size_t		capacity = buffer->capacity > 256 ? buffer->capacity : 256;

	if (buffer->data != NULL && buffer->capacity - buffer->length >= more)
		return;
	if (more > SIZE_MAX / 4 || buffer->length > SIZE_MAX / 4)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	while (capacity - buffer->length < more)
		capacity *= 2;
	buffer->data = Reallocate(job, buffer->data, capacity);
	buffer->capacity = capacity;
}

/* Adds bytes to a buffer.  The text must not grow above its limit. */
void
Append(Job *job, Buffer *buffer, const char *data, size_t length)
{
	Reserve(job, buffer, length);
	if (length > 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	if (buffer == &job->text)
		CheckText(job);
}

/* Adds a string to a buffer. */
void
AppendString(Job *job, Buffer *buffer, const char *string)
{
	Append(job, buffer, string, strlen(string));
}

/* Returns the bytes of a buffer as a string; the buffer still owns it. */
char *
BufferString(Job *job, Buffer *buffer)
{
	Reserve(job, buffer, 1);
	buffer->data[buffer->length] = '\0';
	return buffer->data;
}

/* Gives up if the text is longer than allowed. */
void
CheckText(Job *job)
{
	if (job->text.length > job->max_text)
		FailJob(job, EXTRACTION_TOO_LARGE, "the text is longer than %zu bytes", job->max_text);
}
