/*-------------------------------------------------------------------------
 *
 * send.c
 *		Sends batches to the server.
 *
 * A batch may be sent again, after its connection was lost or another session was
 * first: what is at its location already is not counted twice.
 *
 *-------------------------------------------------------------------------
 */
#include "send.h"

#include <string.h>

#include "cancel.h"
#include "failures.h"
#include "ingest.h"
#include "message.h"

/* How often a batch is sent again that others were in the way of. */
#define MAX_ATTEMPTS 20

/* A batch that is not full goes when nothing else has for this time, in microseconds. */
#define IDLE_TIME (5 * G_USEC_PER_SEC)

Remedy
FindRemedy(PGconn *conn, const PGresult *result, int *nattempts)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (IsLost(conn, result))
	{
		if (ReopenConnection(conn))
			return REMEDY_REPEAT;
		if (!IsCancelled())
			GiveUp();
		return REMEDY_NONE;
	}
	if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) &&
		++*nattempts < MAX_ATTEMPTS)
		return REMEDY_REPEAT;
	if (state != NULL && (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
						  strncmp(state, "54", 2) == 0))
		return REMEDY_SPLIT;
	ReportResult(conn, result);
	GiveUp();
	return REMEDY_NONE;
}

/* Sends a batch.  Returns false if the load must end. */
static bool
SendBatch(Load *load, PGconn *conn, const Batch *batch)
{
	return SendDocuments(load, conn, batch->documents, 0, batch->documents->len) &&
		SendFailures(load, conn, batch->failures);
}

gpointer
SendBatches(gpointer pointer)
{
	Load	   *load = pointer;
	PGconn	   *conn;
	bool		is_over = false;

	BlockSignals();
	conn = OpenConnection(&load->ledger);
	if (conn == NULL)
		GiveUp();
	while (!is_over && !MustStop())
	{
		Batch	   *batch = PopItem(&load->batches, IDLE_TIME, &is_over);

		if (batch == NULL)
			batch = TakeOpenBatch(load);
		if (batch == NULL)
			continue;
		SendBatch(load, conn, batch);
		FreeBatch(batch);
	}
	PQfinish(conn);
	return NULL;
}
