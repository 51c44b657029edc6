/*
 * command.c
 *		Programs as extractors: they read the file as standard input and write
 *		the text to standard output.
 *
 * This runs in a child of the spawn server, within the sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "text_encoding.h"
#include "spawn.h"
#include "utf8.h"

/* Returns the number of the first of the user's commands that is for a type, or -1. */
int
FindCommand(const ExtractionOptions *options, const char *type)
{
	for (int i = 0; options->commands != NULL && options->commands[i] != NULL; i++)
	{
		const char *end = strchr(options->commands[i], '=');
		char		pattern[MAX_TYPE];

		if (end == NULL || end - options->commands[i] >= MAX_TYPE)
			continue;
		snprintf(pattern, sizeof(pattern), "%.*s", (int) (end - options->commands[i]),
				 options->commands[i]);
		if (fnmatch(pattern, type, FNM_CASEFOLD) == 0)
			return i;
	}
	return -1;
}

/* Returns the command of a number, or NULL for -1. */
char *
CommandOf(const ExtractionOptions *options, int command)
{
	return command < 0 ? NULL : strchr(options->commands[command], '=') + 1;
}

static void
CloseFd(void *argument)
{
	close((int) (intptr_t) argument);
}

/* Opens a pipe; the job's end closes the end that is ours. */
static void
OpenPipe(Job *job, int fds[2], int ours)
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		FailJob(job, EXTRACTION_FAILED, "could not create a pipe: %s", strerror(errno));
	PushCleanup(job, CloseFd, (void *) (intptr_t) fds[ours]);
	fcntl(fds[ours], F_SETFL, O_NONBLOCK);
}

