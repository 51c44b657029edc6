/*-------------------------------------------------------------------------
 *
 * extract.h
 *		Types, texts and metadata of files.  Hostile files are parsed in
 *		limited child processes only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ExtractionStatus
{
	EXTRACTION_DONE,			/* the text is there */
	EXTRACTION_UNSUPPORTED,		/* no extractor takes this type */
	EXTRACTION_NO_TEXT,			/* read well, but holds no text: a scan, say */
	EXTRACTION_ENCRYPTED,
	EXTRACTION_TOO_LARGE,		/* a limit on size or memory */
	EXTRACTION_FAILED			/* malformed, the parser crashed or took too long */
} ExtractionStatus;

typedef struct Extraction
{
	ExtractionStatus status;
	char	   *text;			/* UTF-8 without NUL bytes; NULL unless EXTRACTION_DONE */
	size_t		text_length;	/* in bytes */
	char	   *metadata;		/* a JSON object, UTF-8; NULL if there is none */
	char	   *extractor;		/* name and version, as "pdftotext 22.12.0"; NULL: unsupported */
	char	   *message;		/* why there is no text, for people; else NULL */
} Extraction;

typedef struct ExtractionOptions
{
	char	  **commands;		/* TYPE=COMMAND, ended by NULL; or NULL */
	size_t		max_text_bytes; /* larger texts: EXTRACTION_TOO_LARGE */
	size_t		max_memory;		/* bytes of address space for a child */
	unsigned	timeout;		/* wall clock, seconds */
	unsigned	threads;		/* that call ExtractFile() */
} ExtractionOptions;

/*
 * Starts the process that starts the children.  To be called first, while the program is small and
 * has one thread.  Returns false, and sets *error (to be freed), if it cannot; *note (to be freed)
 * names what of the sandbox the kernel lacks, else NULL.
 */
extern bool StartExtraction(const ExtractionOptions *options, char **note, char **error);

/*
 * The media type of a file, in static memory.  The name decides, the first bytes confirm; the bytes
 * decide where the name says nothing or they contradict it.  Reads with pread().  Thread-safe.
 */
extern const char *DetectType(const char *name, int fd);

/* Threads that may call ExtractFile() at once: all of their children and descriptors find room. */
#define MAX_EXTRACTING_THREADS 120

/*
 * Extracts an open, regular file of the type in a child process.  Thread-safe; the file's offset does
 * not matter.  The caller frees the result with FreeExtraction().  Returns false if the machine has
 * no room for the child, or the process that starts them has ended: nothing is known of the file
 * then, and further files will have no more luck.  The message says why, unless StopExtraction() was
 * the reason.
 */
extern bool ExtractFile(int fd, const char *type, Extraction *result);
extern void FreeExtraction(Extraction *result);

/* Ends the process and all children. Called at exit and on cancel, from the main thread. */
extern void StopExtraction(void);

#endif							/* EXTRACT_H */
