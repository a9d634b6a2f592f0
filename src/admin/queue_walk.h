/*
 * admin/queue_walk - a walk through the queue, slice by slice
 *
 * The ids of all messages are gathered at the beginning; what has ended when the walk comes to it
 * is passed over.
 */
#ifndef ADMIN_QUEUE_WALK_H
#define ADMIN_QUEUE_WALK_H

#include "admin/queue.h"
#include "flow/dispatch_order.h"

struct queue_walk;

/* What a verb does on the way. */
struct queue_verb {
	str name;
	enum queue_kind {
		QUEUE_PRINT, /* whole: all of it */
		QUEUE_ORDER,
		QUEUE_EXPORT,
		QUEUE_IMPORT,
	} kind;
	bool wants_ids; /* ids, "all" or a filter; else a filter or nothing */
	bool one_id;    /* or a filter */
	bool whole;
	dispatch_order *order;
	const char *done; /* what has been done to so many messages */
};

void queue_walk_begin(struct dispatch *d, struct talk *t, const struct queue_request *q, bool json);

#endif
