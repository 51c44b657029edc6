/*-------------------------------------------------------------------------
 *
 * report.c
 *		status and verify: what the server says of the ledger.
 *
 *-------------------------------------------------------------------------
 */
#include "report.h"

#include "connection.h"
#include "message.h"
#include "table.h"

/* The parts of status.  $1 is the source, or NULL for all of them. */
static const struct
{
	const char *type;			/* in JSON */
	const char *title;
	const char *query;
}			parts[] =
{
	{
		"ledger", "Ledger",
		"SELECT documents, bytes, duplicates, bytes_saved, failed, open_errors, locations"
		" FROM @ingestion_stats WHERE $1::text IS NULL"
	},
	{
		"source", "Sources",
		"SELECT source, coalesce(s.documents, 0) AS documents, coalesce(s.bytes, 0) AS bytes,"
		" coalesce(s.duplicates, 0) AS duplicates, coalesce(s.failed, 0) AS failed,"
		" coalesce(l.locations, 0) AS locations FROM @ingestion_stats_by_source s"
		" FULL JOIN (SELECT ingestion_source, pg_catalog.count(*) AS locations"
		" FROM @current_locations GROUP BY 1) l ON l.ingestion_source = s.ingestion_source"
		" CROSS JOIN LATERAL (SELECT coalesce(s.ingestion_source, l.ingestion_source)) n (source)"
		" WHERE $1::text IS NULL OR source = $1 ORDER BY 1"
	},
	{
		"file_type", "Types",
		"SELECT file_type, documents, bytes, duplicates, failed"
		" FROM @ingestion_stats_by_type WHERE $1::text IS NULL ORDER BY bytes DESC, 1"
	},
	{
		"failures", "Open failures",
		"SELECT ingestion_source AS source, error_type AS class,"
		" pg_catalog.count(*) AS failures, pg_catalog.max(error_timestamp) AS latest"
		" FROM @error_log WHERE NOT retry_attempted AND resolution_notes IS NULL"
		" AND ($1::text IS NULL OR ingestion_source = $1) GROUP BY 1, 2 ORDER BY 1, 2"
	},
	{
		"scan", "Last scans",
		"SELECT DISTINCT ON (ingestion_source, root) ingestion_source AS source, root,"
		" finished_at, seen, added, changed, vanished, failed FROM @scans"
		" WHERE $1::text IS NULL OR ingestion_source = $1"
		" ORDER BY ingestion_source, root, id DESC"
	}
};

int
RunStatus(const Options *options)
{
	Ledger		ledger;
	PGconn	   *conn = OpenLedger(&ledger, options);
	int			status = EXIT_ALL;

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
	{
		const char *values[1] = {options->source};
		PGresult   *result = RunQuery(&ledger, conn, parts[i].query, 1, values);

		if (result == NULL)
			status = EXIT_FATAL;
		else if (options->json)
			PrintRowsAsJson(parts[i].type, result);
		else if (PQntuples(result) > 0)
			PrintTable(parts[i].title, result);
		PQclear(result);
		if (status != EXIT_ALL)
			break;
	}
	PQfinish(conn);
	return status;
}

int
RunVerify(const Options *options)
{
	Ledger		ledger;
	PGconn	   *conn = OpenLedger(&ledger, options);
	PGresult   *result = RunQuery(&ledger, conn,
								  "SELECT check_name AS check, passed, detail"
								  " FROM @doc_extractor_verify() WHERE $1 OR NOT passed",
								  1, (const char *[]) {options->json ? "t" : "f"});
	int			status = EXIT_FATAL;

	if (result != NULL)
	{
		int			nfailed = 0;

		for (int row = 0; row < PQntuples(result); row++)
			nfailed += PQgetvalue(result, row, 1)[0] == 'f';
		if (options->json)
			PrintRowsAsJson("check", result);
		else if (nfailed > 0)
			PrintTable("Checks that did not pass", result);
		else
			PrintLine("All checks have passed");
		status = nfailed > 0 ? EXIT_SOME_FAILED : EXIT_ALL;
	}
	PQclear(result);
	PQfinish(conn);
	return status;
}
