/*-------------------------------------------------------------------------
 *
 * connection.c
 *		Connections to the ledger's database.
 *
 * Names are always qualified, so search_path is empty, as for PostgreSQL's own
 * programs.  All text goes over as UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cancel.h"
#include "encoding.h"
#include "message.h"

/* How long a lost connection is tried again, in seconds. */
#define PATIENCE 60
#define FIRST_PAUSE 0.25
#define LONGEST_PAUSE 8.0

/* Do sessions send batches of texts? */
static bool sends_batches;

/* Starts to connect with what the command line says. */
static PGconn *
Connect(const Ledger *ledger)
{
	const Options *options = ledger->options;
	const char *keywords[9] = {
		"dbname", "host", "port", "user", "password",
		"fallback_application_name", "client_encoding", NULL
	};
	const char *values[9] = {
		options->database, options->host, options->port, options->user, ledger->password,
		"doc_extractor", "UTF8", NULL
	};

	sends_batches = options->command == COMMAND_LOAD;
	return PQconnectdbParams(keywords, values, 1);
}

/*
 * Makes a new session what the program expects.  Returns false if it cannot.  Texts are compressed
 * by lz4, which takes a fraction of the time, where the server has it and nobody has chosen.
 */
static bool
PrepareSession(PGconn *conn)
{
	PGresult   *result = PQexec(conn,
								"SELECT pg_catalog.set_config('search_path', '', false);"
								"SELECT pg_catalog.set_config(name, 'lz4', false)"
								" FROM pg_catalog.pg_settings"
								" WHERE name = 'default_toast_compression'"
								" AND source = 'default' AND 'lz4' = ANY (enumvals);"
								"SET client_min_messages = warning;"
								"SET DateStyle = ISO; SET statement_timeout = 0;"
								"SET default_transaction_isolation = 'read committed';"
								"SET doc_extractor.on_bad_document = log");
	bool		is_good = PQresultStatus(result) == PGRES_COMMAND_OK;

	/* A plan for the values of one batch would copy all its texts, more than once. */
	if (is_good && sends_batches)
	{
		PQclear(result);
		result = PQexec(conn, "SET plan_cache_mode = force_generic_plan");
		is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
	}
	if (!is_good && PQstatus(conn) == CONNECTION_OK)
		ReportResult(conn, result);
	PQclear(result);
	return is_good;
}

/* Reports an error that libpq words, without its newline. */
static void
ReportConnection(const PGconn *conn)
{
	char	   *message = g_strchomp(g_strdup(PQerrorMessage(conn)));

	ReportError("%s", message);
	g_free(message);
}

PGconn *
OpenConnection(const Ledger *ledger)
{
	PGconn	   *conn = Connect(ledger);

	if (PQstatus(conn) != CONNECTION_OK)
	{
		ReportConnection(conn);
		PQfinish(conn);
		return NULL;
	}
	if (!PrepareSession(conn))
	{
		PQfinish(conn);
		return NULL;
	}
	return conn;
}

bool
ReopenConnection(PGconn *conn)
{
	gint64		end = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;
	double		pause = FIRST_PAUSE;

	ReportWarning("the connection to the server was lost; trying to open it again");
	for (;;)
	{
		gint64		next = g_get_monotonic_time() + (gint64) (pause * G_USEC_PER_SEC);

		while (g_get_monotonic_time() < next && !MustStop())
			g_usleep(G_USEC_PER_SEC / 20);
		if (MustStop())
			return false;
		PQreset(conn);
		if (PQstatus(conn) == CONNECTION_OK && PrepareSession(conn))
			return true;
		if (g_get_monotonic_time() > end)
		{
			ReportConnection(conn);
			return false;
		}
		pause = MIN(2 * pause, LONGEST_PAUSE);
	}
}

bool
IsAlive(PGconn *conn)
{
	PGresult   *result = PQexec(conn, "SELECT 1");
	bool		is_alive = !IsLost(conn, result);

	PQclear(result);
	return is_alive;
}

