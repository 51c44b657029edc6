/*-------------------------------------------------------------------------
 *
 * summary.c
 *		What a load has done, at its end.
 *
 *-------------------------------------------------------------------------
 */
#include "summary.h"

#include "message.h"
#include "output.h"

/* The counts of the summary, with their names in JSON and for people. */
static const struct
{
	Count		count;
	const char *key;
	const char *words;
	bool		is_shown;		/* to people, even if it is 0 */
}			lines[] =
{
	{COUNT_SEEN, "seen", "files seen", true},
	{COUNT_UNCHANGED, "unchanged", "unchanged", true},
	{COUNT_NEW, "new", "new", true},
	{COUNT_DUPLICATES, "duplicates", "duplicates", true},
	{COUNT_CHANGED, "changed", "changed", true},
	{COUNT_VANISHED, "vanished", "vanished", true},
	{COUNT_DELETED, "skipped_deleted", "skipped: deleted", false},
	{COUNT_TOO_LARGE, "skipped_too_large", "skipped: too large", false},
	{COUNT_TOO_YOUNG, "skipped_too_young", "skipped: too young", false},
	{COUNT_WITHOUT_TEXT, "without_text", "without a text", false},
	{COUNT_FAILED, "failed", "failed", true}
};

/* Prints the summary as a JSON object. */
static void
PrintJson(const Load *load, int status, double seconds, double rate)
{
	GString    *json = g_string_new("{\"type\": \"summary\", \"source\": ");

	AppendJson(json, load->options->source);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		g_string_append_printf(json, ", \"%s\": %" G_GINT64_FORMAT, lines[i].key,
							   (gint64) CountOfAll(load, lines[i].count));
	if (load->options->dry_run)
		g_string_append_printf(json, ", \"to_read\": %" G_GINT64_FORMAT
							   ", \"bytes_to_read\": %" G_GINT64_FORMAT,
							   (gint64) CountOfAll(load, COUNT_FOUND),
							   (gint64) CountOfAll(load, COUNT_FOUND_BYTES));
	PrintLine("%s, \"bytes\": %" G_GINT64_FORMAT ", \"seconds\": %.3f, \"files_per_second\": %.1f"
			  ", \"dry_run\": %s, \"exit_status\": %d}", json->str,
			  (gint64) CountOfAll(load, COUNT_BYTES), seconds, rate,
			  load->options->dry_run ? "true" : "false", status);
	g_string_free(json, TRUE);
}

/* Prints it for people. */
static void
PrintText(const Load *load, double seconds, double rate)
{
	bool		is_dry = load->options->dry_run;
	char	   *size = FormatSize(CountOfAll(load, is_dry ? COUNT_FOUND_BYTES : COUNT_BYTES));

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		if (lines[i].is_shown || CountOfAll(load, lines[i].count) > 0)
			PrintLine("%12" G_GINT64_FORMAT " %s", (gint64) CountOfAll(load, lines[i].count),
					  lines[i].words);
	if (is_dry)
		PrintLine("%12" G_GINT64_FORMAT " to read, %s; nothing was done",
				  (gint64) CountOfAll(load, COUNT_FOUND), size);
	else
		PrintLine("%s read in %.1f seconds, %.0f files/s", size, seconds, rate);
	g_free(size);
}

void
PrintSummary(const Load *load, int status)
{
	double		seconds = (g_get_monotonic_time() - load->started) / (double) G_USEC_PER_SEC;
	double		rate = CountOfAll(load, COUNT_SEEN) / MAX(seconds, 0.001);

	if (load->options->json)
		PrintJson(load, status, seconds, rate);
	else
		PrintText(load, seconds, rate);
}
