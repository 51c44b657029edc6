/*
 * result.h
 *		Results of children, as the loader receives them.
 */
#ifndef RESULT_H
#define RESULT_H

#include "extract.h"

/* A connection with a child. */
typedef struct Connection
{
	int			data;			/* results come here */
	int			control;		/* the child lives while it is open; gets its wait status */
	unsigned	served;			/* texts that the child has read */
} Connection;

/* What became of a file that was given to a child. */
typedef enum Delivery
{
	DELIVERY_COMPLETE,			/* the child takes another file */
	DELIVERY_FAILED,			/* the child has ended; the result says why */
	DELIVERY_LOST				/* there was no child, or no server; errno says why, or is 0 */
} Delivery;

extern Delivery ReceiveResult(Connection *connection, const ExtractionOptions *options,
							  Extraction *result);

#endif							/* RESULT_H */
