/*-------------------------------------------------------------------------
 *
 * connection.h
 *		Connections to the ledger's database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <glib.h>
#include <libpq-fe.h>
#include <stdbool.h>

#include "options.h"

/* Where the ledger is. */
typedef struct Ledger
{
	const Options *options;
	char	   *password;		/* that the user has typed; or NULL */
	char	   *schema;
	char	   *prefix;			/* its quoted name and a dot */
} Ledger;

/*
 * Connects, and finds the ledger.  Ends the program if it cannot; for the main thread.
 */
extern PGconn *OpenLedger(Ledger *ledger, const Options *options);

/* Opens another connection.  Returns NULL, and has reported why, if it cannot. */
extern PGconn *OpenConnection(const Ledger *ledger);

/*
 * Opens a lost connection again, and tries for a minute.  Returns false, and has reported why, if
 * that was in vain, or the program must stop.
 */
extern bool ReopenConnection(PGconn *conn);

/* Returns whether the server still answers on a connection. */
extern bool IsAlive(PGconn *conn);

/* Returns SQL text in which each "@" is the ledger's schema. */
extern char *LedgerSql(const Ledger *ledger, const char *sql);

/*
 * Runs an SQL text with "@" and text parameters.  Returns the result, or NULL after it has
 * reported an error.
 */
extern PGresult *RunQuery(const Ledger *ledger, PGconn *conn, const char *sql, int nparams,
						  const char *const *values);

/* Reports the error of a result, with its detail and hint. */
extern void ReportResult(const PGconn *conn, const PGresult *result);

/* Returns whether a statement has failed only because its connection was lost. */
extern bool IsLost(const PGconn *conn, const PGresult *result);

#endif							/* CONNECTION_H */
