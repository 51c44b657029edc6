/*-------------------------------------------------------------------------
 *
 * cancel.c
 *		Signals, and the flags that tell all threads to end.
 *
 *-------------------------------------------------------------------------
 */
#include "cancel.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "message.h"

static volatile sig_atomic_t cancelled;
static atomic_bool given_up;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static void
HandleSignal(int signal_number)
{
	(void) signal_number;
	if (cancelled)
		_exit(EXIT_CANCELLED);
	cancelled = 1;
}

void
CatchSignals(void)
{
	struct sigaction action = {.sa_handler = HandleSignal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
	{
		struct sigaction old;

		/* What nohup and background jobs of a shell ignore stays ignored. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

void
BlockSignals(void)
{
	sigset_t	set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool
IsCancelled(void)
{
	return cancelled != 0;
}

void
GiveUp(void)
{
	atomic_store(&given_up, true);
}

bool
HasGivenUp(void)
{
	return atomic_load(&given_up);
}

bool
MustStop(void)
{
	return cancelled != 0 || atomic_load_explicit(&given_up, memory_order_relaxed);
}
