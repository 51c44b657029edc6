/*-------------------------------------------------------------------------
 *
 * ingest.c
 *		Ingests documents of a batch, and counts what became of them.
 *
 *-------------------------------------------------------------------------
 */
#include "ingest.h"

#include <stdlib.h>

#include "failures.h"
#include "output.h"
#include "parameters.h"
#include "send.h"

static const char *const ingest_query =
"SELECT is_duplicate, at_location, error_id FROM @ingest_hashed_documents("
"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ORDER BY ordinality";

/* The columns of its result. */
enum
{
	RESULT_IS_DUPLICATE,
	RESULT_AT_LOCATION,
	RESULT_ERROR_ID
};

/* Adds an array of texts that all documents have as a member. */
#define ADD_TEXTS(parameters, documents, first, count, type, expression) \
	do { \
		int			array = StartArray(parameters, type, count); \
\
		for (guint i = first; i < (first) + (count); i++) \
		{ \
			const LoadedDocument *document = g_ptr_array_index(documents, i); \
\
			AppendText(parameters, array, expression); \
		} \
	} while (0)

/* Adds sizes. */
static void
AddSizes(Parameters *parameters, const GPtrArray *documents, guint first, guint count)
{
	int			array = StartArray(parameters, TYPE_INT8, count);

	for (guint i = first; i < first + count; i++)
	{
		const LoadedDocument *document = g_ptr_array_index(documents, i);

		AppendInt64(parameters, array, document->fingerprint.size);
	}
}

/* Adds the times of modification. */
static void
AddTimes(Parameters *parameters, const GPtrArray *documents, guint first, guint count)
{
	int			array = StartArray(parameters, TYPE_TIMESTAMPTZ, count);

	for (guint i = first; i < first + count; i++)
	{
		const LoadedDocument *document = g_ptr_array_index(documents, i);
		int64_t		time;

		if (ModificationTime(&document->fingerprint, &time))
			AppendInt64(parameters, array, time);
		else
			AppendNull(parameters, array);
	}
}

/* Adds the fingerprints. */
static void
AddFingerprints(Parameters *parameters, const GPtrArray *documents, guint first, guint count)
{
	int			array = StartArray(parameters, TYPE_TEXT, count);

	for (guint i = first; i < first + count; i++)
	{
		const LoadedDocument *document = g_ptr_array_index(documents, i);
		char		text[FINGERPRINT_LENGTH];

		FormatFingerprint(&document->fingerprint, text);
		AppendText(parameters, array, text);
	}
}

/* Adds all arguments of the function, in their order. */
static void
AddArguments(Parameters *parameters, const Load *load, const GPtrArray *documents, guint first,
			 guint count)
{
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->name);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->hash);
	AddSizes(parameters, documents, first, count);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->type);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT,
			  (document != NULL) ? load->options->source : NULL);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->text);
	ADD_TEXTS(parameters, documents, first, count, TYPE_JSON, document->metadata);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT,
			  document->error != NULL ? "failed" : "success");
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->error);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->location);
	AddTimes(parameters, documents, first, count);
	AddFingerprints(parameters, documents, first, count);
	ADD_TEXTS(parameters, documents, first, count, TYPE_TEXT, document->extractor);
	CompleteParameters(parameters);
}

static bool
IsTrue(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

/* Returns what a document counts as; sets the word for it. */
static Count
CountFor(const LoadedDocument *document, const PGresult *result, int row, const char **word)
{
	bool		is_duplicate = IsTrue(result, row, RESULT_IS_DUPLICATE);
	bool		was_here = IsTrue(result, row, RESULT_AT_LOCATION);

	if (was_here && document->file->is_known && is_duplicate)
	{
		*word = "unchanged";
		return COUNT_UNCHANGED;
	}
	if (document->file->is_known)
	{
		*word = "changed";
		return COUNT_CHANGED;
	}
	/* If it was here, the batch was sent twice. */
	if (is_duplicate && !was_here)
	{
		*word = "duplicate";
		return COUNT_DUPLICATES;
	}
	*word = "new";
	return COUNT_NEW;
}

/* Counts and shows what became of the documents. */
static void
CountResults(Load *load, PGconn *conn, const GPtrArray *documents, guint first,
			 const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		const LoadedDocument *document = g_ptr_array_index(documents, first + row);

		if (PQgetisnull(result, row, RESULT_ERROR_ID))
		{
			const char *word;
			Count		count = CountFor(document, result, row, &word);

			CountMore(document->file->root, count, 1);
			ShowFile(load->options, document->location, word);
		}
		else
			ShowRefusal(load, conn, document, PQgetvalue(result, row, RESULT_ERROR_ID));
	}
}

/* Sends both halves of documents of which one is bad, or gives up the one that is. */
static bool
SplitDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count,
			   const char *message)
{
	guint		half = count / 2;

	if (count == 1)
		return RefuseDocument(load, conn, g_ptr_array_index(documents, first), message);
	return SendDocuments(load, conn, documents, first, half) &&
		SendDocuments(load, conn, documents, first + half, count - half);
}

bool
SendDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count)
{
	Parameters	parameters = {0};
	char	   *query;
	int			nattempts = 0;
	bool		is_sent = false;
	Remedy		remedy = REMEDY_REPEAT;

	if (count == 0)
		return true;
	query = LedgerSql(&load->ledger, ingest_query);
	AddArguments(&parameters, load, documents, first, count);
	while (!is_sent && remedy == REMEDY_REPEAT)
	{
		PGresult   *result = PQexecParams(conn, query, parameters.count, NULL,
										  parameters.pointers, parameters.lengths,
										  parameters.formats, 0);

		is_sent = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (is_sent)
			CountResults(load, conn, documents, first, result);
		else
			remedy = FindRemedy(conn, result, &nattempts);
		if (remedy == REMEDY_SPLIT)
			is_sent = SplitDocuments(load, conn, documents, first, count,
									 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		PQclear(result);
	}
	FreeParameters(&parameters);
	g_free(query);
	return is_sent;
}
