/*
 * spawn.c
 *		The spawn server: starts children, and ends their process groups.
 *
 * It has one thread, little memory and no secrets, so that forking is cheap and a child finds
 * nothing in its memory.  A child dies when the loader closes the child's control socket; when
 * a child has ended, the server writes its wait status there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

#define MAX_FOLDER 256

/* How often, every 100 microseconds, the end of processes that were killed is waited for. */
#define PATIENCE 20000

typedef struct Child
{
	pid_t		pid;			/* also its process group */
	int			control;
	bool		is_killed;		/* and its end is to come */
	char		folder[MAX_FOLDER]; /* empty if it has none */
} Child;

static Child children[MAX_CHILDREN];
static int	child_count = 0;
static int	null_file = -1;		/* /dev/null */

/* Overwrites and drops the environment, but for what programs need: it may hold passwords. */
static void
CleanEnvironment(void)
{
	static const char *const kept[] = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", NULL};
	char	   *values[sizeof(kept) / sizeof(kept[0])] = {NULL};
	extern char **environ;

	for (int i = 0; kept[i] != NULL; i++)
		if (getenv(kept[i]) != NULL)
			values[i] = strdup(getenv(kept[i]));
	for (char **variable = environ; *variable != NULL; variable++)
		explicit_bzero(*variable, strlen(*variable));
	clearenv();
	for (int i = 0; kept[i] != NULL; i++)
		if (values[i] != NULL)
			setenv(kept[i], values[i], 1);
	if (values[0] == NULL)
		setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
}

/* Removes a command's folder, with all that is in it, and whatever modes that has. */
static void
RemoveFolder(const char *folder)
{
	static const char script[] =
		"rm -rf -- \"$0\" 2>/dev/null ||"
		" { find -P \"$0\" -type d -exec chmod u+rwx {} \\; && rm -rf -- \"$0\"; }";
	pid_t		pid;

	if (folder[0] == '\0' || rmdir(folder) == 0)
		return;
	pid = fork();
	if (pid == 0)
	{
		execl("/bin/sh", "sh", "-c", script, folder, (char *) NULL);
		_exit(127);
	}
	/* The main loop reaps it. */
}

/*
 * Kills what is left of a process group, and waits until it is gone.  What the kernel does not
 * let die in time is left to it.  Returns how much patience is left.
 */
static int
EndGroup(pid_t group, int patience)
{
	while (kill(-group, SIGKILL) == 0 && patience > 0)
		if (waitpid(-group, NULL, WNOHANG) <= 0)
		{
			usleep(100);
			patience--;
		}
	return patience;
}

/* Returns whether a process group is that of a child. */
static bool
IsChildGroup(pid_t group)
{
	for (int i = 0; i < child_count; i++)
		if (children[i].pid == group)
			return true;
	return false;
}

/*
 * Where no seccomp filter forbids to leave a process group: kills what has left its child's.
 * When its parents are gone it is a child of ours.
 */
static void
KillStrays(void)
{
	FILE	   *list = HasSeccomp() ? NULL : fopen("/proc/thread-self/children", "re");
	int			pid;

	if (list == NULL)
		return;
	while (fscanf(list, "%d", &pid) == 1)
	{
		pid_t		group = getpgid(pid);

		/* In our own group, folders are being removed. */
		if (group > 0 && group != getpgrp() && !IsChildGroup(group))
			kill(pid, SIGKILL);
	}
	fclose(list);
}

