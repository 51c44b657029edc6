/*
 * spawn.h
 *		The spawn server: a small process that starts the children which read
 *		files.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "extractors.h"
#include "sandbox.h"

#define MAX_TYPE 128

/* More children wait.  It must be more than the threads of the loader and its idle children. */
#define MAX_CHILDREN 256

/* What the loader asks the spawn server for, with file descriptors beside it. */
typedef struct Request
{
	uint32_t	family;			/* Family */
	int32_t		command;		/* number of the user's command, or -1 */
	bool		serve;			/* the child reads files that come over its socket */
	char		type[MAX_TYPE];
} Request;

/* The descriptors beside a request: the file, where the result goes, and the child's control. */
#define REQUEST_FDS 3

/* What became of receiving a message. */
typedef enum Reception
{
	RECEPTION_COMPLETE,
	RECEPTION_OTHER,			/* a message came that was not whole */
	RECEPTION_END				/* the other end is closed */
} Reception;

/* What a child sends: this, then the bytes of the text and so on, in this order. */
typedef struct ResultHeader
{
	uint32_t	status;			/* ExtractionStatus */
	uint32_t	message_length;
	uint32_t	extractor_length;
	uint32_t	metadata_length;
	uint64_t	text_length;
} ResultHeader;

/* What a child of the spawn server needs to know. */
typedef struct ChildSetup
{
	Request		request;
	const ExtractionOptions *options;
	const char *folder;			/* of a command, or NULL */
	pid_t		server;			/* the child dies with it */
} ChildSetup;

/* spawn.c */
extern void ServeSpawns(int requests, const ExtractionOptions *options)
			__attribute__((noreturn));

/* child.c */
extern void RunChild(const ChildSetup *setup) __attribute__((noreturn));

/* pass_fds.c */
extern bool SendWithFds(int socket, const void *data, size_t length, const int *fds, int count);
extern Reception ReceiveWithFds(int socket, void *data, size_t length, int *fds, int count);

/* command.c */
extern char *CommandOf(const ExtractionOptions *options, int command);
extern int	FindCommand(const ExtractionOptions *options, const char *type);

/* extract_pdf.c */
extern void FindPdfVersion(void);

#endif							/* SPAWN_H */
