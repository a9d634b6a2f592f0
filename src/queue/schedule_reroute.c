/* queue/schedule: new routes, for all that waits.
 *
 * A long queue takes seconds, so it is done in steps.  Until the last one, and until all
 * destinations are settled behind it (schedule_settle_all), nothing is started: a job that was not
 * looked at again may be for a destination that is no more.  Who comes in meanwhile is grouped by
 * the new routes at once, and perhaps once more, which changes nothing. */
#include "queue/schedule_inside.h"

void schedule_reroute(struct schedule *s, struct router *router, int64_t now_ms)
{
	struct router *was = s->router;

	s->router = router_keep(router);
	s->born_ms = now_ms;
	for (struct map_entry *e = map_next(&s->destinations, NULL); e;
		e = map_next(&s->destinations, e)) {
		struct schedule_destination *d = e->value;

		d->transport = NULL; /* until one of its jobs is grouped by the new routes */
		d->known_ms = 0;
	}
	s->regrouping = true;
	s->regrouped = 0;
	router_drop(was);
}

static void regroup(struct schedule *s, struct schedule_message *e, int64_t now_ms)
{
	struct promise *m = schedule_message_open(&s->messages, e);

	schedule_jobs_drop(s, m);
	if (e->alarm.slot > 0)
		schedule_set_alarm(s, m);
	schedule_group(s, m, now_ms);
	schedule_message_shelve(&s->messages, e);
}

bool schedule_reroute_step(struct schedule *s, int64_t now_ms)
{
	const struct schedule_messages *t = &s->messages;
	size_t done = 0;

	/* when the table grows, what was in a bucket is in it, or in one behind it */
	while (s->regrouped < t->bucket_count && done < SCHEDULE_REGROUP_STEP) {
		struct schedule_message *e = t->buckets[s->regrouped++];

		for (done++; e; e = e->next, done++)
			regroup(s, e, now_ms);
	}
	if (s->regrouped < t->bucket_count)
		return false;
	s->regrouping = false;
	schedule_settle_all(s);
	return true;
}
