/*-------------------------------------------------------------------------
 *
 * parameters.h
 *		Arrays as parameters of statements, in PostgreSQL's binary format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PARAMETERS_H
#define PARAMETERS_H

#include <glib.h>
#include <stdint.h>

#define TYPE_INT8 20
#define TYPE_TEXT 25
#define TYPE_JSON 114
#define TYPE_TIMESTAMPTZ 1184

#define MAX_PARAMETERS 16

/* The parameters of a statement. */
typedef struct Parameters
{
	int			count;
	GString    *values[MAX_PARAMETERS];
	const char *pointers[MAX_PARAMETERS];
	int			lengths[MAX_PARAMETERS];
	int			formats[MAX_PARAMETERS];
} Parameters;

/* Starts an array of a type with "nelements", and returns its number; all elements must follow. */
extern int	StartArray(Parameters *parameters, uint32_t type, int nelements);

extern void AppendText(Parameters *parameters, int array, const char *text);	/* or NULL */
extern void AppendInt64(Parameters *parameters, int array, int64_t number);
extern void AppendNull(Parameters *parameters, int array);

/* Adds a parameter that is no array. */
extern void AddText(Parameters *parameters, const char *text);

/* Makes the pointers and lengths ready for libpq. */
extern void CompleteParameters(Parameters *parameters);
extern void FreeParameters(Parameters *parameters);

#endif							/* PARAMETERS_H */
