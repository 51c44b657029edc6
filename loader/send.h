/*-------------------------------------------------------------------------
 *
 * send.h
 *		Sends batches to the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SEND_H
#define SEND_H

#include "batch.h"
#include "parameters.h"

/* A thread that sends the batches of load->batches, on a connection of its own. */
extern gpointer SendBatches(gpointer load);

/* What to do after a statement has failed. */
typedef enum Remedy
{
	REMEDY_REPEAT,				/* send it again */
	REMEDY_SPLIT,				/* a value is bad: look which */
	REMEDY_NONE					/* the load has given up */
} Remedy;

/* How often a statement was tried in vain. */
typedef struct Attempts
{
	int			nconflicts;		/* others were in the way */
	int			nlosses;		/* it has lost its connection */
	bool		is_suspect;		/* it is a part of one that has done so time and again */
} Attempts;

/* What the attempts of a part begin with. */
static inline Attempts
AttemptsOfPart(const Attempts *whole)
{
	return (Attempts) {.is_suspect = whole->is_suspect || whole->nlosses > 0};
}

/* Runs a statement for some documents or failures. */
extern PGresult *SendQuery(PGconn *conn, const char *query, const Parameters *parameters,
						   const Attempts *attempts);

/*
 * Finds a remedy for a statement about "count" documents or failures, and counts the attempt; opens
 * a lost connection again.
 */
extern Remedy FindRemedy(PGconn *conn, const PGresult *result, Attempts *attempts, guint count);

/* Returns the server's message of a result, or another one that says what has happened. */
extern const char *MessageOf(const PGresult *result);

#endif							/* SEND_H */
