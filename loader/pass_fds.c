/*
 * pass_fds.c
 *		Messages with file descriptors, over a local socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spawn.h"

typedef union FdSpace
{
	char		bytes[CMSG_SPACE(sizeof(int) * REQUEST_FDS)];
	struct cmsghdr aligned;
} FdSpace;

/* Sends a message with descriptors.  Returns false if nobody takes it. */
bool
SendWithFds(int socket, const void *data, size_t length, const int *fds, int count)
{
	FdSpace		space;
	struct iovec vector = {(void *) data, length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t		sent;

	memset(&space, 0, sizeof(space));
	message.msg_control = space.bytes;
	message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t) length;
}

/*
 * Receives a message of this length with this many descriptors, at most REQUEST_FDS.  Of another
 * message, as when there is no room for the descriptors, nothing is kept.
 */
Reception
ReceiveWithFds(int socket, void *data, size_t length, int *fds, int count)
{
	FdSpace		space;
	int			received[REQUEST_FDS];
	struct iovec vector = {data, length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	struct cmsghdr *header;
	int			nfds = 0;
	ssize_t		nbytes;

	message.msg_control = space.bytes;
	message.msg_controllen = sizeof(space.bytes);
	do
		nbytes = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (nbytes < 0 && errno == EINTR);
	if (nbytes <= 0)
		return RECEPTION_END;
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
	{
		nfds = (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(received, CMSG_DATA(header), sizeof(int) * nfds);
	}
	if (nbytes == (ssize_t) length && nfds == count)
	{
		memcpy(fds, received, sizeof(int) * nfds);
		return RECEPTION_COMPLETE;
	}
	while (nfds > 0)
		close(received[--nfds]);
	return RECEPTION_OTHER;
}
