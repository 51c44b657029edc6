/*-------------------------------------------------------------------------
 *
 * options.h
 *		The command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "patterns.h"

typedef enum Command
{
	COMMAND_LOAD,
	COMMAND_EXTRACT,
	COMMAND_STATUS,
	COMMAND_VERIFY
} Command;

typedef struct Options
{
	Command		command;

	/* connection */
	char	   *database;		/* name, connection string or URI; NULL: libpq's default */
	char	   *host;
	char	   *port;
	char	   *user;
	bool		never_ask;		/* for a password */
	char	   *schema;			/* NULL: where the extension is */

	/* load */
	char	   *source;
	char	  **paths;			/* ended by NULL */
	int			jobs;
	Patterns   *includes;
	Patterns   *excludes;
	bool		exclude_caches;
	bool		one_file_system;
	int64_t		max_size;		/* bytes; -1: no limit */
	int64_t		min_age;		/* seconds */
	bool		no_extract;
	GPtrArray  *extractors;		/* TYPE=COMMAND, ended by NULL */
	bool		rescan;
	bool		retry_failed;
	bool		restore_deleted;
	int64_t		max_vanished;	/* -1: no limit */
	bool		is_percentage;	/* is max_vanished one of the known locations? */
	bool		dry_run;

	/* extract */
	bool		missing;
	bool		failed;
	char	   *older_than;
	char	   *type;

	/* output */
	bool		json;
	bool		progress;
	bool		verbose;
} Options;

/* Reads the command line; ends the program if it is wrong, or asks for help or the version. */
extern void ReadOptions(Options *options, int argc, char **argv);

extern void PrintHelp(void);

#endif							/* OPTIONS_H */
