/*
 * admin/queue_export - messages of the queue as parcels, portion by portion
 */
#ifndef ADMIN_QUEUE_EXPORT_H
#define ADMIN_QUEUE_EXPORT_H

#include "base/buf.h"
#include "flow/dispatch.h"

struct queue_export; /* one message */

void queue_export_begin(struct buf *out);
void queue_export_end(size_t messages, struct buf *out);

/* later is called in the main loop when a portion that came LATER is there. */
struct queue_export *queue_export_new(struct dispatch *d, struct promise *m, const bool *wanted,
	void (*later)(void *owner), void *owner) MUST_USE;
void queue_export_free(struct queue_export *e); /* null is allowed */

enum queue_export_state {
	QUEUE_EXPORT_MORE,  /* a portion was written: ask again */
	QUEUE_EXPORT_LATER, /* it is being read from the log */
	QUEUE_EXPORT_DONE,
	QUEUE_EXPORT_FAILED, /* *why; what was written says so too */
};
enum queue_export_state queue_export_next(
	struct queue_export *e, struct buf *out, struct fail *why) MUST_USE;

#endif