/* Connects for the first time; asks for a password if the server wants one. */
static PGconn *
ConnectFirst(Ledger *ledger)
{
	PGconn	   *conn = Connect(ledger);

	if (PQstatus(conn) != CONNECTION_OK && PQconnectionNeedsPassword(conn) &&
		!ledger->options->never_ask && isatty(STDIN_FILENO))
	{
		PQfinish(conn);
		ledger->password = g_strdup(getpass("Password: "));
		conn = Connect(ledger);
	}
	if (PQstatus(conn) != CONNECTION_OK)
	{
		ReportConnection(conn);
		exit(EXIT_FATAL);
	}
	SetServerEncoding(PQparameterStatus(conn, "server_encoding"));
	if (!PrepareSession(conn))
		exit(EXIT_FATAL);
	return conn;
}

/* Finds the schema of the extension, and refuses what is too old. */
static void
FindLedger(Ledger *ledger, PGconn *conn)
{
	const char *asked = ledger->options->schema;
	PGresult   *result = RunQuery(ledger, conn,
								  "SELECT n.nspname, e.extversion,"
								  " pg_catalog.to_regprocedure(pg_catalog.format("
								  "'%I.record_extraction(bigint,text,json,text,boolean)',"
								  " n.nspname)) IS NOT NULL"
								  " FROM pg_catalog.pg_extension e"
								  " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
								  " WHERE e.extname = 'doc_extractor'", 0, NULL);
	char	   *quoted;

	if (result == NULL)
		exit(EXIT_FATAL);
	if (PQntuples(result) == 0)
	{
		ReportError("database \"%s\" has no ledger", PQdb(conn));
		ReportHint("Create one: CREATE SCHEMA docs; CREATE EXTENSION doc_extractor SCHEMA docs;");
		exit(EXIT_FATAL);
	}
	ledger->schema = g_strdup(PQgetvalue(result, 0, 0));
	if (asked != NULL && strcmp(asked, ledger->schema) != 0)
		Fail("the ledger is in schema \"%s\", not in \"%s\"", ledger->schema, asked);
	if (PQgetvalue(result, 0, 2)[0] != 't')
	{
		ReportError("the ledger has version %s, and the loader needs 1.2", PQgetvalue(result, 0, 1));
		ReportHint("Update it: ALTER EXTENSION doc_extractor UPDATE TO '1.2';");
		exit(EXIT_FATAL);
	}
	quoted = PQescapeIdentifier(conn, ledger->schema, strlen(ledger->schema));
	ledger->prefix = g_strconcat(quoted, ".", NULL);
	PQfreemem(quoted);
	PQclear(result);
}

PGconn *
OpenLedger(Ledger *ledger, const Options *options)
{
	PGconn	   *conn;

	memset(ledger, 0, sizeof(*ledger));
	ledger->options = options;
	conn = ConnectFirst(ledger);
	FindLedger(ledger, conn);
	return conn;
}

char *
LedgerSql(const Ledger *ledger, const char *sql)
{
	GString    *text = g_string_new(NULL);

	for (; *sql != '\0'; sql++)
	{
		if (*sql == '@')
			g_string_append(text, ledger->prefix);
		else
			g_string_append_c(text, *sql);
	}
	return g_string_free(text, FALSE);
}

PGresult *
RunQuery(const Ledger *ledger, PGconn *conn, const char *sql, int nparams,
		 const char *const *values)
{
	char	   *text = LedgerSql(ledger, sql);
	PGresult   *result = PQexecParams(conn, text, nparams, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	g_free(text);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	ReportResult(conn, result);
	PQclear(result);
	return NULL;
}

void
ReportResult(const PGconn *conn, const PGresult *result)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	if (message == NULL)
		ReportConnection(conn);
	else
		ReportError("%s", message);
	if (detail != NULL)
		ReportDetail("%s", detail);
	if (hint != NULL)
		ReportHint("%s", hint);
}

bool
IsLost(const PGconn *conn, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	/* The server says 57P01 or 57P02 before it ends the session. */
	return PQstatus(conn) != CONNECTION_OK ||
		(state != NULL && (strcmp(state, "57P01") == 0 || strcmp(state, "57P02") == 0));
}
