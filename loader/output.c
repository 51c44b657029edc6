/*-------------------------------------------------------------------------
 *
 * output.c
 *		Lines about single files, for people or as JSON.
 *
 * The names of files may have any characters: one that moves the cursor of a terminal
 * or ends the line is shown as an escape.
 *
 *-------------------------------------------------------------------------
 */
#include "output.h"

#include "message.h"

void
AppendJson(GString *json, const char *text)
{
	char	   *valid = g_utf8_make_valid(text, -1);

	g_string_append_c(json, '"');
	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p))
	{
		gunichar	c = g_utf8_get_char(p);

		if (c == '"' || c == '\\')
			g_string_append_printf(json, "\\%c", (char) c);
		else if (c == '\n')
			g_string_append(json, "\\n");
		else if (g_unichar_iscntrl(c))
			g_string_append_printf(json, "\\u%04x", c);
		else
			g_string_append_unichar(json, c);
	}
	g_string_append_c(json, '"');
	g_free(valid);
}

char *
FormatSize(int64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double		size = bytes / 1024.0;
	size_t		unit = 0;

	if (bytes < 1024)
		return g_strdup_printf("%d bytes", (int) bytes);
	/* What would be printed as 1024.0 takes the next unit. */
	for (; size >= 1023.95 && unit + 1 < G_N_ELEMENTS(units); unit++)
		size /= 1024;
	return g_strdup_printf("%.1f %s", size, units[unit]);
}

void
ShowFile(const Options *options, const char *location, const char *result)
{
	if (!options->verbose)
		return;
	if (options->json)
	{
		GString    *json = g_string_new("{\"type\": \"file\", \"location\": ");

		AppendJson(json, location);
		PrintLine("%s, \"result\": \"%s\"}", json->str, result);
		g_string_free(json, TRUE);
	}
	else
	{
		char	   *printable = Printable(location);

		PrintLine("%s: %s", result, printable);
		g_free(printable);
	}
}

void
ShowFailure(const Options *options, const char *location, const char *class,
			const char *message)
{
	if (options->json)
	{
		GString    *json = g_string_new("{\"type\": \"failure\", \"location\": ");

		AppendJson(json, location);
		g_string_append_printf(json, ", \"class\": \"%s\", \"message\": ", class);
		AppendJson(json, message);
		PrintLine("%s}", json->str);
		g_string_free(json, TRUE);
	}
	else
	{
		char	   *printable = Printable(location);
		char	   *printable_message = Printable(message);

		ReportWarning("%s: %s", printable, printable_message);
		g_free(printable);
		g_free(printable_message);
	}
}
