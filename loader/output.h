/*-------------------------------------------------------------------------
 *
 * output.h
 *		Lines about single files, for people or as JSON.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <glib.h>

#include "options.h"

/* Appends a JSON string, with quotes. */
extern void AppendJson(GString *json, const char *text);

/* Returns a size for people, such as "1.5 MiB". */
extern char *FormatSize(int64_t bytes);

/* Says what became of a file, if each is to be shown. */
extern void ShowFile(const Options *options, const char *location, const char *result);

/* Says that a file failed. */
extern void ShowFailure(const Options *options, const char *location, const char *class,
						const char *message);

#endif							/* OUTPUT_H */
