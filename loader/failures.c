/*-------------------------------------------------------------------------
 *
 * failures.c
 *		Failures in error_log.
 *
 * A file that fails in the same way at every run has one row, until it succeeds or
 * somebody resolves the row.
 *
 *-------------------------------------------------------------------------
 */
#include "failures.h"

#include "message.h"
#include "output.h"
#include "parameters.h"
#include "send.h"

static const char *const failure_query =
"SELECT @log_failed_document(f.name, f.class, f.message, $6, f.location, f.hash)"
" FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]),"
" pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]), pg_catalog.unnest($5::text[]))"
" AS f (name, class, message, location, hash)"
" WHERE NOT EXISTS (SELECT FROM @error_log e WHERE e.location = f.location"
" AND e.ingestion_source = $6 AND e.error_type = f.class AND e.error_message = f.message"
" AND NOT e.retry_attempted AND e.resolution_notes IS NULL)";

/* Adds an array of a member of the failures. */
#define ADD_MEMBER(parameters, failures, first, count, member) \
	do { \
		int			array = StartArray(parameters, TYPE_TEXT, count); \
\
		for (guint i = first; i < (first) + (count); i++) \
			AppendText(parameters, array, \
					   ((const Failure *) g_ptr_array_index(failures, i))->member); \
	} while (0)

/* Sends both halves of failures of which one is refused, or leaves out the one that is. */
static bool
SplitFailures(Load *load, PGconn *conn, const GPtrArray *failures, guint first, guint count,
			  const Attempts *attempts, const char *message)
{
	const Attempts part = AttemptsOfPart(attempts);
	guint		half = count / 2;

	if (count == 1)
	{
		const Failure *failure = g_ptr_array_index(failures, first);
		char	   *location = Printable(failure->location);

		/* The failure itself was counted and shown before. */
		ReportWarning("%s: could not write the failure to error_log: %s", location, message);
		g_free(location);
		return true;
	}
	return SendFailures(load, conn, failures, first, half, &part) &&
		SendFailures(load, conn, failures, first + half, count - half, &part);
}

bool
SendFailures(Load *load, PGconn *conn, const GPtrArray *failures, guint first, guint count,
			 const Attempts *before)
{
	Parameters	parameters = {0};
	Attempts	attempts = *before;
	char	   *query;
	bool		is_sent = false;
	Remedy		remedy = REMEDY_REPEAT;

	if (count == 0)
		return true;
	query = LedgerSql(&load->ledger, failure_query);
	ADD_MEMBER(&parameters, failures, first, count, name);
	ADD_MEMBER(&parameters, failures, first, count, class);
	ADD_MEMBER(&parameters, failures, first, count, message);
	ADD_MEMBER(&parameters, failures, first, count, location);
	ADD_MEMBER(&parameters, failures, first, count, hash);
	AddText(&parameters, load->options->source);
	CompleteParameters(&parameters);
	while (!is_sent && remedy == REMEDY_REPEAT)
	{
		PGresult   *result = SendQuery(conn, query, &parameters, &attempts);

		is_sent = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (!is_sent)
			remedy = FindRemedy(conn, result, &attempts, count);
		if (remedy == REMEDY_SPLIT)
			is_sent = SplitFailures(load, conn, failures, first, count, &attempts,
									MessageOf(result));
		PQclear(result);
	}
	FreeParameters(&parameters);
	g_free(query);
	return is_sent;
}

void
ShowRefusal(Load *load, PGconn *conn, const LoadedDocument *document, const char *error_id)
{
	const char *values[1] = {error_id};
	PGresult   *result = RunQuery(&load->ledger, conn,
								  "SELECT error_type, error_message FROM @error_log"
								  " WHERE id = $1::bigint", 1, values);

	CountMore(document->file->root, COUNT_FAILED, 1);
	if (result != NULL && PQntuples(result) == 1)
		ShowFailure(load->options, document->location, PQgetvalue(result, 0, 0),
					PQgetvalue(result, 0, 1));
	PQclear(result);
}

bool
RefuseDocument(Load *load, PGconn *conn, const LoadedDocument *document, const char *message)
{
	Failure    *failure = CreateFailure(document->file->root, document->file->path,
										"document_refused", document->hash, message);
	GPtrArray  *failures = g_ptr_array_new_with_free_func(FreeFailure);
	const Attempts first = {0};
	bool		is_sent;

	CountMore(failure->root, COUNT_FAILED, 1);
	ShowFailure(load->options, failure->location, failure->class, failure->message);
	g_ptr_array_add(failures, failure);
	is_sent = SendFailures(load, conn, failures, 0, 1, &first);
	g_ptr_array_unref(failures);
	return is_sent;
}
