/* queue/schedule: something is new for all destinations: routes, or what is paused by hand.
 *
 * A hundred thousand take a good part of a second, so it is done in steps.  Until the last one
 * nothing is started: one that was not settled yet may be paused, or stand in its row without a
 * job. Who is new meanwhile knows already, and what is said in the middle begins anew. */
#include "queue/schedule_inside.h"

void schedule_settle_all(struct schedule *s)
{
	s->settling = true;
	s->settled = 0;
}

bool schedule_settle_step(struct schedule *s, int64_t now_ms)
{
	const struct map *t = &s->destinations;
	size_t done = 0;

	/* when the table grows, what was in a bucket is in it, or in one behind it */
	while (s->settled < t->bucket_count && done < SCHEDULE_SETTLE_STEP) {
		struct map_entry *e = t->buckets[s->settled++], *next;

		for (done++; e; e = next, done++) {
			next = e->next; /* nobody may need it any more, and it goes */
			schedule_destination_settle(s, e->value, now_ms);
		}
	}
	arena_reset(&s->scratch);
	s->settling = s->settled < t->bucket_count;
	return !s->settling;
}
