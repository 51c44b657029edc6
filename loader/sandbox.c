/*
 * sandbox.c
 *		What keeps the children that read hostile files in bounds: limits on
 *		resources, no capabilities, Landlock and seccomp.
 *
 * None of it needs a privilege.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "sandbox.h"

/* Returns NULL, or what this kernel lacks, as a string to be freed. */
char *
DescribeSandbox(void)
{
	bool		landlock = HasLandlock();
	bool		seccomp = HasSeccomp();

	if (landlock && seccomp)
		return NULL;
	return strdup(landlock ?
				  "this kernel has no seccomp filters: extractors can open network connections" :
				  seccomp ?
				  "this kernel has no Landlock: extractors can open this user's files" :
				  "this kernel has neither Landlock nor seccomp filters: "
				  "extractors can open this user's files and network connections");
}

/* Prepares what all children share, in the spawn server. */
void
PrepareSandbox(void)
{
	if (HasLandlock())
		PrepareLandlock();
}

static bool
SetLimit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	/* A limit of the user's that is lower stays. */
	if (getrlimit(resource, &limit) != 0)
		return false;
	if (limit.rlim_max < hard)
		hard = limit.rlim_max;
	limit.rlim_cur = soft < hard ? soft : hard;
	limit.rlim_max = hard;
	return setrlimit(resource, &limit) == 0;
}

/* Sets the limits on resources. */
static bool
SetLimits(SandboxKind kind, const Limits *limits)
{
	rlim_t		files = kind == SANDBOX_COMMAND ? 256 : 32;
	rlim_t		written = kind == SANDBOX_COMMAND ? limits->memory : 0;
	struct sysinfo info;

	if (!SetLimit(RLIMIT_CORE, 0, 0) ||
		!SetLimit(RLIMIT_NOFILE, files, files) ||
		!SetLimit(RLIMIT_FSIZE, written, written))
		return false;
	/* The sanitizer reserves terabytes of address space. */
#if !defined(__SANITIZE_ADDRESS__)
	if (!SetLimit(RLIMIT_AS, limits->memory, limits->memory))
		return false;
#endif
	/* The soft limit ends the process by SIGXCPU, which tells why. */
	if (limits->seconds > 0 &&
		!SetLimit(RLIMIT_CPU, limits->seconds, limits->seconds + 1))
		return false;
	/* The limit is on all processes of the user, whose number is not known but for a bound. */
	if (kind == SANDBOX_COMMAND && sysinfo(&info) == 0)
	{
		rlim_t		processes = info.procs + limits->processes;

		return SetLimit(RLIMIT_NPROC, processes, processes);
	}
	return true;
}

/* If memory runs out all the same, the kernel shall end this process first. */
static void
VolunteerForOom(void)
{
	int			fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
	{
		/* It is a hint: nothing is lost if the kernel does not take it. */
		ssize_t		written = write(fd, "800", 3);

		(void) written;
		close(fd);
	}
}

/*
 * Becomes nobody, where root is: files of root's need not be in reach, and the limit on processes
 * does not hold for root.  Where there is no such user, root stays, without capabilities.
 */
static void
LeaveRoot(void)
{
	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return;
}

/* Drops the capabilities that root has. */
static bool
DropCapabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	return syscall(SYS_capset, &header, data) == 0;
}

/*
 * Puts this process, and all that it starts, into the sandbox.  Returns false if a part of it
 * fails that the kernel has: then the file must not be read.
 */
bool
EnterSandbox(SandboxKind kind, const Limits *limits, const char *command, const char *folder)
{
	VolunteerForOom();
	/* Many busy processes of a command's must not keep the server from ending them. */
	if (kind == SANDBOX_COMMAND)
		setpriority(PRIO_PROCESS, 0, 10);
	LeaveRoot();
	return SetLimits(kind, limits) &&
		DropCapabilities() &&
		prctl(PR_SET_DUMPABLE, 0) == 0 &&
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		EnterLandlock(kind, command, folder) &&
		EnterSeccomp(kind);
}
