/*
 * flow/copies - those who get a message, or a copy of it, by rules, put into its envelope  copy-to
 */
#ifndef FLOW_COPIES_H
#define FLOW_COPIES_H

#include "flow/addressing.h"
#include "flow/recipients.h"
#include "flow/ruling.h"

/* Zero it; then set the first four. */
struct copies {
	struct recipients *rcpts;
	struct router *router;
	const struct ruling *ruling;
	struct loop *loop;

	uint64_t id; /* its own, like what follows */
	void (*done)(struct copies *c, const struct fail *why);
	struct addressing addressing; /* of the one that is being added */
	bool redirects;               /* this one stands in the place of all recipients */
	bool redirected;
	str address;
	char rule[CONF_ORIGIN_TEXT_MAX];
	size_t always; /* of those who get one of everything, the next */
	const struct ruling_copy *rest;
	bool whole; /* there was room for all whom rules name */
};

/* Who gets the message instead of its recipients, and all who are to have a copy, each once, and
 * nobody who is a recipient already; id: of the message. done is called at once, or later in the
 * loop.  *why: one of them cannot be had, and no mail comes in without its copies; it is 4xx. */
void copies_add(
	struct copies *c, uint64_t id, void (*done)(struct copies *c, const struct fail *why));
void copies_end(struct copies *c); /* one that was never begun is allowed */

#endif
