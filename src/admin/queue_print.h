/*
 * admin/queue_print - a message of the queue, for people and as one line of JSON
 */
#ifndef ADMIN_QUEUE_PRINT_H
#define ADMIN_QUEUE_PRINT_H

#include "base/buf.h"
#include "flow/dispatch.h"

/* whole: all that is known, of all recipients; else those that are wanted. */
void queue_print(struct dispatch *d, const struct promise *m, const bool *wanted, bool whole,
	bool json, struct buf *out);

#endif
