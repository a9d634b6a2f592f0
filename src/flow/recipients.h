/*
 * flow/recipients - who a message is for, gathered RCPT by RCPT
 *
 * A recipient of the client may stand for many (an alias, a list) or for none (/dev/null, a rule
 * that discards).  Each comes in whole or not at all; who is named twice is in once; and what was
 * added last can be taken back while others are still asked about it.
 */
#ifndef FLOW_RECIPIENTS_H
#define FLOW_RECIPIENTS_H

#include "base/map.h"
#include "queue/envelope.h"
#include "route/route.h"
#include "smtp/server.h"

struct recipients {
	struct arena *arena;
	struct envelope *envelope; /* its rcpts are ours to fill */
	size_t size;               /* places allocated */
	struct map seen;           /* recipients by their key: duplicates are merged */
	size_t discarded;          /* targets that end in /dev/null, or by a rule */
	str discard_rule;          /* of the first of them */
};

/* What there was at some time, to go back to. */
struct recipients_mark {
	size_t count, discarded;
};

/* Arena and envelope outlive it. */
void recipients_init(struct recipients *r, struct arena *a, struct envelope *e);
void recipients_free(struct recipients *r);

struct recipients_mark recipients_mark(const struct recipients *r) MUST_USE;

/* All targets that rcpt stands for; original: its address, in the arena.  False: none of them, and
 * 452 4.5.3 in *why. */
bool recipients_add(struct recipients *r, const struct smtp_rcpt *rcpt, str original,
	const struct route_targets *targets, struct fail *why) MUST_USE;

/* These targets were the last that came in. */
void recipients_take_back(
	struct recipients *r, const struct route_targets *targets, struct recipients_mark to);

/* One recipient ends here, by a line of the configuration or of a table.  False: as above. */
bool recipients_discard(struct recipients *r, str rule, struct fail *why) MUST_USE;

/* Somebody else gets the message: all that have come in go. */
void recipients_clear(struct recipients *r);

/* All of them leave by this way (ROUTE_ROW and TRANSPORT:NEXTHOP).  False: as above. */
bool recipients_filter(struct recipients *r, str way, struct fail *why) MUST_USE;

/* A rule throws the whole message away. */
void recipients_discard_all(struct recipients *r, str rule);

/* 452 4.5.3; always false. */
bool recipients_too_many(struct fail *why);

#endif
