/*-------------------------------------------------------------------------
 *
 * unchanged.c
 *		What the ledger knows of the roots.
 *
 * The latest row of each location comes once, by COPY in the binary format.  Those
 * whose document was deleted come along: their files stay out.
 *
 *-------------------------------------------------------------------------
 */
#include "unchanged.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "cancel.h"
#include "fingerprint.h"
#include "message.h"
#include "path.h"

/* COPY takes no parameters; it reads them from settings, which are bound. */
#define SETTING "pg_catalog.current_setting('doc_extractor_load."

/*
 * OFFSET 0 keeps the conditions on locations outside: the planner takes them for very
 * selective, and would search the index for each row.
 */
static const char *const copy_query =
"COPY (SELECT c.* FROM (SELECT l.id, d.id IS NULL, l.location, l.fingerprint"
" FROM @document_locations l LEFT JOIN @documents d ON d.id = l.document_id"
" WHERE l.ingestion_source = (SELECT " SETTING "source'))"
" AND l.document_id IS NOT NULL"
" AND NOT EXISTS (SELECT FROM @document_locations n"
" WHERE n.ingestion_source = l.ingestion_source"
" AND n.location_key = l.location_key AND n.id > l.id) OFFSET 0) c"
" WHERE c.location = (SELECT " SETTING "root'))"
" OR pg_catalog.starts_with(c.location, (SELECT " SETTING "below')))"
" OR pg_catalog.starts_with(c.location, (SELECT " SETTING "encoded'))))"
" TO STDOUT (FORMAT binary)";

/* The fields of a row. */
enum
{
	FIELD_ID,
	FIELD_IS_DELETED,
	FIELD_LOCATION,
	FIELD_FINGERPRINT,
	NFIELDS
};

typedef struct Field
{
	const char *bytes;
	int32_t		length;			/* -1: NULL */
} Field;

/* Tells the session what the query asks for. */
static bool
SetQuery(Load *load, const Root *root)
{
	GString    *encoded = g_string_new(NULL);
	bool		is_slash = strcmp(root->path, "/") == 0;
	char	   *below = g_strconcat(root->location, is_slash ? "" : "/", NULL);
	const char *values[4] = {load->options->source, root->location, below, NULL};
	PGresult   *result;

	/* Below a root that the database can hold, other locations may be encoded. */
	SetEncodedLocation(encoded, root->path);
	if (!is_slash)
		g_string_append_c(encoded, '/');
	values[3] = encoded->str;
	result = RunQuery(&load->ledger, load->conn,
					  "SELECT pg_catalog.set_config('doc_extractor_load.source', $1, false),"
					  " pg_catalog.set_config('doc_extractor_load.root', $2, false),"
					  " pg_catalog.set_config('doc_extractor_load.below', $3, false),"
					  " pg_catalog.set_config('doc_extractor_load.encoded', $4, false)",
					  4, values);
	g_string_free(encoded, TRUE);
	g_free(below);
	PQclear(result);
	return result != NULL;
}

static uint64_t
NetworkInt64(const char *bytes)
{
	uint64_t	number;

	memcpy(&number, bytes, sizeof(number));
	return be64toh(number);
}

/* Splits a row in the binary format.  Returns false at the row that ends the data. */
static bool
SplitRow(const char *row, Field *fields)
{
	uint16_t	count;

	memcpy(&count, row, sizeof(count));
	if (ntohs(count) != NFIELDS)
		return false;
	row += sizeof(count);
	for (int i = 0; i < NFIELDS; i++)
	{
		uint32_t	length;

		memcpy(&length, row, sizeof(length));
		fields[i].length = (int32_t) ntohl(length);
		fields[i].bytes = row + sizeof(length);
		row = fields[i].bytes + MAX(fields[i].length, 0);
	}
	return true;
}

/* Adds a location to the table. */
static void
AddKnown(Load *load, const Root *root, const Field *fields)
{
	KnownLocation *known = FindKnown(load->known, fields[FIELD_LOCATION].bytes,
									 fields[FIELD_LOCATION].length, true);
	int64_t		id = (int64_t) NetworkInt64(fields[FIELD_ID].bytes);
	Fingerprint fingerprint;

	/* Two rows for one location would be two of one time: the later one counts. */
	if (known->id > id)
		return;
	known->id = id;
	known->root = root->number;
	known->is_deleted = fields[FIELD_IS_DELETED].bytes[0] != 0;
	known->fingerprint = 0;
	known->is_recent = false;
	if (fields[FIELD_FINGERPRINT].length > 0 &&
		ParseFingerprint(fields[FIELD_FINGERPRINT].bytes, fields[FIELD_FINGERPRINT].length,
						 &fingerprint))
	{
		known->fingerprint = HashFingerprint(&fingerprint);
		known->is_recent = fingerprint.is_recent;
	}
}

/* Reads the rows that COPY sends. */
static bool
ReadRows(Load *load, const Root *root)
{
	/* The first message has the header before its row, or alone. */
	const int	header = 11 + 4 + 4;
	bool		is_first = true;
	char	   *buffer;
	int			length;

	while ((length = PQgetCopyData(load->conn, &buffer, 0)) > 0)
	{
		const char *row = buffer + (is_first ? header : 0);
		Field		fields[NFIELDS];

		if (row - buffer + 2 <= length && SplitRow(row, fields))
			AddKnown(load, root, fields);
		is_first = false;
		PQfreemem(buffer);
		if (MustStop())
			return false;
	}
	return length == -1;
}

/* Fetches what is known below one root. */
static bool
FetchRoot(Load *load, const Root *root)
{
	char	   *query = LedgerSql(&load->ledger, copy_query);
	PGresult   *result;
	bool		is_good;

	if (!SetQuery(load, root))
		return false;
	result = PQexec(load->conn, query);
	g_free(query);
	is_good = PQresultStatus(result) == PGRES_COPY_OUT && ReadRows(load, root);
	if (is_good)
	{
		PQclear(result);
		result = PQgetResult(load->conn);
		is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
	}
	/* The rest of the rows ends with the connection. */
	if (MustStop())
	{
		PQclear(result);
		return false;
	}
	if (!is_good)
		ReportResult(load->conn, result);
	PQclear(result);
	while ((result = PQgetResult(load->conn)) != NULL)
		PQclear(result);
	return is_good;
}

bool
FetchKnown(Load *load)
{
	load->known = CreateKnown();
	for (uint32_t i = 0; i < load->nroots; i++)
		if (!FetchRoot(load, &load->roots[i]))
			return false;
	return true;
}
