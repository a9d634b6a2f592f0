/*
 * world/loop_event - what the other files of this room may ask of a loop
 *
 * Nobody outside world/ includes it: the simulated world has no libevent.
 */
#ifndef WORLD_LOOP_EVENT_H
#define WORLD_LOOP_EVENT_H

#include "base/list.h"
#include "world/loop.h"

struct event_base;

struct event_base *loop_base(struct loop *l) MUST_USE;

/* First thing in every function that libevent calls: reads the clock once a round. */
void loop_enter(struct loop *l);

/* Something to be done by the loop itself, out of everybody's calls.  list_init the link once;
 * asking for the same hook twice is one call; list_remove the link to give it up. */
struct loop_hook {
	struct list link;
	void (*run)(struct loop_hook *hook);
};

void loop_soon(struct loop *l, struct loop_hook *hook);   /* at the end of this round */
void loop_at_end(struct loop *l, struct loop_hook *hook); /* by loop_free, if it is still there */

#endif
