/*-------------------------------------------------------------------------
 *
 * progress.c
 *		The progress line.
 *
 * It shows what is done of what was found so far.  How long it still takes is known
 * only when the walk is over.
 *
 *-------------------------------------------------------------------------
 */
#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "message.h"
#include "output.h"

#define DEFAULT_WIDTH 80
#define INTERVAL (G_USEC_PER_SEC / 5)	/* on a terminal */
#define JSON_INTERVAL G_USEC_PER_SEC

/* The columns of the terminal. */
static int
TerminalWidth(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return DEFAULT_WIDTH;
	return size.ws_col;
}

/* Returns the seconds that the rest takes, or -1 if nobody knows yet. */
static int64_t
SecondsLeft(const Load *load, double seconds)
{
	int64_t		done = CountOfAll(load, COUNT_DONE_BYTES) + CountOfAll(load, COUNT_DONE) * 1024;
	int64_t		found = CountOfAll(load, COUNT_FOUND_BYTES) + CountOfAll(load, COUNT_FOUND) * 1024;

	/* A file costs something, whatever its size. */
	if (!atomic_load(&load->is_walked) || done == 0)
		return -1;
	return (int64_t) (seconds * (found - done) / done);
}

/* Appends the file that is being read, as far as there is room. */
static void
AppendCurrent(Load *load, GString *line)
{
	char	   *current;
	char	   *printable;
	int			room = TerminalWidth() - 1 - (int) g_utf8_strlen(line->str, -1);
	glong		length;

	g_mutex_lock(&load->current_lock);
	current = g_strdup(load->current);
	g_mutex_unlock(&load->current_lock);
	if (current != NULL && room > 10)
	{
		printable = Printable(current);
		length = g_utf8_strlen(printable, -1);
		if (length > room)
			g_string_append_printf(line, "...%s",
								   g_utf8_offset_to_pointer(printable, length - room + 3));
		else
			g_string_append(line, printable);
		g_free(printable);
	}
	g_free(current);
}

/* Shows the line on the terminal. */
static void
ShowLine(Load *load, double seconds)
{
	GString    *line = g_string_new(NULL);
	char	   *done = FormatSize(CountOfAll(load, COUNT_DONE_BYTES));
	char	   *found = FormatSize(CountOfAll(load, COUNT_FOUND_BYTES));
	int64_t		left = SecondsLeft(load, seconds);

	g_string_append_printf(line, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
						   " files, %s of %s, %.0f/s",
						   (gint64) CountOfAll(load, COUNT_DONE),
						   (gint64) CountOfAll(load, COUNT_FOUND), done, found,
						   CountOfAll(load, COUNT_DONE) / MAX(seconds, 0.001));
	if (left >= 3600)
		g_string_append_printf(line, ", ETA %d:%02d:%02d", (int) (left / 3600),
							   (int) (left / 60 % 60), (int) (left % 60));
	else if (left >= 0)
		g_string_append_printf(line, ", ETA %d:%02d", (int) (left / 60), (int) (left % 60));
	g_string_append(line, "  ");
	AppendCurrent(load, line);
	ShowProgressLine(line->str);
	g_string_free(line, TRUE);
	g_free(done);
	g_free(found);
}

/* Prints the same as a JSON object. */
static void
PrintProgress(const Load *load, double seconds)
{
	PrintLine("{\"type\": \"progress\", \"files_done\": %" G_GINT64_FORMAT
			  ", \"files_found\": %" G_GINT64_FORMAT ", \"bytes_done\": %" G_GINT64_FORMAT
			  ", \"bytes_found\": %" G_GINT64_FORMAT ", \"walk_is_over\": %s"
			  ", \"seconds\": %.3f}",
			  (gint64) CountOfAll(load, COUNT_DONE), (gint64) CountOfAll(load, COUNT_FOUND),
			  (gint64) CountOfAll(load, COUNT_DONE_BYTES),
			  (gint64) CountOfAll(load, COUNT_FOUND_BYTES),
			  atomic_load(&load->is_walked) ? "true" : "false", seconds);
}

void
ShowProgress(Load *load)
{
	static gint64 last;
	gint64		now = g_get_monotonic_time();
	double		seconds = (now - load->started) / (double) G_USEC_PER_SEC;

	if (!load->options->progress ||
		now - last < (load->options->json ? JSON_INTERVAL : INTERVAL))
		return;
	last = now;
	if (load->options->json)
		PrintProgress(load, seconds);
	else
		ShowLine(load, seconds);
}

void
EndProgress(const Load *load)
{
	if (load->options->progress && !load->options->json)
		ShowProgressLine(NULL);
}
