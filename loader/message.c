/*-------------------------------------------------------------------------
 *
 * message.c
 *		Messages on stderr, lines on stdout, and the progress line.
 *
 * The form is that of PostgreSQL's client programs: the program's name, the
 * severity, the message; detail and hint on lines of their own.
 *
 *-------------------------------------------------------------------------
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static GMutex output_lock;
static char *progress_line;		/* what is on the terminal; NULL: nothing */

/* Removes the progress line from the terminal. */
static void
HideProgressLine(void)
{
	if (progress_line != NULL)
		fputs("\r\033[K", stdout);
}

/* Puts it back. */
static void
RestoreProgressLine(void)
{
	if (progress_line != NULL)
		fputs(progress_line, stdout);
	fflush(stdout);
}

static void G_GNUC_PRINTF(2, 0)
Report(const char *severity, const char *format, va_list arguments)
{
	g_mutex_lock(&output_lock);
	HideProgressLine();
	fflush(stdout);
	fprintf(stderr, "doc_extractor: %s: ", severity);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	RestoreProgressLine();
	g_mutex_unlock(&output_lock);
}

/* Defines a function that reports with a severity. */
#define REPORT_WITH(function, severity) \
void \
function(const char *format,...) \
{ \
	va_list		arguments; \
\
	va_start(arguments, format); \
	Report(severity, format, arguments); \
	va_end(arguments); \
}

REPORT_WITH(ReportError, "error")
REPORT_WITH(ReportWarning, "warning")
REPORT_WITH(ReportDetail, "detail")
REPORT_WITH(ReportHint, "hint")

void
Fail(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	Report("error", format, arguments);
	va_end(arguments);
	exit(EXIT_FATAL);
}

/* Prints a line on stdout. */
void
PrintLine(const char *format,...)
{
	va_list		arguments;

	g_mutex_lock(&output_lock);
	HideProgressLine();
	va_start(arguments, format);
	vfprintf(stdout, format, arguments);
	va_end(arguments);
	fputc('\n', stdout);
	RestoreProgressLine();
	g_mutex_unlock(&output_lock);
}

void
ShowProgressLine(const char *line)
{
	g_mutex_lock(&output_lock);
	HideProgressLine();
	g_free(progress_line);
	progress_line = g_strdup(line);
	RestoreProgressLine();
	g_mutex_unlock(&output_lock);
}
