/*-------------------------------------------------------------------------
 *
 * resent.c
 *		What became of documents that were sent again.
 *
 * A connection may be lost after the server has committed, and before it could say so.
 * When the documents are sent again, all of them are at their locations.  What the first
 * attempt did is in the observations: those since the start of the load are its own, and
 * a document is new if it came with the first observation of it.
 *
 *-------------------------------------------------------------------------
 */
#include "resent.h"

#include "parameters.h"

static const char *const done_query =
"SELECT l.seen_at >= $3::timestamptz, d.created_at = l.seen_at::timestamp"
" AND NOT EXISTS (SELECT FROM @document_locations f"
" WHERE f.document_id = l.document_id AND f.id < l.id)"
" FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS o (location, number)"
" LEFT JOIN LATERAL (SELECT * FROM @document_locations c WHERE c.ingestion_source = $2"
" AND c.location_key = pg_catalog.sha256("
"pg_catalog.convert_to(o.location, pg_catalog.getdatabaseencoding()))"
" ORDER BY c.id DESC LIMIT 1) l ON true"
" LEFT JOIN @documents d ON d.id = l.document_id ORDER BY o.number";

/* The columns of its result. */
enum
{
	DONE_SINCE_START,
	DONE_IS_NEW
};

PGresult *
FetchDone(const Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count)
{
	Parameters	parameters = {0};
	char	   *query = LedgerSql(&load->ledger, done_query);
	int			array = StartArray(&parameters, TYPE_TEXT, count);
	PGresult   *result;

	for (guint i = first; i < first + count; i++)
		AppendText(&parameters, array,
				   ((const LoadedDocument *) g_ptr_array_index(documents, i))->location);
	AddText(&parameters, load->options->source);
	AddText(&parameters, load->started_at);
	CompleteParameters(&parameters);
	result = PQexecParams(conn, query, parameters.count, NULL, parameters.pointers,
						  parameters.lengths, parameters.formats, 0);
	FreeParameters(&parameters);
	g_free(query);
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	ReportResult(conn, result);
	PQclear(result);
	return NULL;
}

Count
CountDone(const LoadedDocument *document, const PGresult *done, int row, const char **word)
{
	if (PQgetvalue(done, row, DONE_SINCE_START)[0] != 't')
	{
		*word = "unchanged";
		return COUNT_UNCHANGED;
	}
	if (document->file->is_known)
	{
		*word = "changed";
		return COUNT_CHANGED;
	}
	if (PQgetvalue(done, row, DONE_IS_NEW)[0] != 't')
	{
		*word = "duplicate";
		return COUNT_DUPLICATES;
	}
	*word = "new";
	return COUNT_NEW;
}
