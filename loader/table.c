/*-------------------------------------------------------------------------
 *
 * table.c
 *		Results of queries, as tables or JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "table.h"

#include <stdbool.h>
#include <string.h>

#include "message.h"
#include "output.h"

/* OIDs of types. */
#define TYPE_BOOL 16
#define TYPE_INT8 20
#define TYPE_INT4 23
#define TYPE_NUMERIC 1700

static bool
IsNumber(const PGresult *result, int column)
{
	Oid			type = PQftype(result, column);

	return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_NUMERIC;
}

/* Returns the name of a column, or for other rows than -1 its value, in printable form. */
static char *
CellOf(const PGresult *result, int row, int column)
{
	return Printable(row < 0 ? PQfname(result, column) : PQgetvalue(result, row, column));
}

/* Returns the characters that a column needs. */
static glong
WidthOf(const PGresult *result, int column)
{
	glong		width = 0;

	for (int row = -1; row < PQntuples(result); row++)
	{
		char	   *cell = CellOf(result, row, column);

		width = MAX(width, g_utf8_strlen(cell, -1));
		g_free(cell);
	}
	return width;
}

/* Appends a value, numbers to the right. */
static void
AppendCell(GString *line, const char *value, glong width, bool is_right, bool is_last)
{
	int			padding = (int) (width - g_utf8_strlen(value, -1));

	if (is_right)
		g_string_append_printf(line, "%*s%s", padding, "", value);
	else
		g_string_append_printf(line, "%s%*s", value, is_last ? 0 : padding, "");
	if (!is_last)
		g_string_append(line, "  ");
}

/* Prints a row; -1 is the names of the columns. */
static void
PrintRow(const PGresult *result, const glong *widths, int row)
{
	GString    *line = g_string_new("  ");
	int			ncolumns = PQnfields(result);

	for (int column = 0; column < ncolumns; column++)
	{
		char	   *cell = CellOf(result, row, column);

		AppendCell(line, cell, widths[column], IsNumber(result, column), column == ncolumns - 1);
		g_free(cell);
	}
	PrintLine("%s", line->str);
	g_string_free(line, TRUE);
}

void
PrintTable(const char *title, const PGresult *result)
{
	glong	   *widths = g_new(glong, PQnfields(result));

	for (int column = 0; column < PQnfields(result); column++)
		widths[column] = WidthOf(result, column);
	PrintLine("%s", title);
	for (int row = -1; row < PQntuples(result); row++)
		PrintRow(result, widths, row);
	PrintLine("%s", "");
	g_free(widths);
}

void
PrintRowsAsJson(const char *type, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		GString    *json = g_string_new(NULL);

		g_string_append_printf(json, "{\"type\": \"%s\"", type);
		for (int column = 0; column < PQnfields(result); column++)
		{
			const char *value = PQgetvalue(result, row, column);

			g_string_append_printf(json, ", \"%s\": ", PQfname(result, column));
			if (PQgetisnull(result, row, column))
				g_string_append(json, "null");
			else if (PQftype(result, column) == TYPE_BOOL)
				g_string_append(json, value[0] == 't' ? "true" : "false");
			else if (IsNumber(result, column))
				g_string_append(json, value);
			else
				AppendJson(json, value);
		}
		PrintLine("%s}", json->str);
		g_string_free(json, TRUE);
	}
}
