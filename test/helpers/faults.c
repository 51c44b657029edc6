/*
 * faults.c
 *		Makes system calls of the loader fail, for tests; preloaded by the dynamic linker.
 *
 * FAULT_STAT and FAULT_READDIR are names of entries: to ask for the state of one, or to read it
 * from its folder, is an input/output error.  With FAULT_OPENAT2, the kernel has no openat2().
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

static int
is_fault(const char *variable, const char *name)
{
	const char *fault = getenv(variable);

	return fault != NULL && strcmp(fault, name) == 0;
}

int
fstatat64(int folder, const char *name, struct stat64 *st, int flags)
{
	int			(*next) (int, const char *, struct stat64 *, int) = dlsym(RTLD_NEXT, "fstatat64");

	if (!is_fault("FAULT_STAT", name))
		return next(folder, name, st, flags);
	errno = EIO;
	return -1;
}

struct dirent64 *
readdir64(DIR *dir)
{
	struct dirent64 *(*next) (DIR *) = dlsym(RTLD_NEXT, "readdir64");
	struct dirent64 *entry = next(dir);

	if (entry == NULL || !is_fault("FAULT_READDIR", entry->d_name))
		return entry;
	errno = EIO;
	return NULL;
}

/* No call has more than six arguments. */
long
syscall(long number, ...)
{
	long		(*next) (long, ...) = dlsym(RTLD_NEXT, "syscall");
	long		arguments[6];
	va_list		list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number != SYS_openat2 || getenv("FAULT_OPENAT2") == NULL)
		return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
					arguments[5]);
	errno = ENOSYS;
	return -1;
}
