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
#include "resent.h"
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

	if (was_here && is_duplicate)
	{
		*word = "unchanged";
		return COUNT_UNCHANGED;
	}
	if (document->file->is_known)
	{
		*word = "changed";
		return COUNT_CHANGED;
	}
	if (is_duplicate)
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
			 const PGresult *result, const PGresult *done)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		const LoadedDocument *document = g_ptr_array_index(documents, first + row);
		const char *word;
		Count		count;

		if (!PQgetisnull(result, row, RESULT_ERROR_ID))
		{
			ShowRefusal(load, conn, document, PQgetvalue(result, row, RESULT_ERROR_ID));
			continue;
		}
		if (done != NULL && IsTrue(result, row, RESULT_AT_LOCATION))
			count = CountDone(document, done, row, &word);
		else
			count = CountFor(document, result, row, &word);
		CountMore(document->file->root, count, 1);
		ShowFile(load->options, document->location, word);
	}
}

/* Sends both halves of documents of which one is bad, or gives up the one that is. */
static bool
SplitDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count,
			   const Attempts *attempts, const char *message)
{
	const Attempts part = AttemptsOfPart(attempts);
	guint		half = count / 2;

	if (count == 1)
		return RefuseDocument(load, conn, g_ptr_array_index(documents, first), message);
	return SendDocuments(load, conn, documents, first, half, &part) &&
		SendDocuments(load, conn, documents, first + half, count - half, &part);
}

/* Counts documents that were ingested. */
static void
TakeResult(Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count,
		   const Attempts *attempts, const PGresult *result)
{
	bool		is_resent = attempts->nlosses > 0 || attempts->is_suspect;
	PGresult   *done = is_resent ? FetchDone(load, conn, documents, first, count) : NULL;

	CountResults(load, conn, documents, first, result, done);
	PQclear(done);
}

bool
SendDocuments(Load *load, PGconn *conn, const GPtrArray *documents, guint first, guint count,
			  const Attempts *before)
{
	Parameters	parameters = {0};
	Attempts	attempts = *before;
	char	   *query;
	bool		is_sent = false;
	Remedy		remedy = REMEDY_REPEAT;

	if (count == 0)
		return true;
	query = LedgerSql(&load->ledger, ingest_query);
	AddArguments(&parameters, load, documents, first, count);
	while (!is_sent && remedy == REMEDY_REPEAT)
	{
		PGresult   *result = SendQuery(conn, query, &parameters, &attempts);

		is_sent = PQresultStatus(result) == PGRES_TUPLES_OK;
		if (is_sent)
			TakeResult(load, conn, documents, first, count, &attempts, result);
		else
			remedy = FindRemedy(conn, result, &attempts, count);
		if (remedy == REMEDY_SPLIT)
			is_sent = SplitDocuments(load, conn, documents, first, count, &attempts,
									 MessageOf(result));
		PQclear(result);
	}
	FreeParameters(&parameters);
	g_free(query);
	return is_sent;
}
