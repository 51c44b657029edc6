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

#include "cancel.h"
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

/* Adds an array of a member of all failures. */
#define ADD_MEMBER(parameters, failures, member) \
	do { \
		int			array = StartArray(parameters, TYPE_TEXT, (failures)->len); \
\
		for (guint i = 0; i < (failures)->len; i++) \
			AppendText(parameters, array, \
					   ((const Failure *) g_ptr_array_index(failures, i))->member); \
	} while (0)

bool
SendFailures(Load *load, PGconn *conn, const GPtrArray *failures)
{
	Parameters	parameters = {0};
	char	   *query;
	int			nattempts = 0;
	bool		is_sent = false;
	Remedy		remedy = REMEDY_REPEAT;

	if (failures->len == 0)
		return true;
	query = LedgerSql(&load->ledger, failure_query);
	ADD_MEMBER(&parameters, failures, name);
	ADD_MEMBER(&parameters, failures, class);
	ADD_MEMBER(&parameters, failures, message);
	ADD_MEMBER(&parameters, failures, location);
	ADD_MEMBER(&parameters, failures, hash);
	AddText(&parameters, load->options->source);
	CompleteParameters(&parameters);
	while (!is_sent && remedy == REMEDY_REPEAT)
	{
		PGresult   *result = PQexecParams(conn, query, parameters.count, NULL,
										  parameters.pointers, parameters.lengths,
										  parameters.formats, 0);

		is_sent = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (!is_sent)
			remedy = FindRemedy(conn, result, &nattempts);
		if (remedy == REMEDY_SPLIT)
		{
			ReportResult(conn, result);
			GiveUp();
		}
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
	Failure		failure = {
		.root = document->file->root,
		.name = document->name,
		.location = document->location,
		.class = "document_refused",
		.message = (char *) message,
		.hash = (char *) document->hash
	};
	GPtrArray  *failures = g_ptr_array_new();
	bool		is_sent;

	CountMore(failure.root, COUNT_FAILED, 1);
	ShowFailure(load->options, failure.location, failure.class, message);
	g_ptr_array_add(failures, &failure);
	is_sent = SendFailures(load, conn, failures);
	g_ptr_array_unref(failures);
	return is_sent;
}
