/*
 * child.c
 *		A child of the spawn server: enters the sandbox, reads its file, sends the
 *		result.
 *
 * Most children read one file.  A child that serves reads one plain text, or one PDF file,
 * after the other, since a process for each would cost more than a small file.  It runs only
 * code that checks and copies characters: pdftotext is a new process each time, and a text that
 * chooses its encoding itself gets a child of its own.  The parent replaces it after some files.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spawn.h"

/* Larger texts are mapped, not read. */
#define READ_LIMIT (1 << 20)

/* Writes all bytes, or ends the process: then nobody waits for them. */
static void
WriteAll(struct iovec *parts, int count)
{
	while (count > 0)
	{
		ssize_t		written = writev(STDOUT_FILENO, parts, count);

		if (written < 0 && errno != EINTR)
			_exit(1);
		for (; count > 0 && written >= (ssize_t) parts->iov_len; parts++, count--)
			written -= (ssize_t) parts->iov_len;
		if (count > 0 && written > 0)
		{
			parts->iov_base = (char *) parts->iov_base + written;
			parts->iov_len -= (size_t) written;
		}
	}
}

/* Sends the result of a job to the parent. */
static void
SendResult(Job *job)
{
	ResultHeader header = {.status = job->status};
	bool		done = job->status == EXTRACTION_DONE;
	struct iovec parts[5] = {
		{&header, sizeof(header)},
		{job->message, strlen(job->message)},
		{job->extractor, strlen(job->extractor)},
		{job->metadata.data, job->metadata.length},
		{job->text.data, done ? job->text.length : 0}
	};

	header.message_length = (uint32_t) parts[1].iov_len;
	header.extractor_length = (uint32_t) parts[2].iov_len;
	header.metadata_length = (uint32_t) parts[3].iov_len;
	header.text_length = parts[4].iov_len;
	WriteAll(parts, 5);
}

/* Sends a failure of the child itself, and ends it. */
static void __attribute__((noreturn))
Fail(const char *message)
{
	Job			job;

	InitJob(&job, NULL, 0, 0);
	job.status = EXTRACTION_FAILED;
	snprintf(job.message, sizeof(job.message), "%s: %s", message, strerror(errno));
	SendResult(&job);
	_exit(1);
}

/* Returns the bytes of a file, or NULL; an empty one has some, too. */
static const unsigned char *
MapFile(int fd, size_t *size)
{
	struct stat status;
	void	   *data;

	if (fstat(fd, &status) != 0)
		return NULL;
	*size = (size_t) status.st_size;
	if (*size == 0)
		return (const unsigned char *) "";
	data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	return data == MAP_FAILED ? NULL : data;
}

/* Reads the file of a request and sends its result. */
static void
ReadFile(const ChildSetup *setup)
{
	Job			job;
	size_t		size;
	const unsigned char *data = MapFile(STDIN_FILENO, &size);

	if (data == NULL)
		Fail("could not read the file");
	lseek(STDIN_FILENO, 0, SEEK_SET);
	InitJob(&job, data, size, setup->options->max_text_bytes);
	job.fd = STDIN_FILENO;
	job.type = setup->request.type;
	job.command = CommandOf(setup->options, setup->request.command);
	RunJob(&job, ExtractorOf(setup->request.family));
	SendResult(&job);
}

/* Reads a file into memory that is kept for the next one, or maps a large one. */
static const unsigned char *
ReadSmall(int fd, unsigned char *memory, size_t *size)
{
	ssize_t		length;

	*size = 0;
	/* Some file systems return less than there is. */
	while (*size < READ_LIMIT &&
		   (length = pread(fd, memory + *size, READ_LIMIT - *size, (off_t) *size)) != 0)
	{
		if (length < 0)
			return NULL;
		*size += (size_t) length;
	}
	return *size < READ_LIMIT ? memory : MapFile(fd, size);
}

/* Reads one file after the other, until the parent closes the socket. */
static void
ServeFiles(const ChildSetup *setup)
{
	unsigned char *memory = malloc(READ_LIMIT);
	char		byte;
	int			fd;

	if (memory == NULL)
		Fail("could not start");
	while (ReceiveWithFds(STDIN_FILENO, &byte, 1, &fd, 1) == RECEPTION_COMPLETE)
	{
		Job			job;
		size_t		size;
		const unsigned char *data = ReadSmall(fd, memory, &size);

		if (data == NULL)
			Fail("could not read the file");
		InitJob(&job, data, size, setup->options->max_text_bytes);
		lseek(fd, 0, SEEK_SET);
		job.fd = fd;
		job.served = true;
		RunJob(&job, ExtractorOf(setup->request.family));
		SendResult(&job);
		FreeJob(&job);
		if (data != memory && size > 0)
			munmap((void *) data, size);
		close(fd);
	}
}

/* Returns what a family's extractors have to be allowed. */
static SandboxKind
SandboxOf(Family family)
{
	switch (family)
	{
		case FAMILY_COMMAND:
			return SANDBOX_COMMAND;
		case FAMILY_PDF:
		case FAMILY_GZIP:
			return SANDBOX_PROGRAM;
		default:
			return SANDBOX_PARSER;
	}
}

/* Runs a child of the spawn server. */
void
RunChild(const ChildSetup *setup)
{
	const char *command = CommandOf(setup->options, setup->request.command);
	Limits		limits = {
		.memory = setup->options->max_memory,
		.seconds = setup->options->timeout,
		/* A bound for each of many commands at once */
		.processes = 100 + 10 * setup->options->threads
	};
	struct stat status;
	sigset_t	none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/*
	 * The pages of the file do not count: they are the kernel's, not memory of ours.  For one text
	 * of many the wall clock is the limit; pdftotext has the limit for itself.
	 */
	if (setup->request.serve)
		limits.seconds = setup->request.family == FAMILY_TEXT ? 0 : limits.seconds;
	else if (fstat(STDIN_FILENO, &status) == 0 && setup->request.family != FAMILY_COMMAND)
		limits.memory += (size_t) status.st_size;
	if (setup->folder != NULL)
	{
		if (chdir(setup->folder) != 0)
			Fail("could not enter the temporary folder");
		setenv("HOME", setup->folder, 1);
		setenv("TMPDIR", setup->folder, 1);
	}
	else if (chdir("/") != 0)
		Fail("could not leave the folder");
	if (!EnterSandbox(SandboxOf(setup->request.family), &limits, command, setup->folder))
		Fail("could not enter the sandbox");
	/* Only now, as a change of the user resets it.  The server may have died before. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != setup->server)
		_exit(1);
	syscall(436 /* close_range */ , 3, ~0U, 0);
	if (setup->request.serve)
		ServeFiles(setup);
	else
		ReadFile(setup);
	_exit(0);
}
