/*-------------------------------------------------------------------------
 *
 * queue.h
 *		A queue with a limit, between threads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <glib.h>
#include <stdbool.h>

typedef struct Queue
{
	GMutex		lock;
	GCond		has_item;
	GCond		has_room;
	GQueue		items;
	guint		limit;			/* the most items it holds */
	bool		is_closed;		/* nothing more comes */
} Queue;

extern void InitQueue(Queue *queue, guint limit);

/* Adds an item once there is room.  Returns false, and adds nothing, if the queue is closed. */
extern bool PushItem(Queue *queue, gpointer item);

/*
 * Takes an item, and waits for one up to "microseconds" (0: without limit).  Returns NULL if the
 * time is over, or the queue is closed and empty, which *is_over tells.
 */
extern gpointer PopItem(Queue *queue, gint64 microseconds, bool *is_over);

/* Lets those who wait know that nothing more comes; what is in it can still be taken. */
extern void CloseQueue(Queue *queue);

/* Closes it, and frees what is in it. */
extern void EmptyQueue(Queue *queue, GDestroyNotify free_item);

#endif							/* QUEUE_H */
