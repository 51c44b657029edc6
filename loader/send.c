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

/* How often a statement loses its connection before it is taken for the reason. */
#define MAX_LOSSES 3

/*
 * A statement that ends its backend may take others with it.  So one that has lost its connection
 * is tried again while no other one is on its way: then it is clear which is the reason.
 */
static GRWLock sending;

PGresult *
SendQuery(PGconn *conn, const char *query, const Parameters *parameters, const Attempts *attempts)
{
	bool		is_alone = attempts->nlosses > 0 || attempts->is_suspect;
	PGresult   *result;

	if (is_alone)
	{
		g_rw_lock_writer_lock(&sending);
		/* While it waited, another one may have ended this session, too. */
		if (!IsAlive(conn) && !ReopenConnection(conn) && !IsCancelled())
			GiveUp();
	}
	else
		g_rw_lock_reader_lock(&sending);
	result = PQexecParams(conn, query, parameters->count, NULL, parameters->pointers,
						  parameters->lengths, parameters->formats, 0);
	if (is_alone)
		g_rw_lock_writer_unlock(&sending);
	else
		g_rw_lock_reader_unlock(&sending);
	return result;
}

/* Returns whether the values of a statement are the reason for its failure. */
static bool
IsAboutValues(const char *state)
{
	/* Of data, constraints, limits, and of triggers that refuse a row. */
	static const char *const classes[] = {"22", "23", "27", "54", "P0"};

	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
		if (strncmp(state, classes[i], 2) == 0)
			return true;
	return false;
}

/* Finds a remedy for a statement that has lost its connection. */
static Remedy
RemedyOfLoss(PGconn *conn, Attempts *attempts, guint count)
{
	/* Parts of a suspect statement need not prove it three times. */
	int			limit = attempts->is_suspect && count > 1 ? 1 : MAX_LOSSES;

	if (ReopenConnection(conn))
		return ++attempts->nlosses < limit ? REMEDY_REPEAT : REMEDY_SPLIT;
	if (!IsCancelled())
		GiveUp();
	return REMEDY_NONE;
}

Remedy
FindRemedy(PGconn *conn, const PGresult *result, Attempts *attempts, guint count)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (IsLost(conn, result))
		return RemedyOfLoss(conn, attempts, count);
	if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) &&
		++attempts->nconflicts < MAX_ATTEMPTS)
		return REMEDY_REPEAT;
	if (state != NULL && IsAboutValues(state))
		return REMEDY_SPLIT;
	ReportResult(conn, result);
	GiveUp();
	return REMEDY_NONE;
}

const char *
MessageOf(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	/* The one of a lost connection, if there is any, does not say what it was about. */
	if (message == NULL || state == NULL || !IsAboutValues(state))
		return "each time that it was sent, the connection to the server was lost";
	return message;
}

/* Sends a batch.  Returns false if the load must end. */
static bool
SendBatch(Load *load, PGconn *conn, const Batch *batch)
{
	const Attempts first = {0};

	return SendDocuments(load, conn, batch->documents, 0, batch->documents->len, &first) &&
		SendFailures(load, conn, batch->failures, 0, batch->failures->len, &first);
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
