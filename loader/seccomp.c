/*
 * seccomp.c
 *		Which system calls a child may make, by a seccomp filter.
 *
 * The filter refuses what a parser never needs, and what would let a process leave its group:
 * the group is what gets killed.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

/* Newer calls have the same numbers everywhere. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_IO_URING_SETUP 425
#define NR_IO_URING_ENTER 426
#define NR_IO_URING_REGISTER 427
#define NR_PIDFD_OPEN 434
#define NR_CLONE3 435
#define NR_PIDFD_GETFD 438

/* Calls that nobody here may make. */
static const int forbidden[] = {
	/* the network, and sockets of local services */
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen,
	/* rings make calls that no filter sees */
	NR_IO_URING_SETUP, NR_IO_URING_ENTER, NR_IO_URING_REGISTER,
	/* ways out of the process group */
	SYS_setsid, SYS_setpgid,
	/* other processes */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill, SYS_tgkill,
	SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, NR_PIDFD_SEND_SIGNAL, NR_PIDFD_OPEN, NR_PIDFD_GETFD,
	SYS_kcmp, SYS_setpriority, SYS_sched_setscheduler, SYS_sched_setattr, SYS_ioprio_set,
	/* what outlives the process */
	SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open, SYS_memfd_create,
	SYS_add_key, SYS_request_key, SYS_keyctl,
	/* what parsers never need and kernels have had holes in */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2,
	SYS_pivot_root, SYS_chroot, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fanotify_init,
	SYS_inotify_init1, SYS_personality, SYS_vmsplice, SYS_quotactl, SYS_syslog,
	/* the machine */
	SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon,
	SYS_swapoff, SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
	SYS_sethostname, SYS_setdomainname
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
#define MAX_FILTER 256
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

static void
EmitRefuseAll(Filter *filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] >= 0)
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
	/* The low half of the first argument, in this machine's byte order. */
	EmitLoad(filter, offsetof(struct seccomp_data, args[0]) +
			 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
	if (processes)
		Emit(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, namespaces);
	else
		Emit(filter, BPF_JMP | BPF_JSET | BPF_K, 1, 0, CLONE_THREAD);
	Emit(filter, BPF_RET | BPF_K, 0, 0, REFUSE(EPERM));
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
}

/* Refuses to set limits of another process. */
static void
EmitPrlimit(Filter *filter)
{
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_prlimit64);
	EmitLoad(filter, offsetof(struct seccomp_data, args[0]) +
			 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
	Emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	Emit(filter, BPF_RET | BPF_K, 0, 0, REFUSE(EPERM));
	EmitLoad(filter, offsetof(struct seccomp_data, nr));
}

#ifdef ARCHITECTURE

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
	EmitClone(&filter, kind != SANDBOX_PARSER);
	EmitPrlimit(&filter);
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
