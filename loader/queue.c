/*-------------------------------------------------------------------------
 *
 * queue.c
 *		A queue with a limit, between threads.
 *
 *-------------------------------------------------------------------------
 */
#include "queue.h"

void
InitQueue(Queue *queue, guint limit)
{
	g_mutex_init(&queue->lock);
	g_cond_init(&queue->has_item);
	g_cond_init(&queue->has_room);
	g_queue_init(&queue->items);
	queue->limit = limit;
	queue->is_closed = false;
}

bool
PushItem(Queue *queue, gpointer item)
{
	bool		is_open;

	g_mutex_lock(&queue->lock);
	while (!queue->is_closed && queue->items.length >= queue->limit)
		g_cond_wait(&queue->has_room, &queue->lock);
	is_open = !queue->is_closed;
	if (is_open)
	{
		g_queue_push_tail(&queue->items, item);
		g_cond_signal(&queue->has_item);
	}
	g_mutex_unlock(&queue->lock);
	return is_open;
}

gpointer
PopItem(Queue *queue, gint64 microseconds, bool *is_over)
{
	gint64		end = g_get_monotonic_time() + microseconds;
	gpointer	item;

	g_mutex_lock(&queue->lock);
	while (g_queue_is_empty(&queue->items) && !queue->is_closed)
	{
		if (microseconds == 0)
			g_cond_wait(&queue->has_item, &queue->lock);
		else if (!g_cond_wait_until(&queue->has_item, &queue->lock, end))
			break;
	}
	item = g_queue_pop_head(&queue->items);
	if (is_over != NULL)
		*is_over = item == NULL && queue->is_closed;
	if (item != NULL)
		g_cond_signal(&queue->has_room);
	g_mutex_unlock(&queue->lock);
	return item;
}

void
CloseQueue(Queue *queue)
{
	g_mutex_lock(&queue->lock);
	queue->is_closed = true;
	g_cond_broadcast(&queue->has_item);
	g_cond_broadcast(&queue->has_room);
	g_mutex_unlock(&queue->lock);
}

void
EmptyQueue(Queue *queue, GDestroyNotify free_item)
{
	g_mutex_lock(&queue->lock);
	queue->is_closed = true;
	g_queue_clear_full(&queue->items, free_item);
	g_cond_broadcast(&queue->has_item);
	g_cond_broadcast(&queue->has_room);
	g_mutex_unlock(&queue->lock);
}
