/*-------------------------------------------------------------------------
 *
 * options.c
 *		The command line.
 *
 *-------------------------------------------------------------------------
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoding.h"
#include "extract.h"
#include "message.h"
#include "values.h"

#define DEFAULT_JOBS 2
#define MAX_JOBS MAX_EXTRACTING_THREADS

/* The commands that an option is for, as bits. */
#define FOR_LOAD (1 << COMMAND_LOAD)
#define FOR_EXTRACT (1 << COMMAND_EXTRACT)
#define FOR_STATUS (1 << COMMAND_STATUS)
#define FOR_FILES (FOR_LOAD | FOR_EXTRACT)
#define FOR_ALL (~0)

/* Options without a letter. */
enum
{
	OPTION_SCHEMA = 256,
	OPTION_SOURCE,
	OPTION_INCLUDE,
	OPTION_EXCLUDE,
	OPTION_EXCLUDE_FROM,
	OPTION_EXCLUDE_CACHES,
	OPTION_ONE_FILE_SYSTEM,
	OPTION_MAX_SIZE,
	OPTION_MIN_AGE,
	OPTION_NO_EXTRACT,
	OPTION_EXTRACTOR,
	OPTION_RESCAN,
	OPTION_RETRY_FAILED,
	OPTION_RESTORE_DELETED,
	OPTION_MAX_VANISHED,
	OPTION_MISSING,
	OPTION_FAILED,
	OPTION_OLDER_THAN,
	OPTION_TYPE,
	OPTION_JSON,
	OPTION_PROGRESS,
	OPTION_NO_PROGRESS
};

static const struct option long_options[] = {
	{"dbname", required_argument, NULL, 'd'},
	{"host", required_argument, NULL, 'h'},
	{"port", required_argument, NULL, 'p'},
	{"username", required_argument, NULL, 'U'},
	{"no-password", no_argument, NULL, 'w'},
	{"schema", required_argument, NULL, OPTION_SCHEMA},
	{"source", required_argument, NULL, OPTION_SOURCE},
	{"jobs", required_argument, NULL, 'j'},
	{"include", required_argument, NULL, OPTION_INCLUDE},
	{"exclude", required_argument, NULL, OPTION_EXCLUDE},
	{"exclude-from", required_argument, NULL, OPTION_EXCLUDE_FROM},
	{"exclude-caches", no_argument, NULL, OPTION_EXCLUDE_CACHES},
	{"one-file-system", no_argument, NULL, OPTION_ONE_FILE_SYSTEM},
	{"max-size", required_argument, NULL, OPTION_MAX_SIZE},
	{"min-age", required_argument, NULL, OPTION_MIN_AGE},
	{"no-extract", no_argument, NULL, OPTION_NO_EXTRACT},
	{"extractor", required_argument, NULL, OPTION_EXTRACTOR},
	{"rescan", no_argument, NULL, OPTION_RESCAN},
	{"retry-failed", no_argument, NULL, OPTION_RETRY_FAILED},
	{"restore-deleted", no_argument, NULL, OPTION_RESTORE_DELETED},
	{"max-vanished", required_argument, NULL, OPTION_MAX_VANISHED},
	{"dry-run", no_argument, NULL, 'n'},
	{"missing", no_argument, NULL, OPTION_MISSING},
	{"failed", no_argument, NULL, OPTION_FAILED},
	{"older-than", required_argument, NULL, OPTION_OLDER_THAN},
	{"type", required_argument, NULL, OPTION_TYPE},
	{"json", no_argument, NULL, OPTION_JSON},
	{"progress", no_argument, NULL, OPTION_PROGRESS},
	{"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
	{"verbose", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0}
};

/* Ends the program after an error on the command line. */
static void G_GNUC_NORETURN
FailWithHint(void)
{
	ReportHint("Try \"doc_extractor --help\" for more information.");
	exit(EXIT_FATAL);
}

/* Returns the long name of an option, or NULL. */
static const char *
NameOfOption(int option)
{
	for (const struct option *o = long_options; o->name != NULL; o++)
		if (o->val == option)
			return o->name;
	return NULL;
}

/* Ends the program after an option that getopt_long() does not take. */
static void G_GNUC_NORETURN
RefuseOption(int answer, const char *argument)
{
	const char *name = NameOfOption(optopt);

	if (answer == ':')
		ReportError("option --%s requires an argument", name);
	else if (name != NULL)
		ReportError("option --%s takes no argument", name);
	else if (optopt != 0)
		ReportError("unrecognized option '-%c'", optopt);
	else
		ReportError("unrecognized option '%s'", argument);
	FailWithHint();
}

static void
ReadExtractor(Options *options, char *text)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || IsBlank(equals + 1))
		Fail("invalid value for --extractor: \"%s\"", text);
	g_ptr_array_insert(options->extractors, options->extractors->len - 1, text);
}

/* Reads an option about which files to load.  Returns false if it is none. */
static bool
ReadSelection(Options *options, int option, char *value)
{
	switch (option)
	{
		case OPTION_INCLUDE:
			AddPattern(options->includes, value);
			break;
		case OPTION_EXCLUDE:
			AddPattern(options->excludes, value);
			break;
		case OPTION_EXCLUDE_FROM:
			if (!AddPatternFile(options->excludes, value))
				Fail("could not read file \"%s\": %s", value, strerror(errno));
			break;
		case OPTION_EXCLUDE_CACHES:
			options->exclude_caches = true;
			break;
		case OPTION_ONE_FILE_SYSTEM:
			options->one_file_system = true;
			break;
		case OPTION_MAX_SIZE:
			options->max_size = ReadSize("--max-size", value);
			break;
		case OPTION_MIN_AGE:
			options->min_age = ReadWholeNumber("--min-age", value);
			break;
		case OPTION_RESCAN:
			options->rescan = true;
			break;
		case OPTION_RETRY_FAILED:
			options->retry_failed = true;
			break;
		case OPTION_RESTORE_DELETED:
			options->restore_deleted = true;
			break;
		case OPTION_MAX_VANISHED:
			ReadMaxVanished(options, value);
			break;
		default:
			return false;
	}
	return true;
}

