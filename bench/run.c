/*
 * run.c
 *		Runs a command without its output, and prints the seconds that it took, and
 *		the bytes of memory of its largest process.
 *
 * It is small, as a process starts with the memory that its parent had.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
Now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	double		start = Now();
	int			status;
	struct rusage usage;
	pid_t		pid = fork();

	if (argc < 2 || pid < 0)
		return 127;
	if (pid == 0)
	{
		if (freopen("/dev/null", "w", stdout) != NULL)
			execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || getrusage(RUSAGE_CHILDREN, &usage) != 0)
		return 127;
	printf("%.6f %lld\n", Now() - start, usage.ru_maxrss * 1024LL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
