/*
 * world/loop - an event loop: one thread, its timers, its mailbox
 *
 * A loop and all that belongs to it are touched by its own thread only; loop_post is the one call
 * that any thread may make.  Everything that happens is a call of a function that was left here:
 * this is where callbacks end and machines begin.  In the simulated world all loops share one
 * thread and one clock, and posts arrive late.
 */
#ifndef WORLD_LOOP_H
#define WORLD_LOOP_H

#include "base/heap.h"
#include "base/str.h"

struct loop;

/* Work for a loop.  It belongs to the loop from loop_post until run is called; posting it twice in
 * between is an error of ours. */
struct loop_task {
	struct loop_task *next;
	void (*run)(struct loop_task *task);
};

/* A timer; zero it, set run, then loop_timer_set as often as wanted.  It fires once. */
struct loop_timer {
	struct heap_node node;
	void (*run)(struct loop_timer *timer);
};

struct loop *loop_new(const char *name) MUST_USE; /* name: of the thread, at most 15 bytes */
void loop_free(struct loop *l); /* after its thread has ended; posts not yet run are dropped */

void loop_start(struct loop *l); /* serve in a new thread, until loop_stop and loop_join */
void loop_run(struct loop *l);   /* serve in the calling thread, until loop_stop */
void loop_stop(struct loop *l);  /* from any thread; what was posted before it still runs */
void loop_join(struct loop *l);  /* wait for the thread of loop_start to end */

/* To be called before it serves: a loop that works for other loops.  When it is woken and the
 * machine is busy, it lets these run first: then they post more, and one round serves it all. */
void loop_gathers(struct loop *l);

/* In order, as seen from one posting thread.  Cheap: the loop is woken once for many. */
void loop_post(struct loop *l, struct loop_task *task);

/* Milliseconds of a clock that never goes back, as of the start of this round of the loop. */
int64_t loop_now_ms(const struct loop *l) MUST_USE;

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms); /* set or move */
void loop_timer_cancel(struct loop *l, struct loop_timer *timer); /* one not set is allowed */

#endif
