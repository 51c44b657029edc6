/*-------------------------------------------------------------------------
 *
 * message.h
 *		What the program tells people: messages on stderr, lines on stdout,
 *		and the progress line, which the others must not tear.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <glib.h>

#define EXIT_ALL 0				/* everything is loaded */
#define EXIT_FATAL 1			/* the program could not go on */
#define EXIT_SOME_FAILED 3		/* some files failed */
#define EXIT_CANCELLED 130		/* by Ctrl-C */

/*
 * All of these are thread-safe.  What goes to stderr is made printable as Printable() does, but may
 * have several lines; what goes to stdout is not.
 */
extern void ReportError(const char *format,...) G_GNUC_PRINTF(1, 2);
extern void ReportWarning(const char *format,...) G_GNUC_PRINTF(1, 2);
extern void ReportDetail(const char *format,...) G_GNUC_PRINTF(1, 2);
extern void ReportHint(const char *format,...) G_GNUC_PRINTF(1, 2);
extern void PrintLine(const char *format,...) G_GNUC_PRINTF(1, 2);

/* Reports an error and ends the program with EXIT_FATAL; for the main thread. */
extern void Fail(const char *format,...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/*
 * Returns a text on one line that does nothing to a terminal: control characters, those that change
 * the direction of writing, and bytes that are not UTF-8 are shown as escapes.
 */
extern char *Printable(const char *text);

/* Replaces the progress line on the terminal; NULL removes it. */
extern void ShowProgressLine(const char *line);

#endif							/* MESSAGE_H */
