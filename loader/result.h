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

extern bool ReceiveResult(Connection *connection, const ExtractionOptions *options,
						  Extraction *result);

#endif							/* RESULT_H */