/* In the program's process: executes it. */
static void __attribute__((noreturn))
Execute(const Program *program, int input, int output, int errors)
{
	/* Its parent, too, dies with the server. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
		dup2(errors, STDERR_FILENO) >= 0 && (!program->alone || ForbidProcesses()))
		execvp(program->arguments[0], program->arguments);
	dprintf(STDERR_FILENO, "%s: %s\n", program->arguments[0], strerror(errno));
	_exit(127);
}

/* Starts a program with these descriptors. */
static pid_t
StartProgram(const Program *program, int input, int output, int errors)
{
	/* It runs in our memory until it executes the program: much cheaper than a copy. */
	pid_t		pid = vfork();

	if (pid == 0)
	{
		signal(SIGPIPE, SIG_DFL);
		Execute(program, input, output, errors);
	}
	return pid;
}

/* Keeps the last line of a program's messages. */
static void
KeepErrors(Program *program, char *bytes, size_t length)
{
	while (length > 0)
	{
		char	   *end = memchr(bytes, '\n', length);
		size_t		width = end ? (size_t) (end - bytes) : length;

		if (width > 0)
			snprintf(program->errors, sizeof(program->errors), "%.*s", (int) width, bytes);
		if (end != NULL)
			width++;
		bytes += width;
		length -= width;
	}
}

/* Reads what a program has written to one of its pipes.  Returns false at the end. */
static bool
ReadPipe(Job *job, Program *program, int fd, bool is_output)
{
	char		bytes[16384];
	ssize_t		length = read(fd, bytes, sizeof(bytes));

	if (length < 0)
		return errno == EAGAIN || errno == EINTR;
	if (is_output)
	{
		Append(job, &program->output, bytes, (size_t) length);
		/* Markup and metadata may come with the text. */
		if (program->output.length > job->max_text + 100000)
			FailJob(job, EXTRACTION_TOO_LARGE, "the text is longer than %zu bytes", job->max_text);
	}
	else
		KeepErrors(program, bytes, (size_t) length);
	return length > 0;
}

/* Feeds a program and reads its pipes until both have ended. */
static void
Converse(Job *job, Program *program, struct pollfd polled[3], const unsigned char *data,
		 size_t size)
{
	while (polled[1].fd >= 0 || polled[2].fd >= 0)
	{
		if (poll(polled, 3, -1) < 0 && errno != EINTR)
			FailJob(job, EXTRACTION_FAILED, "could not wait for %s", program->arguments[0]);
		if (polled[0].fd >= 0 && polled[0].revents != 0)
		{
			ssize_t		written = write(polled[0].fd, data, size < 65536 ? size : 65536);

			if (written > 0)
			{
				data += written;
				size -= (size_t) written;
			}
			if (size == 0 || (written < 0 && errno != EAGAIN && errno != EINTR))
			{
				close(polled[0].fd);
				polled[0].fd = -1;
			}
		}
		for (int i = 1; i < 3; i++)
			if (polled[i].fd >= 0 && polled[i].revents != 0 &&
				!ReadPipe(job, program, polled[i].fd, i == 1))
				polled[i].fd = -1;
	}
}

/* Runs a program on the bytes of a file, and waits for its end. */
void
RunProgram(Job *job, Program *program, const unsigned char *data, size_t size)
{
	bool		direct = job->fd >= 0 && job->data == data;
	int			input[2] = {job->fd, -1};
	int			output[2];
	int			errors[2];
	struct pollfd polled[3] = {{-1, POLLOUT, 0}};
	pid_t		pid;

	signal(SIGPIPE, SIG_IGN);
	OpenPipe(job, output, 0);
	OpenPipe(job, errors, 0);
	if (!direct)
	{
		if (pipe2(input, O_CLOEXEC) != 0)
			FailJob(job, EXTRACTION_FAILED, "could not create a pipe: %s", strerror(errno));
		fcntl(input[1], F_SETFL, O_NONBLOCK);
		polled[0].fd = input[1];
	}
	pid = StartProgram(program, input[0], output[1], errors[1]);
	if (!direct)
		close(input[0]);
	close(output[1]);
	close(errors[1]);
	if (pid < 0)
		FailJob(job, EXTRACTION_FAILED, "could not start %s: %s", program->arguments[0],
			   strerror(errno));
	polled[1] = (struct pollfd) {output[0], POLLIN, 0};
	polled[2] = (struct pollfd) {errors[0], POLLIN, 0};
	Converse(job, program, polled, data, size);
	if (polled[0].fd >= 0)
		close(polled[0].fd);
	while (waitpid(pid, &program->status, 0) < 0 && errno == EINTR)
		;
	PopCleanup(job);
	PopCleanup(job);
}

/* Gives up with what is known of a program that failed. */
void
GiveUpForStatus(Job *job, const Program *program)
{
	const char *name = program->arguments[0];
	int			number = WIFSIGNALED(program->status) ? WTERMSIG(program->status) : 0;

	/* So shells report what a signal has ended. */
	if (WIFEXITED(program->status) && WEXITSTATUS(program->status) > 128)
		number = WEXITSTATUS(program->status) - 128;
	if (number == SIGXCPU)
		FailJob(job, EXTRACTION_FAILED, "%s took too long", name);
	if (number > 0 && number < 65)
		FailJob(job, EXTRACTION_FAILED, "%s ended by signal %d (%s)", name, number,
			   strsignal(number));
	FailJob(job, EXTRACTION_FAILED, "%s failed with exit status %d%s%s", name,
		   WEXITSTATUS(program->status), program->errors[0] ? ": " : "", program->errors);
}

/* Runs the user's command, in a shell. */
void
ExtractByCommand(Job *job, const unsigned char *data, size_t size)
{
	char	   *arguments[] = {"/bin/sh", "-c", (char *) job->command, NULL};
	Program		program = {.arguments = arguments};
	const char *encoding;

	snprintf(job->extractor, sizeof(job->extractor), "%s", job->command);
	RunProgram(job, &program, data, size);
	if (program.status != 0)
	{
		arguments[0] = "the command";
		GiveUpForStatus(job, &program);
	}
	encoding = AppendDecoded(job, &job->text, NULL, program.output.data ? program.output.data : "",
							 program.output.length);
	if (encoding == NULL)
		FailJob(job, EXTRACTION_FAILED, "the command wrote no text, but bytes");
}
