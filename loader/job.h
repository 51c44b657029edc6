/*
 * job.h
 *		The extraction of one file, in a child process: its input, its memory and
 *		its result.
 */
#ifndef JOB_H
#define JOB_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extract.h"

/* To be raised whenever an extractor's results change. */
#define EXTRACTOR_NAME "doc_extractor 1.2"

/* How deep gzip files, messages and XML elements may be nested. */
#define MAX_NESTED_FILES 8
#define MAX_NESTED_PARTS 32

typedef struct Buffer
{
	char	   *data;			/* not ended by NUL; NULL while it is empty */
	size_t		length;
	size_t		capacity;
} Buffer;

typedef struct Block Block;

typedef struct Cleanup
{
	void		(*function) (void *argument);
	void	   *argument;
} Cleanup;

typedef struct Job
{
	/* The file, and what is known of it */
	const unsigned char *data;
	size_t		size;
	int			fd;				/* has the same bytes; -1 if nothing has */
	const char *type;
	const char *command;		/* of the user's, or NULL */
	size_t		max_text;
	bool		served;			/* other files follow, so nothing risky may be done */

	/* The result */
	ExtractionStatus status;
	Buffer		text;
	Buffer		metadata;		/* items as AddMetadata() writes them */
	size_t		removed;		/* characters that PostgreSQL cannot hold */
	char		message[256];
	char		extractor[256];

	/* What has to be freed, and where FailJob() goes */
	int			depth;			/* of files in files */
	Block	   *blocks;
	Cleanup		cleanups[8];
	int			cleanup_count;
	jmp_buf		give_up;
} Job;

typedef void (*Extractor) (Job *job, const unsigned char *data, size_t size);

/* How a metadata item is to be written; the first byte of an item. */
#define ITEM_STRING 's'
#define ITEM_NUMBER 'n'
#define ITEM_LIST	'l'

extern void InitJob(Job *job, const unsigned char *data, size_t size, size_t max_text);
extern void RunJob(Job *job, Extractor extract);
extern void FreeJob(Job *job);
extern void FailJob(Job *job, ExtractionStatus status, const char *format, ...)
			__attribute__((noreturn, format(printf, 3, 4)));

extern void *Allocate(Job *job, size_t size);
extern void *Reallocate(Job *job, void *memory, size_t size);
extern void Release(Job *job, void *memory);
extern void PushCleanup(Job *job, void (*function) (void *), void *argument);
extern void PopCleanup(Job *job);

extern void Reserve(Job *job, Buffer *buffer, size_t more);
extern void Append(Job *job, Buffer *buffer, const char *data, size_t length);
extern void AppendString(Job *job, Buffer *buffer, const char *string);
extern char *BufferString(Job *job, Buffer *buffer);
extern void CheckText(Job *job);

extern void AddMetadata(Job *job, const char *key, const char *value);
extern void AddMetadataBytes(Job *job, const char *key, const char *value, size_t length);
extern void AddNumber(Job *job, const char *key, uint64_t number);
extern void AddToList(Job *job, const char *key, const char *value);

#endif							/* JOB_H */
