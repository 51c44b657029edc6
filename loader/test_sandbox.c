/*
 * test_sandbox.c
 *		Enters the sandbox of a kind of child, tries what it is to refuse, and
 *		prints the number of the error for each, 0 for none:
 *			test_sandbox parser|program|command FILE
 *			test_sandbox x32|i386
 *
 * FILE is open as standard input and belongs to the user.  The last two make a call of another
 * architecture than x86-64, which ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox.h"

#define TRY(name, call) \
	(errno = 0, printf("%s: %d\n", name, (call) < 0 ? errno : 0))

/* Tries to have signals sent to the parent, and to change it. */
static void
TryParent(void)
{
	pid_t		parent = getppid();
	struct f_owner_ex owner = {F_OWNER_PID, parent};
	struct rlimit limit;
	cpu_set_t	processors;
	char		byte;
	struct iovec vector = {&byte, 1};

	CPU_ZERO(&processors);
	CPU_SET(0, &processors);
	TRY("F_SETOWN", fcntl(STDIN_FILENO, F_SETOWN, parent));
	TRY("F_SETSIG", fcntl(STDIN_FILENO, F_SETSIG, SIGKILL));
	TRY("F_SETOWN_EX", fcntl(STDIN_FILENO, F_SETOWN_EX, &owner));
	TRY("F_SETLEASE", fcntl(STDIN_FILENO, F_SETLEASE, F_UNLCK));
	TRY("FIOSETOWN", ioctl(STDIN_FILENO, FIOSETOWN, &parent));
	TRY("SIOCSPGRP", ioctl(STDIN_FILENO, SIOCSPGRP, &parent));
	TRY("TIOCSTI", ioctl(STDIN_FILENO, TIOCSTI, "x"));
	TRY("kill", kill(parent, 0));
	TRY("tgkill", syscall(SYS_tgkill, parent, parent, 0));
	TRY("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	TRY("process_vm_readv", process_vm_readv(getpid(), &vector, 1, &vector, 1, 0));
	TRY("setpriority", setpriority(PRIO_PROCESS, 0, 19));
	TRY("sched_setaffinity", sched_setaffinity(parent, sizeof(processors), &processors));
	TRY("sched_setparam", syscall(SYS_sched_setparam, 0, "\0\0\0\0"));
	TRY("prlimit", prlimit(parent, RLIMIT_CORE, NULL, &limit));
	TRY("pidfd_open", syscall(434, getpid(), 0));
	TRY("setsid", syscall(SYS_setsid));
	TRY("setpgid", setpgid(0, 0));
}

/* Tries what lasts, and what the kernel has in store. */
static void
TryKernel(void)
{
	TRY("socket", socket(AF_UNIX, SOCK_STREAM, 0));
	TRY("io_uring_setup", syscall(425, 0, NULL));
	TRY("shmget", shmget(IPC_PRIVATE, 4096, 0));
	TRY("shmctl", shmctl(-1, IPC_RMID, NULL));
	TRY("semctl", syscall(SYS_semctl, -1, 0, 0, NULL));
	TRY("mq_unlink", syscall(SYS_mq_unlink, "none"));
	TRY("memfd_create", syscall(SYS_memfd_create, "x", 0));
	TRY("keyctl", syscall(SYS_keyctl, 0, -3, 0));
	TRY("userfaultfd", syscall(SYS_userfaultfd, 1));
	TRY("bpf", syscall(SYS_bpf, 0, NULL, 0));
	TRY("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	TRY("open_tree", syscall(428, AT_FDCWD, "/", O_CLOEXEC));
	TRY("fsopen", syscall(430, "tmpfs", 0));
	TRY("unshare", unshare(CLONE_NEWUSER));
	TRY("clone3", syscall(435, NULL, 0));
	TRY("a call of the future", syscall(2000));
}

/* Tries to change the file, which the user may. */
static void
TryFile(const char *file)
{
	int			flags = 0;

	TRY("truncate", truncate(file, 1));
	TRY("chmod", chmod(file, 0600));
	TRY("fchmod", fchmod(STDIN_FILENO, 0600));
	TRY("chown", chown(file, -1, -1));
	TRY("utimensat", utimensat(AT_FDCWD, file, NULL, 0));
	TRY("setxattr", setxattr(file, "user.x", "x", 1, 0));
	TRY("FS_IOC_SETFLAGS", ioctl(STDIN_FILENO, FS_IOC_SETFLAGS, &flags));
	TRY("open", open(file, O_RDONLY));
}

/* Makes a call of another architecture. */
static void
CallForeign(const char *architecture)
{
#ifdef __x86_64__
	if (strcmp(architecture, "x32") == 0)
		syscall(0x40000000 + SYS_getpid);
	else
	{
		long		result = 20;	/* getpid() */

		__asm__ volatile ("int $0x80":"+a" (result));
	}
#else
	(void) architecture;
#endif
}

int
main(int argc, char **argv)
{
	static const char *const kinds[] = {"parser", "program", "command"};
	Limits		limits = {(size_t) 1 << 30, 10, 100};
	SandboxKind kind = SANDBOX_PARSER;

	for (int i = 0; i < 3 && argc > 1; i++)
		if (strcmp(argv[1], kinds[i]) == 0)
			kind = (SandboxKind) i;
	setvbuf(stdout, NULL, _IONBF, 0);
	PrepareSandbox();
	if (argc < 2 || !EnterSandbox(kind, &limits, "", NULL))
		return 1;
	if (argc == 2)
	{
		CallForeign(argv[1]);
		return 0;
	}
	TryParent();
	TryKernel();
	TryFile(argv[2]);
	if (kind == SANDBOX_PARSER)
		TRY("execve", execl("/bin/true", "true", NULL));
	return 0;
}
