/*
 * seccomp.c
 *		Which system calls a child may make, by a seccomp filter.
 *
 * The filter refuses what a parser never needs, and what would let a process leave its group:
 * the group is what gets killed.  The other calls are allowed, since commands are any programs;
 * but calls that are newer than this list do not exist for a child, as on an older kernel.
 *
 * prctl() stays: without it few programs run, and what it sets is the process's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#if defined(WITHOUT_SECCOMP)
/* for a test: as on a kernel that lacks it */
#elif defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

/* Newer calls have the same numbers everywhere. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_IO_URING_SETUP 425
#define NR_IO_URING_ENTER 426
#define NR_IO_URING_REGISTER 427
#define NR_OPEN_TREE 428
#define NR_MOVE_MOUNT 429
#define NR_FSOPEN 430
#define NR_FSCONFIG 431
#define NR_FSMOUNT 432
#define NR_FSPICK 433
#define NR_PIDFD_OPEN 434
#define NR_CLONE3 435
#define NR_PIDFD_GETFD 438
#define NR_PROCESS_MADVISE 440
#define NR_MOUNT_SETATTR 442
#define NR_QUOTACTL_FD 443
#define NR_MEMFD_SECRET 447
#define NR_PROCESS_MRELEASE 448
#define NR_FCHMODAT2 452
#define NR_NEWEST 462			/* mseal(), Linux 6.10 */

/* Calls that nobody here may make. */
static const int forbidden[] = {
	/* the network, and sockets of local services */
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen,
#ifdef SYS_socketcall
	SYS_socketcall,
#endif
	/* rings make calls that no filter sees */
	NR_IO_URING_SETUP, NR_IO_URING_ENTER, NR_IO_URING_REGISTER, SYS_io_setup,
	/* ways out of the process group */
	SYS_setsid, SYS_setpgid,
	/* other processes */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill, SYS_tgkill,
	SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, NR_PIDFD_SEND_SIGNAL, NR_PIDFD_OPEN, NR_PIDFD_GETFD,
	SYS_kcmp, SYS_setpriority, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr,
	SYS_ioprio_set, SYS_migrate_pages, SYS_move_pages, NR_PROCESS_MADVISE, NR_PROCESS_MRELEASE,
	/* what outlives the process, or is shared with others by number or name */
	SYS_shmget, SYS_shmat, SYS_shmctl, SYS_msgget, SYS_msgctl, SYS_msgsnd, SYS_msgrcv,
	SYS_semget, SYS_semctl, SYS_semop, SYS_semtimedop, SYS_mq_open, SYS_mq_unlink,
#ifdef SYS_ipc
	SYS_ipc,
#endif
	SYS_memfd_create, NR_MEMFD_SECRET, SYS_add_key, SYS_request_key, SYS_keyctl,
	/* the user's files: Landlock of Linux before 6.2 does not see it */
	SYS_truncate,
	/* what parsers never need and kernels have had holes in */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2,
	NR_OPEN_TREE, NR_MOVE_MOUNT, NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT, NR_FSPICK, NR_MOUNT_SETATTR,
	SYS_pivot_root, SYS_chroot, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fanotify_init,
	SYS_inotify_init1, SYS_personality, SYS_vmsplice, SYS_quotactl, NR_QUOTACTL_FD, SYS_syslog,
#ifdef SYS_inotify_init
	SYS_inotify_init,
#endif
#ifdef SYS_modify_ldt
	SYS_modify_ldt,
#endif
	/* the machine */
	SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon,
	SYS_swapoff, SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
	SYS_sethostname, SYS_setdomainname
};

/*
 * Calls that only commands make.  Landlock does not see them, and a file may be changed so
 * without being open for writing: its mode, owner, times and attributes.
 */
static const int changing[] = {
	SYS_fchmod, SYS_fchmodat, NR_FCHMODAT2, SYS_fchown, SYS_fchownat, SYS_utimensat,
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr,
	SYS_fremovexattr,
#ifdef SYS_chmod
	SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
	-1
};

/* Commands of fcntl() that have signals sent to others, or hold up who opens the file. */
static const int refused_fcntls[] = {
	F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
};

/* Requests of ioctl() for the same, for input to a terminal, and for attributes of files. */
static const int refused_ioctls[] = {
	FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX, (int) FS_IOC_SETFLAGS, (int) FS_IOC_FSSETXATTR
};

/* Calls that only programs and commands make. */
static const int executing[] = {SYS_execve, SYS_execveat};

/* Calls that start processes, clone() and clone3() apart. */
static const int forking[] = {
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	-1
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_FILTER 512
#define REFUSE(error) (SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))

typedef struct Filter
{
	struct sock_filter code[MAX_FILTER];
	unsigned short length;
} Filter;

static void
Emit(Filter *filter, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t operand)
{
	if (filter->length < MAX_FILTER)
		filter->code[filter->length++] =
			(struct sock_filter) {code, if_true, if_false, operand};
}

/* If the loaded value equals, the filter ends with the result. */
static void
EmitIfEqual(Filter *filter, uint32_t value, uint32_t result)
{
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
	Emit(filter, BPF_RET | BPF_K, 0, 0, result);
}

static void
EmitLoad(Filter *filter, size_t offset)
{
	Emit(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t) offset);
}

