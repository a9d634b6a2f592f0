/*
 * flow/outbound - a connection to a next hop, and the mails that go over it
 *
 * The drawing of doc/architecture.md, its right side: find the hosts, connect, greet, protect, hand
 * over, report.  A connection carries one mail after another for one destination, as long as the
 * dispatcher finds work for it; it never changes its identity or its protection.
 */
#ifndef FLOW_OUTBOUND_H
#define FLOW_OUTBOUND_H

#include "flow/delivery.h"

/* Deliver; d->finished is called once, when it is over, perhaps from inside. */
void outbound_deliver(struct flow *f, struct delivery *d);

/* Hang up a connection that waits for work; gone is called once, when it is closed, perhaps from
 * inside.  A peer that does not say good-bye within OUTBOUND_QUIT_MS_MAX is not waited for. */
#define OUTBOUND_QUIT_MS_MAX 5000
void outbound_hang_up(struct outbound *o, void (*gone)(void *owner), void *owner);

/* The loop will not run again: drop what is left, without a word. */
void outbound_abandon_all(struct flow *f);

#endif
