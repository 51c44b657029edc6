/*
 * sandbox.h
 *		What keeps the children that read hostile files in bounds.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* What a child may do beside reading its file. */
typedef enum SandboxKind
{
	SANDBOX_PARSER,				/* nothing: our own code */
	SANDBOX_PROGRAM,			/* execute one program: pdftotext */
	SANDBOX_COMMAND				/* execute programs, start processes, write to its folder */
} SandboxKind;

/* The user that children of root become. */
#define NOBODY 65534

typedef struct Limits
{
	size_t		memory;			/* bytes of address space */
	unsigned	seconds;		/* of CPU; 0: no limit */
	unsigned	processes;		/* besides those that there are; for commands */
} Limits;

extern char *DescribeSandbox(void);
extern void PrepareSandbox(void);
extern bool EnterSandbox(SandboxKind kind, const Limits *limits, const char *command,
						 const char *folder);
extern bool ForbidProcesses(void);

/* landlock.c */
extern bool HasLandlock(void);
extern void PrepareLandlock(void);
extern bool EnterLandlock(SandboxKind kind, const char *command, const char *folder);

/* seccomp.c */
extern bool HasSeccomp(void);
extern bool EnterSeccomp(SandboxKind kind);

#endif							/* SANDBOX_H */