/* Loads the low half of an argument, in this machine's byte order. */
static void
EmitLoadArgument(Filter *filter, int argument)
{
	EmitLoad(filter, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * argument +
			 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
}

static void
EmitRefuseAll(Filter *filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] != -1)
			EmitIfEqual(filter, (uint32_t) calls[i], REFUSE(EPERM));
}

/* Refuses clone() unless it makes a thread, or, if processes are allowed, no namespace. */
static void
EmitClone(Filter *filter, bool processes)
{
	uint32_t	namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

	/* Its flags lie in memory, where no filter sees them.  The C library then takes clone(). */
	EmitIfEqual(filter, NR_CLONE3, REFUSE(ENOSYS));
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_clone);
	EmitLoadArgument(filter, 0);
	if (processes)
		Emit(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, namespaces);
	else
		Emit(filter, BPF_JMP | BPF_JSET | BPF_K, 1, 0, CLONE_THREAD);
	Emit(filter, BPF_RET | BPF_K, 0, 0, REFUSE(EPERM));
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
}

/* Refuses a call whose second argument is one of some values. */
static void
EmitRefuseSecond(Filter *filter, uint32_t call, const int *values, size_t count)
{
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t) (2 * count + 2), call);
	EmitLoadArgument(filter, 1);
	EmitRefuseAll(filter, values, count);
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
}

/* Refuses a call that names another process: its first argument must be 0. */
static void
EmitOnlySelf(Filter *filter, uint32_t call)
{
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, call);
	EmitLoadArgument(filter, 0);
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	Emit(filter, BPF_RET | BPF_K, 0, 0, REFUSE(EPERM));
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
}

/* Refuses calls by their arguments. */
static void
EmitArguments(Filter *filter)
{
	EmitRefuseSecond(filter, SYS_fcntl, refused_fcntls, LENGTH(refused_fcntls));
	EmitRefuseSecond(filter, SYS_ioctl, refused_ioctls, LENGTH(refused_ioctls));
	EmitOnlySelf(filter, SYS_prlimit64);
	EmitOnlySelf(filter, SYS_sched_setaffinity);
}

/* Begins a filter: calls of another architecture end the process, as their numbers differ. */
static void
EmitStart(Filter *filter)
{
	EmitLoad(filter, offsetof(struct seccomp_data, arch));
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
	Emit(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	/* The x32 variants of calls */
	Emit(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000);
	Emit(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
#endif
	Emit(filter, BPF_JMP | BPF_JGT | BPF_K, 0, 1, NR_NEWEST);
	Emit(filter, BPF_RET | BPF_K, 0, 0, REFUSE(ENOSYS));
}

/* Ends a filter and applies it. */
static bool
ApplyFilter(Filter *filter)
{
	struct sock_fprog program;

	Emit(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	program.len = filter->length;
	program.filter = filter->code;
	return filter->length < MAX_FILTER && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Returns whether the kernel has filters. */
bool
HasSeccomp(void)
{
	uint32_t	action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/*
 * Forbids this process, and what it executes, to start processes: for pdftotext, whose parent
 * must be able to start it.
 */
bool
ForbidProcesses(void)
{
	Filter		filter = {.length = 0};

	if (!HasSeccomp())
		return true;
	EmitStart(&filter);
	EmitRefuseAll(&filter, forking, LENGTH(forking));
	EmitClone(&filter, false);
	return ApplyFilter(&filter);
}

/* Restricts the system calls of this process.  Returns true where there are no filters. */
bool
EnterSeccomp(SandboxKind kind)
{
	Filter		filter = {.length = 0};

	if (!HasSeccomp())
		return true;
	EmitStart(&filter);
	EmitRefuseAll(&filter, forbidden, LENGTH(forbidden));
	if (kind == SANDBOX_PARSER)
	{
		EmitRefuseAll(&filter, executing, LENGTH(executing));
		EmitRefuseAll(&filter, forking, LENGTH(forking));
	}
	if (kind != SANDBOX_COMMAND)
		EmitRefuseAll(&filter, changing, LENGTH(changing));
	EmitClone(&filter, kind != SANDBOX_PARSER);
	EmitArguments(&filter);
	return ApplyFilter(&filter);
}

#else							/* no ARCHITECTURE */

bool
HasSeccomp(void)
{
	return false;
}

bool
ForbidProcesses(void)
{
	return true;
}

bool
EnterSeccomp(SandboxKind kind)
{
	(void) kind;
	return true;
}

#endif
