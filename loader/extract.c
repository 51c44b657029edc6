/*
 * extract.c
 *		Extraction of files, in the loader: asks the spawn server for children and
 *		reads their results.
 *
 * All parsing happens in the children; a plain text in UTF-8 needs none.  What they send is checked
 * here, since a file may have taken over its child.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <gio/gio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "extract.h"
#include "plain_text.h"
#include "result.h"
#include "spawn.h"
#include "text_encoding.h"

/* How many files a child that serves reads before another one takes its place. */
#define FILES_PER_CHILD 500
#define MAX_IDLE 64

/* Larger PDF files get a child, and a limit on memory, of their own. */
#define MAX_SERVED_PDF (4 << 20)

static ExtractionOptions options;
static int	server_socket = -1;
static _Atomic pid_t server_pid = -1;
static atomic_bool is_stopped;

/* Children that serve texts or PDF files, and have none to read at present. */
typedef struct Idle
{
	Connection	connections[MAX_IDLE];
	int			count;
} Idle;

static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static Idle idle_texts;
static Idle idle_pdfs;

/* Opens standard descriptors that are closed: nothing of ours must take their numbers. */
static void
OpenStandardDescriptors(void)
{
	int			fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Starts the spawn server; see extract.h. */
bool
StartExtraction(const ExtractionOptions *given, char **note, char **error)
{
	int			sockets[2];

	options = *given;
	*note = NULL;
	*error = NULL;
	OpenStandardDescriptors();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0 ||
		(server_pid = fork()) < 0)
	{
		if (asprintf(error, "could not start the process for extraction: %s", strerror(errno)) < 0)
			*error = NULL;
		return false;
	}
	if (server_pid == 0)
		ServeSpawns(sockets[1], &options);
	close(sockets[1]);
	server_socket = sockets[0];
	*note = DescribeSandbox();
	return true;
}

/* Closes a connection; the server then ends the child. */
static void
Disconnect(Connection *connection)
{
	close(connection->data);
	close(connection->control);
}

/* Asks for a child with a file, or for one that serves.  Returns false, with errno, if it cannot. */
static bool
Connect(Connection *connection, const Request *request, int fd)
{
	int			data[2];
	int			control[2];
	int			fds[REQUEST_FDS];
	bool		sent;

	if ((request->serve ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) :
		 pipe2(data, O_CLOEXEC)) != 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
	{
		int			error = errno;

		close(data[0]);
		close(data[1]);
		errno = error;
		return false;
	}
	fds[0] = request->serve ? data[1] : fd;
	fds[1] = data[1];
	fds[2] = control[1];
	sent = SendWithFds(server_socket, request, sizeof(*request), fds, REQUEST_FDS);
	close(data[1]);
	close(control[1]);
	connection->data = data[0];
	connection->control = control[0];
	connection->served = 0;
	fcntl(data[0], F_SETFL, O_NONBLOCK);
	if (!sent)
	{
		int			error = errno;

		Disconnect(connection);
		errno = error;
	}
	return sent;
}

/* Returns the idle children for a request. */
static Idle *
IdleFor(const Request *request)
{
	return request->family == FAMILY_PDF ? &idle_pdfs : &idle_texts;
}

/* Takes an idle child that is still there.  Returns false if there is none. */
static bool
TakeIdle(Connection *connection, const Request *request)
{
	Idle	   *idle = IdleFor(request);
	bool		is_found = false;

	pthread_mutex_lock(&idle_lock);
	while (!is_found && idle->count > 0)
	{
		struct pollfd polled;

		*connection = idle->connections[--idle->count];
		/* It has nothing to say before it gets a file. */
		polled = (struct pollfd) {connection->data, POLLIN, 0};
		is_found = poll(&polled, 1, 0) == 0;
		if (!is_found)
			Disconnect(connection);
	}
	pthread_mutex_unlock(&idle_lock);
	return is_found;
}

/* Sends a file to a child that serves: an idle one, or a new one. */
static bool
SendFile(Connection *connection, const Request *request, int fd)
{
	if (TakeIdle(connection, request))
	{
		if (SendWithFds(connection->data, "", 1, &fd, 1))
			return true;
		Disconnect(connection);
	}
	if (!Connect(connection, request, fd))
		return false;
	/* If the child was not started, or has ended, that shows when its result is awaited. */
	SendWithFds(connection->data, "", 1, &fd, 1);
	return true;
}

/* Keeps a child for the next file, or lets it go. */
static void
KeepOrDisconnect(Connection *connection, const Request *request)
{
	Idle	   *idle = IdleFor(request);
	bool		kept = false;

	if (++connection->served < FILES_PER_CHILD)
	{
		pthread_mutex_lock(&idle_lock);
		if (idle->count < MAX_IDLE)
		{
			idle->connections[idle->count++] = *connection;
			kept = true;
		}
		pthread_mutex_unlock(&idle_lock);
	}
	if (!kept)
		Disconnect(connection);
}

/* Returns the family that is to read a file of a type. */
static Family
ChooseFamily(const char *type)
{
	Family		family = FamilyOf(type);

	/* The system knows many types that are plain text: sources, say. */
	if (family == FAMILY_UNKNOWN && g_content_type_is_a(type, "text/plain"))
		return FAMILY_TEXT;
	if (family == FAMILY_UNKNOWN && g_content_type_is_a(type, "application/gzip"))
		return FAMILY_GZIP;
	return family == FAMILY_UNKNOWN ? FAMILY_NONE : family;
}

