/*
 * command.h
 *		Programs as extractors.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "job.h"

typedef struct Program
{
	char	  **arguments;		/* ended by NULL; the first is the program's name */
	bool		alone;			/* it must not start processes */
	Buffer		output;
	char		errors[200];	/* the last line of its messages */
	int			status;			/* as waitpid() returns it */
} Program;

extern void RunProgram(Job *job, Program *program, const unsigned char *data, size_t size);
extern void GiveUpForStatus(Job *job, const Program *program) __attribute__((noreturn));

#endif							/* COMMAND_H */
