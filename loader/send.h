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

/* A thread that sends the batches of load->batches, on a connection of its own. */
extern gpointer SendBatches(gpointer load);

/*
 * What to do after a statement has failed.
 */
typedef enum Remedy
{
	REMEDY_REPEAT,				/* send it again */
	REMEDY_SPLIT,				/* a value is bad: look which */
	REMEDY_NONE					/* the load has given up */
} Remedy;

/* Finds a remedy; opens a lost connection again.  Counts attempts in *nattempts. */
extern Remedy FindRemedy(PGconn *conn, const PGresult *result, int *nattempts);

#endif							/* SEND_H */
