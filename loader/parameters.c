/*-------------------------------------------------------------------------
 *
 * parameters.c
 *		Arrays as parameters of statements, in PostgreSQL's binary format.
 *
 * The binary format needs no quotes or escapes, whatever the texts are.
 *
 *-------------------------------------------------------------------------
 */
#include "parameters.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

static void
AppendInt32(GString *value, uint32_t number)
{
	number = htonl(number);
	g_string_append_len(value, (const char *) &number, sizeof(number));
}

/* Adds an empty value, and returns its number. */
static int
AddValue(Parameters *parameters, int format)
{
	int			number = parameters->count++;

	g_assert(number < MAX_PARAMETERS);
	parameters->values[number] = g_string_new(NULL);
	parameters->formats[number] = format;
	return number;
}

int
StartArray(Parameters *parameters, uint32_t type, int nelements)
{
	int			array = AddValue(parameters, 1);
	GString    *value = parameters->values[array];

	AppendInt32(value, 1);		/* dimensions */
	AppendInt32(value, 1);		/* may have NULLs */
	AppendInt32(value, type);
	AppendInt32(value, nelements);
	AppendInt32(value, 1);		/* the lower bound */
	return array;
}

void
AppendText(Parameters *parameters, int array, const char *text)
{
	GString    *value = parameters->values[array];

	if (text == NULL)
	{
		AppendNull(parameters, array);
		return;
	}
	AppendInt32(value, strlen(text));
	g_string_append(value, text);
}

void
AppendInt64(Parameters *parameters, int array, int64_t number)
{
	uint64_t	bytes = htobe64((uint64_t) number);

	AppendInt32(parameters->values[array], sizeof(bytes));
	g_string_append_len(parameters->values[array], (const char *) &bytes, sizeof(bytes));
}

void
AppendNull(Parameters *parameters, int array)
{
	AppendInt32(parameters->values[array], UINT32_MAX);
}

void
AddText(Parameters *parameters, const char *text)
{
	int			number = AddValue(parameters, 0);

	g_string_append(parameters->values[number], text);
}

void
CompleteParameters(Parameters *parameters)
{
	for (int i = 0; i < parameters->count; i++)
	{
		parameters->pointers[i] = parameters->values[i]->str;
		parameters->lengths[i] = parameters->values[i]->len;
	}
}

void
FreeParameters(Parameters *parameters)
{
	for (int i = 0; i < parameters->count; i++)
		g_string_free(parameters->values[i], TRUE);
	parameters->count = 0;
}