/* Sets a result without a text. */
static void
SetFailure(Extraction *result, ExtractionStatus status, const char *message)
{
	result->status = status;
	result->message = strdup(message);
}

/*
 * Returns whether a file may go to a child that has read others.  XML may declare its encoding,
 * and some of the system's converters have had holes: such a file gets a child of its own.  A
 * child that serves looks at no declaration, so it does no harm if the file changes afterwards.
 */
static bool
MayBeServed(const Request *request, int fd, off_t size)
{
	char		start[MAX_XML_DECLARATION];
	char		name[40];
	ssize_t		length;

	if (request->family != FAMILY_TEXT)
		return request->family == FAMILY_PDF && size <= MAX_SERVED_PDF;
	length = pread(fd, start, sizeof(start), 0);
	return length >= 0 &&
		!AsksForConverter(FindXmlEncoding(start, (size_t) length, name, sizeof(name)));
}

/* Sets why there is no process for extraction. */
static void
SetLoss(Extraction *result, int error)
{
	if (atomic_load(&is_stopped))
		return;
	if (error == 0 || error == EPIPE || error == ECONNRESET)
		result->message = strdup("the process for extraction has ended, or takes no more files");
	else if (asprintf(&result->message, "could not start a process for extraction: %s",
					  strerror(error)) < 0)
		result->message = NULL;
}

/* Extracts a file of a family that has an extractor.  Returns false if no child can do that. */
static bool
ExtractInChild(int fd, off_t size, Request *request, Extraction *result)
{
	Connection	connection;
	Delivery	delivery = DELIVERY_LOST;
	bool		is_connected;
	int			error;

	request->serve = MayBeServed(request, fd, size);
	is_connected = request->serve ? SendFile(&connection, request, fd) :
		Connect(&connection, request, fd);
	if (is_connected)
		delivery = ReceiveResult(&connection, &options, result);
	error = errno;
	/* A child that was ended with the server says nothing of its file. */
	if (delivery == DELIVERY_FAILED && atomic_load(&is_stopped))
	{
		FreeExtraction(result);
		delivery = DELIVERY_LOST;
	}
	/* After a failure, something that the child has started may still run. */
	if (delivery == DELIVERY_COMPLETE && request->serve &&
		result->status != EXTRACTION_FAILED && result->status != EXTRACTION_TOO_LARGE)
		KeepOrDisconnect(&connection, request);
	else if (is_connected)
		Disconnect(&connection);
	if (delivery == DELIVERY_LOST)
		SetLoss(result, error);
	return delivery != DELIVERY_LOST;
}

/* Extracts a file; see extract.h. */
bool
ExtractFile(int fd, const char *type, Extraction *result)
{
	Request		request;
	struct stat status;

	memset(result, 0, sizeof(*result));
	memset(&request, 0, sizeof(request));
	snprintf(request.type, sizeof(request.type), "%s", type);
	request.command = FindCommand(&options, type);
	request.family = request.command >= 0 ? FAMILY_COMMAND : ChooseFamily(type);
	if (request.family == FAMILY_NONE)
		SetFailure(result, EXTRACTION_UNSUPPORTED, "no extractor takes this type");
	else if (fstat(fd, &status) != 0)
		SetFailure(result, EXTRACTION_FAILED, "could not read the file");
	else if (request.family == FAMILY_TEXT &&
			 (size_t) status.st_size / 4 > options.max_text_bytes)
		SetFailure(result, EXTRACTION_TOO_LARGE, "the text is longer than allowed");
	else if (request.family != FAMILY_TEXT ||
			 !TakePlainText(fd, (size_t) status.st_size, options.max_text_bytes, result))
		return ExtractInChild(fd, status.st_size, &request, result);
	return true;
}

/* Frees what a result points to. */
void
FreeExtraction(Extraction *result)
{
	free(result->text);
	free(result->metadata);
	free(result->extractor);
	free(result->message);
	memset(result, 0, sizeof(*result));
}

/* Waits for the end of the server, which takes at most some seconds. */
static void
AwaitServer(pid_t server)
{
	for (int i = 0; i < 10000; i++)
	{
		if (waitpid(server, NULL, WNOHANG) != 0)
			return;
		usleep(1000);
	}
	/* Its children die with it. */
	kill(server, SIGKILL);
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Ends the server and all children; see extract.h. */
void
StopExtraction(void)
{
	/* Only one thread does it. */
	pid_t		server = atomic_exchange(&server_pid, -1);

	if (server < 0)
		return;
	atomic_store(&is_stopped, true);
	/* Other threads may still use the descriptor, so it stays open. */
	shutdown(server_socket, SHUT_RDWR);
	AwaitServer(server);
	pthread_mutex_lock(&idle_lock);
	while (idle_texts.count > 0)
		Disconnect(&idle_texts.connections[--idle_texts.count]);
	while (idle_pdfs.count > 0)
		Disconnect(&idle_pdfs.connections[--idle_pdfs.count]);
	pthread_mutex_unlock(&idle_lock);
}