/* Ends a child for good, reports its status, if any, and forgets it.  Returns the patience left. */
static int
EndChild(Child *child, const int *status, int patience)
{
	patience = EndGroup(child->pid, patience);
	if (status != NULL)
		send(child->control, status, sizeof(*status), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(child->control);
	RemoveFolder(child->folder);
	*child = children[--child_count];
	KillStrays();
	return patience;
}

/* Ends the children that have exited.  They stay zombies, so that their ids stay theirs. */
static void
ReapChildren(void)
{
	siginfo_t	info;

	for (;;)
	{
		int			i = 0;
		int			status;

		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		while (i < child_count && children[i].pid != info.si_pid)
			i++;
		if (i == child_count)
		{
			/* An orphan of a command's */
			waitpid(info.si_pid, NULL, WNOHANG);
			KillStrays();
		}
		else
		{
			status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
			EndChild(&children[i], &status, PATIENCE);
		}
	}
}

/*
 * In a new child: gives it its descriptors.  Those of other children are closed before the limit
 * on descriptors is set; what the sandbox still needs is closed after it.
 */
static void
SetUpDescriptors(const int *fds)
{
	for (int i = 0; i < child_count; i++)
		close(children[i].control);
	if (dup2(fds[0], STDIN_FILENO) < 0 || dup2(fds[1], STDOUT_FILENO) < 0)
		_exit(1);
#if !defined(__SANITIZE_ADDRESS__)
	if (dup2(null_file, STDERR_FILENO) < 0)
		_exit(1);
#endif
}

/* Makes a folder for a command.  Without one, the command has none to write to. */
static void
MakeFolder(Child *child)
{
	const char *parent = getenv("TMPDIR");
	int			length = snprintf(child->folder, MAX_FOLDER, "%s/extract-command.XXXXXX",
								  parent && parent[0] == '/' ? parent : "/tmp");

	if (length >= MAX_FOLDER || mkdtemp(child->folder) == NULL)
		child->folder[0] = '\0';
	else if (geteuid() == 0 && chown(child->folder, NOBODY, NOBODY) != 0)
		return;					/* then it stays root's, and so does the command */
}

/*
 * Starts a child.  There must be room for it.  Returns false if the machine has no room for a
 * process now, and it may be tried again.
 */
static bool
StartChild(const Request *request, const int *fds, const ExtractionOptions *options, bool again)
{
	Child		child = {.control = fds[2]};
	pid_t		server = getpid();
	int			error;

	if (request->command >= 0)
		MakeFolder(&child);
	child.pid = fork();
	error = -errno;
	if (child.pid == 0)
	{
		ChildSetup	setup = {*request, options, child.folder[0] ? child.folder : NULL, server};

		setpgid(0, 0);
		SetUpDescriptors(fds);
		RunChild(&setup);
	}
	if (child.pid > 0)
	{
		setpgid(child.pid, child.pid);
		children[child_count++] = child;
	}
	else
	{
		RemoveFolder(child.folder);
		if (again && (error == -EAGAIN || error == -ENOMEM))
			return false;
		/* No wait status is below 0. */
		send(fds[2], &error, sizeof(error), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fds[2]);
	}
	close(fds[0]);
	close(fds[1]);
	return true;
}

/* Blocks the signals that end children, and returns a descriptor that tells of them. */
static int
OpenSignals(void)
{
	sigset_t	signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * Ends all children, and the server, in bounded time.  The children have no status that says
 * something about their files; without one, the loader knows that the server is gone.
 */
static void __attribute__((noreturn))
Quit(void)
{
	int			patience = PATIENCE;
	pid_t		ended;

	for (int i = 0; i < child_count; i++)
		kill(-children[i].pid, SIGKILL);
	while (child_count > 0)
		patience = EndChild(&children[0], NULL, patience);
	/* Folders whose removal takes longer are removed after our end. */
	while ((ended = waitpid(-1, NULL, WNOHANG)) >= 0 && patience > 0)
		if (ended == 0)
		{
			KillStrays();
			usleep(1000);
			patience -= 10;
		}
	_exit(0);
}

/* Closes all descriptors of the loader but one, which it returns under a small number. */
static int
KeepOnly(int kept)
{
	int			moved = dup2(kept, 3);
	long		open_max = sysconf(_SC_OPEN_MAX);

	if (moved < 0)
		_exit(1);
	fcntl(moved, F_SETFD, FD_CLOEXEC);
	if (syscall(436 /* close_range */ , 4, ~0U, 0) != 0)
		for (int fd = 4; fd < open_max; fd++)
			close(fd);
	return moved;
}

/*
 * Waits for requests, signals, and children that are to end; ends these.  Returns whether there
 * is a request; requests is -1, and there is a time to wait, if one is to be tried again.
 */
static bool
WaitForRequest(int requests, int signals, int milliseconds)
{
	struct pollfd polled[MAX_CHILDREN + 2] = {{requests, POLLIN, 0}, {signals, POLLIN, 0}};
	struct signalfd_siginfo info[8];

	/* While there is no room, requests wait in their socket. */
	if (child_count == MAX_CHILDREN)
		polled[0].fd = -1;
	for (int i = 0; i < child_count; i++)
		polled[i + 2] =
			(struct pollfd) {children[i].is_killed ? -1 : children[i].control, POLLIN, 0};
	if (poll(polled, child_count + 2, milliseconds) < 0 && errno != EINTR)
		Quit();
	for (int i = 0; i < child_count; i++)
		if (polled[i + 2].revents != 0)
		{
			kill(-children[i].pid, SIGKILL);
			children[i].is_killed = true;
		}
	if (polled[1].revents != 0 && read(signals, info, sizeof(info)) < 0 && errno != EAGAIN)
		Quit();
	ReapChildren();
	return polled[0].revents != 0;
}

/*
 * Starts a child for a request.  While the machine has no room for a process, children go on and
 * end: so that room comes back before the loader's patience with the child ends.
 */
static void
Serve(const Request *request, const int *fds, const ExtractionOptions *options, int signals)
{
	unsigned	attempts = options->timeout * 20;

	if (request->family == FAMILY_PDF || request->family == FAMILY_GZIP)
		FindPdfVersion();
	while (!StartChild(request, fds, options, attempts > 0))
	{
		struct pollfd control = {fds[2], POLLIN, 0};

		WaitForRequest(-1, signals, 50);
		/* Perhaps the loader does not want the child any more. */
		attempts = poll(&control, 1, 0) != 0 ? 0 : attempts - 1;
	}
}

/* Serves requests until the loader closes its end, or dies. */
void
ServeSpawns(int requests, const ExtractionOptions *options)
{
	int			signals;

	/* Ctrl-C is the loader's affair. */
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "extract-spawn");
	for (int signal_number = 1; signal_number < 32; signal_number++)
		signal(signal_number, SIG_DFL);
	requests = KeepOnly(requests);
	signals = OpenSignals();
	null_file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (signals < 0 || null_file < 0)
		_exit(1);
	CleanEnvironment();
	PrepareSandbox();
	umask(077);
	for (;;)
	{
		Request		request;
		int			fds[REQUEST_FDS];
		Reception	reception;

		if (!WaitForRequest(requests, signals, -1))
			continue;
		reception = ReceiveWithFds(requests, &request, sizeof(request), fds, REQUEST_FDS);
		if (reception == RECEPTION_END)
			Quit();
		/* Who has sent something else sees that nobody has its descriptors. */
		if (reception == RECEPTION_COMPLETE)
			Serve(&request, fds, options, signals);
	}
}
