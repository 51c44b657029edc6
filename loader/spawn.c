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

#define MAX_CHILDREN 256
#define MAX_FOLDER 256

typedef struct Child
{
	pid_t		pid;			/* also its process group */
	int			control;
	char		folder[MAX_FOLDER]; /* empty if it has none */
} Child;

static Child children[MAX_CHILDREN];
static int	child_count = 0;

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

/* Removes a command's folder, with all that is in it. */
static void
RemoveFolder(const char *folder)
{
	pid_t		pid;

	if (folder[0] == '\0' || rmdir(folder) == 0)
		return;
	pid = fork();
	if (pid == 0)
	{
		execl("/bin/rm", "rm", "-rf", "--", folder, (char *) NULL);
		_exit(127);
	}
	/* The main loop reaps it. */
}

/* Kills what is left of a process group, and waits until it is gone. */
static void
EndGroup(pid_t group)
{
	/* What the kernel does not let die within two seconds is left to it. */
	for (int i = 0; i < 20000; i++)
	{
		if (kill(-group, SIGKILL) != 0)
			return;
		if (waitpid(-group, NULL, WNOHANG) <= 0)
			usleep(100);
	}
}

/* Ends a child for good, reports its status, and forgets it. */
static void
EndChild(Child *child, int status)
{
	EndGroup(child->pid);
	send(child->control, &status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(child->control);
	RemoveFolder(child->folder);
	*child = children[--child_count];
}

/* Ends the children that have exited.  They stay zombies, so that their ids stay theirs. */
static void
ReapChildren(void)
{
	siginfo_t	info;

	for (;;)
	{
		int			i = 0;

		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		while (i < child_count && children[i].pid != info.si_pid)
			i++;
		if (i == child_count)
			waitpid(info.si_pid, NULL, WNOHANG);	/* an orphan of a command's */
		else
			EndChild(&children[i], info.si_code == CLD_EXITED ?
					 info.si_status << 8 : info.si_status);
	}
}

/* In a new child: gives it its descriptors, and no others. */
static void
SetUpDescriptors(const int *fds)
{
	int			null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (dup2(fds[0], STDIN_FILENO) < 0 || dup2(fds[1], STDOUT_FILENO) < 0)
		_exit(1);
#if !defined(__SANITIZE_ADDRESS__)
	dup2(null, STDERR_FILENO);
#else
	(void) null;
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

/* Starts a child. */
static void
StartChild(const Request *request, const int *fds, const ExtractionOptions *options)
{
	Child	   *child = &children[child_count];
	int			failed = -1;

	child->folder[0] = '\0';
	if (child_count < MAX_CHILDREN)
	{
		if (request->command >= 0)
			MakeFolder(child);
		child->pid = fork();
		if (child->pid == 0)
		{
			ChildSetup	setup = {*request, options, child->folder[0] ? child->folder : NULL};

			setpgid(0, 0);
			SetUpDescriptors(fds);
			RunChild(&setup);
		}
	}
	close(fds[0]);
	close(fds[1]);
	if (child_count == MAX_CHILDREN || child->pid < 0)
	{
		send(fds[2], &failed, sizeof(failed), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fds[2]);
		if (child->folder[0] != '\0')
			rmdir(child->folder);
		return;
	}
	setpgid(child->pid, child->pid);
	child->control = fds[2];
	child_count++;
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

/* Ends all children, and the server. */
static void
Quit(void)
{
	while (child_count > 0)
	{
		kill(-children[0].pid, SIGKILL);
		EndChild(&children[0], -1);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
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
	CleanEnvironment();
	PrepareSandbox();
	umask(077);
	for (;;)
	{
		struct pollfd polled[MAX_CHILDREN + 2] = {{requests, POLLIN, 0}, {signals, POLLIN, 0}};
		struct signalfd_siginfo info[8];
		Request		request;
		int			fds[REQUEST_FDS];

		for (int i = 0; i < child_count; i++)
			polled[i + 2] = (struct pollfd) {children[i].control, POLLIN, 0};
		if (poll(polled, child_count + 2, -1) < 0 && errno != EINTR)
			Quit();
		/* Backwards, as ending a child moves the last one to its place. */
		for (int i = child_count - 1; i >= 0; i--)
			if (polled[i + 2].revents != 0)
				kill(-children[i].pid, SIGKILL);
		if (polled[1].revents != 0 && read(signals, info, sizeof(info)) < 0 && errno != EAGAIN)
			Quit();
		ReapChildren();
		if (polled[0].revents == 0)
			continue;
		if (!ReceiveWithFds(requests, &request, sizeof(request), fds, REQUEST_FDS))
			Quit();
		if (request.family == FAMILY_PDF || request.family == FAMILY_GZIP)
			FindPdfVersion();
		StartChild(&request, fds, options);
	}
}
