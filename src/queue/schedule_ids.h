/*
 * queue/schedule_ids - the ids of all that wait, oldest first, gathered in steps
 *
 * A million takes most of a second to gather and to sort.  So they are gathered some at a time,
 * each time a run that is sorted by itself, and the runs are merged while the ids are taken.
 */
#ifndef QUEUE_SCHEDULE_IDS_H
#define QUEUE_SCHEDULE_IDS_H

#include "base/heap.h"
#include "queue/schedule.h"

struct schedule_ids {     /* all zero: begin */
	struct heap runs; /* by the first id that is left of each */
	size_t bucket;    /* of the messages: where to go on */
	uint64_t last;    /* the id that was taken last; 0: none */
};

/* Gather some more: a millisecond or two.  False: that was all.  Who comes in meanwhile may be
 * among them. */
bool schedule_ids_gather(struct schedule_ids *ids, const struct schedule *s) MUST_USE;

/* Instead of gathering: these, as they come. */
void schedule_ids_named(struct schedule_ids *ids, const uint64_t *named, size_t count);

/* The next one, when all have been gathered; false: there is none.  It may have left by now. */
bool schedule_ids_next(struct schedule_ids *ids, uint64_t *id) MUST_USE;

void schedule_ids_free(struct schedule_ids *ids);

#endif
