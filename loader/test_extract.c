/*
 * test_extract.c
 *		Shows what the extractors make of files, without a database:
 *			test_extract [-c TYPE=COMMAND]... [-m MEGABYTES] [-s SECONDS] [-t MEGABYTES]
 *						 [-j THREADS] [-q] FILE...
 *		-m is for memory, -t for text; -q shows only status and type.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extract.h"

#define MAX_THREADS 300

static const char *const statuses[] = {
	"done", "unsupported", "no text", "encrypted", "too large", "failed"
};

static char **files;
static int	file_count;
static int	next_file = 0;
static int	quiet = 0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Extracts a file and prints the result. */
static void
Show(const char *file)
{
	int			fd = open(file, O_RDONLY | O_CLOEXEC);
	Extraction	result;
	const char *type;

	if (fd < 0)
	{
		perror(file);
		return;
	}
	type = DetectType(file, fd);
	if (!ExtractFile(fd, type, &result))
	{
		fprintf(stderr, "error: %s\n", result.message ? result.message : "stopped");
		exit(1);
	}
	close(fd);
	pthread_mutex_lock(&lock);
	printf("file: %s\nstatus: %s\ntype: %s\n", file, statuses[result.status], type);
	if (!quiet)
	{
		printf("extractor: %s\nmetadata: %s\nmessage: %s\ntext: %zu bytes\n",
			   result.extractor ? result.extractor : "-", result.metadata ? result.metadata : "-",
			   result.message ? result.message : "-", result.text_length);
		if (result.text != NULL)
			fwrite(result.text, 1, result.text_length, stdout);
		puts("");
	}
	pthread_mutex_unlock(&lock);
	FreeExtraction(&result);
}

/* Takes one file after the other. */
static void *
Run(void *argument)
{
	for (;;)
	{
		int			file;

		pthread_mutex_lock(&lock);
		file = next_file++;
		pthread_mutex_unlock(&lock);
		if (file >= file_count)
			return argument;
		Show(files[file]);
	}
}

int
main(int argc, char **argv)
{
	char	   *commands[20] = {NULL};
	ExtractionOptions options = {commands, (size_t) 64 << 20, (size_t) 1 << 30, 10, 1};
	pthread_t	threads[MAX_THREADS];
	int			thread_count = 1;
	int			command_count = 0;
	int			option;
	char	   *note;
	char	   *error;

	while ((option = getopt(argc, argv, "c:m:s:t:j:q")) != -1)
	{
		size_t		number = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (option == 'c' && command_count < 19)
			commands[command_count++] = optarg;
		else if (option == 'm')
			options.max_memory = number << 20;
		else if (option == 's')
			options.timeout = (unsigned) number;
		else if (option == 't')
			options.max_text_bytes = number << 20;
		else if (option == 'j')
			thread_count = number < MAX_THREADS ? (int) number : MAX_THREADS;
		else
			quiet = 1;
	}
	options.threads = (unsigned) thread_count;
	files = argv + optind;
	file_count = argc - optind;
	if (!StartExtraction(&options, &note, &error))
	{
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (note != NULL)
		fprintf(stderr, "note: %s\n", note);
	free(note);
	for (int i = 0; i < thread_count; i++)
		pthread_create(&threads[i], NULL, Run, NULL);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	StopExtraction();
	return 0;
}
