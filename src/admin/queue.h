/*
 * admin/queue - what waits: list, show, retry, hold, release, bounce, delete, export, import
 *
 * Runs inside the daemon, in the main loop, as a talk on the control socket: a long queue is walked
 * in slices, mail goes on between them, and no more of the answer is made than the client reads.
 */
#ifndef ADMIN_QUEUE_H
#define ADMIN_QUEUE_H

#include "admin/queue_filter.h"
#include "admin/talk.h"
#include "base/buf.h"

#define QUEUE_SLICE 1000        /* messages that are looked at before others have their turn */
#define QUEUE_ON_THEIR_WAY 2000 /* orders that are not durable yet: no more for now */

struct queue_verb;

struct queue_request {
	const struct queue_verb *verb;
	const str *ids; /* among the words */
	size_t id_count;
	bool all;
	struct queue_filter filter;
};

/* words: a verb, then ids, "all" or the options of a filter.  False: *out says what is wrong. */
bool queue_request_read(struct queue_request *q, const str *words, size_t count, bool json,
	struct buf *out) MUST_USE;
bool queue_request_has_input(const struct queue_request *q) MUST_USE;

/* Answer it. */
void queue_talk(struct dispatch *d, struct talk *t, const str *words, size_t count, bool json);

#endif
