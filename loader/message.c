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
#include <stdbool.h>
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

/* Returns whether a character steers a terminal, or changes what stands around it. */
static bool
IsSteering(gunichar c)
{
	/* Ends of lines and paragraphs, and the directions of writing. */
	return g_unichar_iscntrl(c) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
		(c >= 0x2066 && c <= 0x2069);
}

/* Appends a character in printable form, and returns what follows it. */
static const char *
AppendPrintable(GString *printable, const char *text)
{
	gunichar	c = g_utf8_get_char_validated(text, -1);

	/* In other encodings than UTF-8, such a byte may be a control character. */
	if (c == (gunichar) -1 || c == (gunichar) -2)
	{
		g_string_append_printf(printable, "\\x%02x", (unsigned char) *text);
		return text + 1;
	}
	if (c == '\n')
		g_string_append(printable, "\\n");
	else if (IsSteering(c))
		g_string_append_printf(printable, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
	else
		g_string_append_unichar(printable, c);
	return g_utf8_next_char(text);
}

char *
Printable(const char *text)
{
	GString    *printable = g_string_new(NULL);

	while (*text != '\0')
		text = AppendPrintable(printable, text);
	return g_string_free(printable, FALSE);
}

/* The same, but lines stay lines; the later ones are indented. */
static char *
PrintableLines(const char *text)
{
	GString    *printable = g_string_new(NULL);

	while (*text != '\0')
	{
		if (*text != '\n')
		{
			text = AppendPrintable(printable, text);
			continue;
		}
		g_string_append(printable, "\n\t");
		text += text[1] == '\t' ? 2 : 1;
	}
	return g_string_free(printable, FALSE);
}

static void G_GNUC_PRINTF(2, 0)
Report(const char *severity, const char *format, va_list arguments)
{
	char	   *message = g_strdup_vprintf(format, arguments);
	char	   *printable = PrintableLines(message);

	g_mutex_lock(&output_lock);
	HideProgressLine();
	fflush(stdout);
	fprintf(stderr, "doc_extractor: %s: %s\n", severity, printable);
	RestoreProgressLine();
	g_mutex_unlock(&output_lock);
	g_free(printable);
	g_free(message);
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
