/*
 * result.c
 *		Reads the result of a child, within the time that it has.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "result.h"
#include "spawn.h"
#include "utf8.h"

/* No child of ours sends more. */
#define MAX_MESSAGE 1000
#define MAX_ITEMS 300000

/* Beyond the limit on CPU time, which tells more. */
#define GRACE 1.0

typedef enum Ending
{
	ENDING_COMPLETE,			/* all bytes have come */
	ENDING_DIED,				/* the child has ended, or closed its pipe */
	ENDING_TIMEOUT
} Ending;

static double
Now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* Reads so many bytes before the deadline. */
static Ending
ReceiveBytes(const Connection *connection, char *bytes, size_t length, double deadline)
{
	bool		ended = false;

	while (length > 0)
	{
		ssize_t		received = read(connection->data, bytes, length);
		struct pollfd polled[2] = {{connection->data, POLLIN, 0}, {connection->control, POLLIN, 0}};
		double		left = deadline - Now();

		if (received > 0)
		{
			bytes += received;
			length -= (size_t) received;
			continue;
		}
		if (received == 0 || (errno != EAGAIN && errno != EINTR) || ended)
			return ENDING_DIED;
		if (left <= 0)
			return ENDING_TIMEOUT;
		poll(polled, 2, (int) (left * 1000) + 1);
		/* What the child has sent before its end is read all the same. */
		ended = polled[1].revents != 0;
	}
	return ENDING_COMPLETE;
}

/*
 * Has the server end the child, and gets the child's wait status, or -1 if the server is slow.
 * Returns false, with errno, if there was no child, or there is no server.
 */
static bool
EndChild(const Connection *connection, int *status)
{
	struct pollfd polled = {connection->control, POLLIN, 0};
	ssize_t		length;

	*status = -1;
	shutdown(connection->control, SHUT_WR);
	if (poll(&polled, 1, 5000) <= 0)
		return true;
	length = recv(connection->control, status, sizeof(*status), MSG_DONTWAIT);
	if (length == (ssize_t) sizeof(*status) && *status >= 0)
		return true;
	errno = length == (ssize_t) sizeof(*status) ? -*status : 0;
	return false;
}

/* Sets the failure of a child that has sent no result. */
static Delivery
SetEnding(const Connection *connection, const ExtractionOptions *options, Ending ending,
		  Extraction *result)
{
	int			status;
	int			length;

	if (!EndChild(connection, &status))
		return DELIVERY_LOST;
	result->status = EXTRACTION_FAILED;
	if (ending == ENDING_TIMEOUT ||
		(status > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
		length =
			asprintf(&result->message, "the extractor took more than %u seconds", options->timeout);
	else if (status > 0 && WIFSIGNALED(status))
		length = asprintf(&result->message, "the extractor ended by signal %d (%s)",
						  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		length = asprintf(&result->message, "the extractor ended without a result");
	if (length < 0)
		result->message = NULL;
	return DELIVERY_FAILED;
}

/* Receives a part of a result as a string that has to be freed; NULL if it is empty. */
static Ending
ReceiveString(const Connection *connection, size_t length, double deadline, char **string)
{
	Ending		ending;

	*string = NULL;
	if (length == 0)
		return ENDING_COMPLETE;
	*string = malloc(length + 1);
	if (*string == NULL)
		return ENDING_DIED;
	ending = ReceiveBytes(connection, *string, length, deadline);
	(*string)[ending == ENDING_COMPLETE ? length : 0] = '\0';
	return ending;
}

/* Returns whether a header is one that our code sends. */
static bool
IsPlausible(const ResultHeader *header, const ExtractionOptions *options)
{
	return header->status <= EXTRACTION_FAILED &&
		header->message_length <= MAX_MESSAGE && header->extractor_length <= MAX_MESSAGE &&
		header->metadata_length <= MAX_ITEMS && header->text_length <= options->max_text_bytes &&
		(header->text_length > 0) == (header->status == EXTRACTION_DONE);
}

/* Cleans a string of a child's: it may have been cut within a character. */
static void
CleanString(char *string)
{
	size_t		removed = 0;

	if (string != NULL)
		string[CleanUtf8(string, strlen(string), &removed)] = '\0';
}

/* Receives all parts of a result. */
static Ending
ReceiveParts(const Connection *connection, const ExtractionOptions *options, Extraction *result)
{
	double		deadline = Now() + options->timeout + GRACE;
	ResultHeader header;
	char	   *items = NULL;
	Ending		ending;

	ending = ReceiveBytes(connection, (char *) &header, sizeof(header), deadline);
	if (ending == ENDING_COMPLETE && !IsPlausible(&header, options))
		ending = ENDING_DIED;
	if (ending == ENDING_COMPLETE)
		ending = ReceiveString(connection, header.message_length, deadline, &result->message);
	if (ending == ENDING_COMPLETE)
		ending = ReceiveString(connection, header.extractor_length, deadline, &result->extractor);
	if (ending == ENDING_COMPLETE)
		ending = ReceiveString(connection, header.metadata_length, deadline, &items);
	if (ending == ENDING_COMPLETE)
		ending = ReceiveString(connection, header.text_length, deadline, &result->text);
	if (ending == ENDING_COMPLETE)
	{
		result->status = (ExtractionStatus) header.status;
		result->text_length = header.text_length;
		result->metadata = ItemsToJson(items, header.metadata_length);
		CleanString(result->message);
		CleanString(result->extractor);
		if (!IsUtf8(result->text ? result->text : "", result->text_length))
			ending = ENDING_DIED;
	}
	free(items);
	return ending;
}

/* Receives the result of a child, within the time that it has. */
Delivery
ReceiveResult(Connection *connection, const ExtractionOptions *options, Extraction *result)
{
	Ending		ending = ReceiveParts(connection, options, result);

	if (ending == ENDING_COMPLETE)
		return DELIVERY_COMPLETE;
	FreeExtraction(result);
	return SetEnding(connection, options, ending, result);
}
