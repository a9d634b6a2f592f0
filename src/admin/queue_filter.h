/*
 * admin/queue_filter - which messages of the queue, and which of their recipients, are meant
 *
 *	--to ADDRESS|DOMAIN     recipients with this address, or at this domain
 *	--from ADDRESS|DOMAIN   messages of this sender; "<>": notices
 *	--older TIME            that came in longer ago
 *	--transport NAME        recipients that would leave by it
 *	--destination NAME      recipients that would go there: a next hop, "TRANSPORT:NEXTHOP", or
 *a provider's name
 */
#ifndef ADMIN_QUEUE_FILTER_H
#define ADMIN_QUEUE_FILTER_H

#include "flow/dispatch.h"

struct queue_filter {
	str to, from, transport, destination; /* n 0: not asked for */
	int64_t older_ms;                     /* 0: not asked for */
	bool any;                             /* something was */
};

/* Take an option and its value.  False: *out says what is wrong. */
bool queue_filter_take(struct queue_filter *f, str option, str value, struct buf *out) MUST_USE;

/* May the message be meant?  A quick look that leaves out most of a long queue. */
bool queue_filter_may_match(const struct queue_filter *f, struct dispatch *d, uint64_t id) MUST_USE;

/* Which recipients of the message are meant: those that wait and match.  False: none. */
bool queue_filter_match(const struct queue_filter *f, struct dispatch *d, const struct promise *m,
	bool *wanted) MUST_USE;

#endif
