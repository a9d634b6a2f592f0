/*
 * queue/schedule_inside - what the files of the schedule share
 */
#ifndef QUEUE_SCHEDULE_INSIDE_H
#define QUEUE_SCHEDULE_INSIDE_H

#include "base/prng.h"
#include "queue/schedule.h"

struct schedule {
	struct router *router;
	struct map messages, destinations;
	struct heap alarms; /* messages: warn, expire */
	struct heap due;    /* jobs that wait for their moment */
	struct heap wakes;  /* destinations that wait for theirs */
	struct list ready;  /* destinations, in turn */
	struct list no_way; /* jobs without a destination */
	struct list idle;   /* slots, the longest idle first */
	bool stopping;
	unsigned slots, workers, next_worker;
	struct prng prng;
	struct arena scratch; /* for one call */
};

/* The destination of a way, made when it is new; it has the way's transport from now on. */
struct schedule_destination *schedule_destination_of(
	struct schedule *s, const struct route_way *way);
void schedule_destination_free(struct schedule *s, struct schedule_destination *d);

/* Put the destination where it belongs after anything about it has changed: among the ready, among
 * those that wait for a moment, or nowhere until a slot or a job comes back.  One that nobody needs
 * any more is freed. */
void schedule_destination_settle(
	struct schedule *s, struct schedule_destination *d, int64_t now_ms);

/* A connection could not be made, or broke between mails; or one has carried a mail. */
void schedule_destination_trouble(
	struct schedule *s, struct schedule_destination *d, const struct fail *why, int64_t now_ms);
void schedule_destination_success(struct schedule_destination *d, int64_t now_ms);

#endif
