/*
 * landlock.c
 *		Which files a child may open, by Landlock.
 *
 * The C library has no functions for it, and older headers lack its later parts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1

/* Rights on files, as the kernel numbers them. */
#define RIGHT_EXECUTE (1 << 0)
#define RIGHT_WRITE_FILE (1 << 1)
#define RIGHT_READ_FILE (1 << 2)
#define RIGHT_READ_DIR (1 << 3)
#define RIGHT_MAKE_CHAR (1 << 6)
#define RIGHT_MAKE_SOCKET (1 << 9)
#define RIGHT_MAKE_BLOCK (1 << 11)
#define ALL_RIGHTS_1 ((1 << 13) - 1)	/* of Landlock's first version */
#define RIGHT_REFER (1 << 13)	/* version 2 */
#define RIGHT_TRUNCATE (1 << 14)	/* version 3 */
#define RIGHT_IOCTL (1 << 15)	/* version 5 */

#define READING (RIGHT_READ_FILE | RIGHT_READ_DIR)
#define FOR_FILES \
	(RIGHT_EXECUTE | RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL)

struct RulesetAttributes
{
	uint64_t	files;
	uint64_t	network;		/* version 4 */
	uint64_t	scoped;			/* version 6 */
};

struct PathBeneath
{
	uint64_t	rights;
	int32_t		parent;
} __attribute__((packed));

/* The rules of parsers and programs are made once, in the spawn server. */
static int	version = 0;
static int	rulesets[SANDBOX_COMMAND] = {-1, -1};

/* What conversions of character sets read; and pdftotext, with its fonts and encodings. */
static const char *const for_parsers[] = {
	"/usr/lib", "/lib", "/lib64", "/usr/lib64", NULL
};
static const char *const for_programs[] = {
	"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime",
	"/dev/null", "/var/cache/fontconfig", "/etc/alternatives", "/opt", NULL
};
static const char *const for_commands[] = {
	"/sbin", "/lib32", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/passwd", "/etc/group",
	"/etc/nsswitch.conf", "/etc/mime.types", "/etc/papersize", "/etc/libreoffice", "/etc/python3",
	"/etc/perl", "/etc/magic", "/etc/locale.alias", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
	"/proc/self", "/sys/devices/system/cpu", "/dev/zero", "/dev/random", "/dev/urandom", NULL
};

/* Returns whether the kernel has Landlock, and it is on. */
bool
HasLandlock(void)
{
	long		found = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	version = found > 0 ? (int) found : 0;
	return version > 0;
}

/* Returns the rights on files that this kernel's version knows. */
static uint64_t
KnownRights(void)
{
	return ALL_RIGHTS_1 | (version >= 2 ? RIGHT_REFER : 0) | (version >= 3 ? RIGHT_TRUNCATE : 0) |
		(version >= 5 ? RIGHT_IOCTL : 0);
}

/* Returns a set of rules that allows nothing yet, or -1. */
static int
CreateRuleset(void)
{
	struct RulesetAttributes attributes = {KnownRights(), 3, 3};
	size_t		size = version >= 6 ? 24 : version >= 4 ? 16 : 8;

	return (int) syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
}

/*
 * Allows something on a file, or on all below a folder.  What does not exist, or is out of reach
 * anyway, needs no rule.
 */
static bool
Allow(int ruleset, const char *path, uint64_t rights)
{
	struct PathBeneath rule = {0, open(path, O_PATH | O_CLOEXEC)};
	struct stat status;
	bool		done;

	if (rule.parent < 0)
		return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
	rule.rights = rights & KnownRights();
	if (fstat(rule.parent, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.rights &= FOR_FILES;
	done = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent);
	return done;
}

static bool
AllowAll(int ruleset, const char *const *paths, uint64_t rights)
{
	for (; *paths != NULL; paths++)
		if (!Allow(ruleset, *paths, rights))
			return false;
	return true;
}

/*
 * Makes the rules of parsers and programs.  To be called after HasLandlock().  If it fails, no
 * child gets into the sandbox.
 */
void
PrepareLandlock(void)
{
	int			parser = CreateRuleset();
	int			program = CreateRuleset();

	if (parser >= 0 && AllowAll(parser, for_parsers, READING))
		rulesets[SANDBOX_PARSER] = parser;
	if (program >= 0 && AllowAll(program, for_programs, READING | RIGHT_EXECUTE))
		rulesets[SANDBOX_PROGRAM] = program;
}

/* Allows to read and execute what the words of a command name by absolute paths. */
static bool
AllowNamed(int ruleset, const char *command)
{
	char	   *copy = strdup(command);
	char	   *rest = NULL;
	bool		done = copy != NULL;

	for (char *word = strtok_r(copy, " \t\n\"'<>|&;()=", &rest); word != NULL && done;
		 word = strtok_r(NULL, " \t\n\"'<>|&;()=", &rest))
		if (word[0] == '/' && word[1] != '\0')
			done = Allow(ruleset, word, READING | RIGHT_EXECUTE);
	free(copy);
	return done;
}

/* Allows to read and execute in the folders where programs are searched. */
static bool
AllowPath(int ruleset)
{
	char	   *copy = strdup(getenv("PATH") ? getenv("PATH") : "");
	char	   *rest = NULL;
	bool		done = copy != NULL;

	for (char *folder = strtok_r(copy, ":", &rest); folder != NULL && done;
		 folder = strtok_r(NULL, ":", &rest))
		if (folder[0] == '/' && folder[1] != '\0')
			done = Allow(ruleset, folder, READING | RIGHT_EXECUTE);
	free(copy);
	return done;
}

/* Returns the rules for a command of the user's, which has a folder of its own; or -1. */
static int
RulesOfCommand(const char *command, const char *folder)
{
	int			ruleset = CreateRuleset();
	uint64_t	not_wanted = RIGHT_MAKE_CHAR | RIGHT_MAKE_BLOCK | RIGHT_MAKE_SOCKET;

	if (ruleset >= 0 && AllowAll(ruleset, for_programs, READING | RIGHT_EXECUTE) &&
		AllowAll(ruleset, for_commands, READING | RIGHT_EXECUTE) &&
		AllowPath(ruleset) && AllowNamed(ruleset, command) &&
		Allow(ruleset, "/dev/null", READING | RIGHT_WRITE_FILE | RIGHT_TRUNCATE) &&
		(folder == NULL || Allow(ruleset, folder, KnownRights() & ~not_wanted)))
		return ruleset;
	return -1;
}

/* Keeps this process from all files but those it needs.  True if there is no Landlock. */
bool
EnterLandlock(SandboxKind kind, const char *command, const char *folder)
{
	int			ruleset;

	if (version == 0)
		return true;
	ruleset = kind == SANDBOX_COMMAND ? RulesOfCommand(command, folder) : rulesets[kind];
	return ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 &&
		close(ruleset) == 0;
}