/* Reads an option of extract, or one that load shares with it.  Returns false if it is none. */
static bool
ReadExtraction(Options *options, int option, char *value)
{
	switch (option)
	{
		case OPTION_SOURCE:
			options->source = g_strdup(value);
			break;
		case 'j':
			options->jobs = (int) MIN(ReadWholeNumber("--jobs", value), INT32_MAX);
			if (options->jobs < 1 || options->jobs > MAX_JOBS)
				Fail("--jobs must be in the range 1..%d", MAX_JOBS);
			break;
		case OPTION_NO_EXTRACT:
			options->no_extract = true;
			break;
		case OPTION_EXTRACTOR:
			ReadExtractor(options, value);
			break;
		case 'n':
			options->dry_run = true;
			break;
		case OPTION_MISSING:
			options->missing = true;
			break;
		case OPTION_FAILED:
			options->failed = true;
			break;
		case OPTION_OLDER_THAN:
			options->older_than = value;
			break;
		case OPTION_TYPE:
			options->type = value;
			break;
		default:
			return false;
	}
	return true;
}

/* Reads an option of all commands.  Returns false if it is none. */
static bool
ReadCommonOption(Options *options, int option, char *value)
{
	switch (option)
	{
		case 'd':
			options->database = value;
			break;
		case 'h':
			options->host = value;
			break;
		case 'p':
			options->port = value;
			break;
		case 'U':
			options->user = value;
			break;
		case 'w':
			options->never_ask = true;
			break;
		case OPTION_SCHEMA:
			options->schema = value;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_PROGRESS:
			options->progress = true;
			break;
		case OPTION_NO_PROGRESS:
			options->progress = false;
			break;
		case 'v':
			options->verbose = true;
			break;
		default:
			return false;
	}
	return true;
}

/* Returns the commands that an option is for. */
static int
CommandsOf(int option)
{
	switch (option)
	{
		case OPTION_SOURCE:
			return FOR_FILES | FOR_STATUS;
		case 'j':
		case 'n':
		case OPTION_EXTRACTOR:
		case OPTION_PROGRESS:
		case OPTION_NO_PROGRESS:
		case 'v':
			return FOR_FILES;
		case OPTION_MISSING:
		case OPTION_FAILED:
		case OPTION_OLDER_THAN:
		case OPTION_TYPE:
			return FOR_EXTRACT;
	}
	return option > OPTION_SCHEMA && option < OPTION_JSON ? FOR_LOAD : FOR_ALL;
}

/* Reads the name of the command. */
static Command
ReadCommand(const char *name)
{
	static const char *const names[] = {"load", "extract", "status", "verify"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (Command) i;
	ReportError("unknown command: \"%s\"", name);
	FailWithHint();
}

/* Answers --help and --version, wherever they stand before "--". */
static void
AnswerQuestions(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
	{
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-?") == 0)
		{
			PrintHelp();
			exit(EXIT_ALL);
		}
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
		{
			puts("doc_extractor " VERSION);
			exit(EXIT_ALL);
		}
	}
}

/* Sets what the command line leaves out, and refuses what does not go together. */
static void
CompleteOptions(Options *options)
{
	if (options->database == NULL)
		options->database = getenv("DATABASE_URL");
	if (options->command == COMMAND_LOAD && options->paths[0] == NULL)
	{
		ReportError("no PATH is given");
		FailWithHint();
	}
	if (options->command != COMMAND_LOAD && options->paths[0] != NULL)
	{
		ReportError("too many command-line arguments (first is \"%s\")", options->paths[0]);
		FailWithHint();
	}
	if (options->source == NULL && (FOR_FILES & (1 << options->command)) != 0)
	{
		char		name[256];

		if (gethostname(name, sizeof(name)) != 0)
			Fail("could not get the name of this host: %s", strerror(errno));
		name[sizeof(name) - 1] = '\0';
		options->source = g_strdup(name);
	}
	if (options->command == COMMAND_EXTRACT && !options->missing && !options->failed &&
		options->older_than == NULL)
	{
		ReportError("extract needs --missing, --failed or --older-than");
		FailWithHint();
	}
}

void
ReadOptions(Options *options, int argc, char **argv)
{
	int			option;

	AnswerQuestions(argc, argv);
	memset(options, 0, sizeof(*options));
	options->jobs = DEFAULT_JOBS;
	options->max_size = -1;
	options->max_vanished = -1;
	options->includes = CreatePatterns();
	options->excludes = CreatePatterns();
	options->extractors = g_ptr_array_new();
	g_ptr_array_add(options->extractors, NULL);
	options->progress = isatty(STDOUT_FILENO);
	if (argc < 2)
	{
		ReportError("no command is given");
		FailWithHint();
	}
	options->command = ReadCommand(argv[1]);
	argc--;
	argv++;
	/* Its own messages would go to the terminal as they are. */
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":d:h:p:U:wj:nv", long_options, NULL)) != -1)
	{
		if (option == '?' || option == ':')
			RefuseOption(option, argv[optind - 1]);
		if ((CommandsOf(option) & (1 << options->command)) == 0)
			Fail("an option does not belong to this command: \"--%s\"", NameOfOption(option));
		if (!ReadCommonOption(options, option, optarg) &&
			!ReadExtraction(options, option, optarg))
			ReadSelection(options, option, optarg);
	}
	options->paths = argv + optind;
	CompleteOptions(options);
}
