#include "queue/schedule.h"

#include <assert.h>

#include "base/mem.h"
#include "queue/retry.h"
#include "queue/schedule_inside.h"

struct schedule *schedule_new(
	struct router *router, unsigned workers, uint64_t seed, int64_t now_ms)
{
	struct schedule *s = MEM_NEW(struct schedule);

	s->router = router_keep(router);
	s->workers = workers;
	s->born_ms = now_ms;
	prng_seed(&s->prng, seed);
	schedule_messages_init(&s->messages);
	list_init(&s->ready);
	list_init(&s->no_way);
	list_init(&s->asking);
	arena_init(&s->scratch, ARENA_UNLIMITED);
	return s;
}

struct router *schedule_router(const struct schedule *s)
{
	return s->router;
}

const struct map *schedule_destinations(const struct schedule *s)
{
	return &s->destinations;
}

static const struct conf_queue *settings(const struct schedule *s)
{
	return &router_conf(s->router)->queue;
}

int64_t schedule_wait_ms(struct schedule *s, unsigned attempts)
{
	return retry_wait_ms(settings(s), attempts, &s->prng);
}

/* --- messages ----------------------------------------------------------------------------------
 */

static int64_t lifetime_ms(const struct schedule *s, const struct promise *m)
{
	if (router_conf(s->router)->soft_bounce == CONF_ON)
		return SCHEDULE_FOR_EVER_MS;
	return m->envelope.sender.n ? settings(s)->lifetime_ms : settings(s)->bounce_lifetime_ms;
}

bool schedule_expired(const struct schedule *s, const struct promise *m, int64_t now_ms)
{
	return now_ms - m->envelope.received_ms >= lifetime_ms(s, m);
}

int64_t schedule_let_go_ms(const struct schedule *s, const struct promise *m)
{
	return promise_quarantined(m)
		       ? m->envelope.received_ms + router_conf(s->router)->quarantine.keep_ms
		       : INT64_MAX;
}

int64_t schedule_alarm_ms(const struct schedule *s, const struct promise *m)
{
	int64_t warn_ms = settings(s)->warn_ms, life_ms = lifetime_ms(s, m);
	bool will_warn = !m->warned && warn_ms > 0 && warn_ms < life_ms && m->envelope.sender.n;
	int64_t at_ms = m->envelope.received_ms + (will_warn ? warn_ms : life_ms);
	int64_t let_go_ms = schedule_let_go_ms(s, m);

	return at_ms < let_go_ms ? at_ms : let_go_ms;
}

void schedule_set_alarm(struct schedule *s, struct promise *m)
{
	heap_set(&s->alarms, &m->listed->alarm, schedule_alarm_ms(s, m));
}

void schedule_add(struct schedule *s, struct promise *m, int64_t now_ms)
{
	if (!m->listed) {
		int64_t warn_ms = settings(s)->warn_ms;

		schedule_message_add(&s->messages, m);
		/* one that comes in with that age is from before a restart: it was warned about */
		m->warned = warn_ms > 0 && now_ms - m->envelope.received_ms > warn_ms;
		schedule_set_alarm(s, m);
	} else if (m->listed->alarm.slot == 0) { /* it had expired, and something came back */
		heap_set(&s->alarms, &m->listed->alarm, now_ms + SCHEDULE_LAST_CHANCE_MS);
	}
	schedule_group(s, m, now_ms);
	if (!s->began) /* a long queue is never open as a whole */
		schedule_message_shelve(&s->messages, m->listed);
}

void schedule_close(struct schedule *s, struct promise *m, size_t rcpt, enum spool_rcpt_state end)
{
	struct promise_rcpt *r = &m->rcpts[rcpt];

	assert(r->state == SPOOL_WAITING && !r->queued && end != SPOOL_WAITING);
	r->state = end;
	r->in_hand = false;
	m->waiting--;
	s->messages.waiting--;
	if (m->waiting > 0)
		return;
	heap_remove(&s->alarms, &m->listed->alarm);
	schedule_message_remove(&s->messages, m->listed);
}

bool schedule_backs_off(const struct promise *m)
{
	if (!m->listed)
		return true;
	LIST_EACH (link, &m->listed->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

		if (job->destination && !job->destination->paused &&
			schedule_destination_failures(job->destination) == 0)
			return false;
	}
	return true;
}

void schedule_withdraw(struct schedule *s, struct promise *m, int64_t now_ms)
{
	LIST_EACH_SAFE (link, &m->listed->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);
		struct schedule_destination *d = job->destination;

		schedule_job_drop(s, job, m);
		if (d)
			schedule_destination_settle(s, d, now_ms);
	}
}

/* It is tried now, or nearly: else it would be forgotten, and open as wide as any new one. */
static void end_back_off(struct schedule_destination *d, int64_t now_ms)
{
	if (d->failures > 0)
		d->back_off_ms = now_ms + 1;
	if (d->provider && d->provider->failures > 0)
		d->provider->back_off_ms = now_ms + 1;
	if (d->provider && d->provider->throttled_ms > now_ms)
		d->provider->throttled_ms = now_ms + 1;
}

static bool concerns(const struct schedule_job *job, const bool *wanted)
{
	for (size_t i = 0; wanted && i < job->count; i++)
		if (wanted[job->rcpts[i]])
			return true;
	return !wanted;
}

void schedule_retry(struct schedule *s, struct promise *m, const bool *wanted, int64_t now_ms)
{
	LIST_EACH (link, &m->listed->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

		if (job->destination && concerns(job, wanted))
			end_back_off(job->destination, now_ms);
	}
	schedule_withdraw(s, m, now_ms);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (!wanted || wanted[i])
			m->rcpts[i].next_ms = 0;
	schedule_group(s, m, now_ms);
}

#define EACH_MESSAGE(s, e)                                                                \
	for (struct schedule_message *e = schedule_message_next(&(s)->messages, NULL); e; \
		e = schedule_message_next(&(s)->messages, e))

/* --- what comes to pass ------------------------------------------------------------------------
 */

static struct schedule_destination *asker(struct schedule *s, uint32_t ticket)
{
	struct schedule_destination *d = map_remove(&s->asked, str_from(&ticket, sizeof ticket));

	if (d)
		d->ticket = 0;
	return d;
}

void schedule_resolved(struct schedule *s, uint32_t ticket, const str *hosts, size_t count,
	int64_t keep_ms, int64_t now_ms)
{
	struct schedule_destination *d = asker(s, ticket);

	if (!d)
		return;
	if (keep_ms < SCHEDULE_KNOWN_MS_MIN)
		keep_ms = SCHEDULE_KNOWN_MS_MIN;
	if (keep_ms > SCHEDULE_KNOWN_MS_MAX)
		keep_ms = SCHEDULE_KNOWN_MS_MAX;
	if (d->transport) {
		d->known_ms = now_ms + keep_ms;
		schedule_provider_place(s, d, hosts, count, now_ms);
	}
	arena_reset(&s->scratch);
	schedule_destination_settle(s, d, now_ms);
}

void schedule_unresolved(
	struct schedule *s, uint32_t ticket, const struct fail *why, int64_t now_ms)
{
	struct schedule_destination *d = asker(s, ticket);

	if (!d)
		return;
	if (d->provider) { /* what was known is better than nothing */
		d->known_ms = now_ms + SCHEDULE_KNOWN_MS_MIN;
	} else {
		d->trouble = *why;
		d->failures++;
		s->changed = true;
		d->back_off_ms = now_ms + schedule_wait_ms(s, d->failures);
	}
	schedule_destination_settle(s, d, now_ms);
}

int64_t schedule_deadline_ms(const struct schedule *s)
{
	const struct heap *heaps[] = { &s->alarms, &s->due, &s->wakes, &s->rests, &s->idle };
	bool behind = (s->regrouping || s->settling) && !s->stopping;
	int64_t deadline_ms = behind ? 0 : INT64_MAX;

	for (size_t i = 0; i < LENGTH(heaps); i++) {
		struct heap_node *node = heap_first(heaps[i]);

		if (node && node->at < deadline_ms)
			deadline_ms = node->at;
	}
	return deadline_ms;
}

/* A peer that asks for less is there, but that is no success. */
static void went_well(
	struct schedule *s, struct schedule_destination *d, bool throttled, int64_t now_ms)
{
	if (!throttled)
		schedule_provider_success(s, d, now_ms);
	else
		d->provider->ended_ms = now_ms;
}

void schedule_done(struct schedule *s, struct schedule_slot *slot, enum schedule_after after,
	const struct fail *why, int64_t now_ms)
{
	struct schedule_destination *d = slot->destination;
	bool throttled = slot->throttled;

	assert(slot->busy);
	slot->busy = slot->throttled = false;
	switch (after) {
	case SCHEDULE_KEPT:
		schedule_slot_put_by(s, slot, now_ms);
		went_well(s, d, throttled, now_ms);
		break;
	case SCHEDULE_CLOSED:
		schedule_slot_free(s, slot);
		went_well(s, d, throttled, now_ms);
		break;
	case SCHEDULE_TROUBLE:
		schedule_slot_free(s, slot);
		schedule_provider_trouble(s, d, why, now_ms);
		break;
	}
	schedule_destination_settle(s, d, now_ms);
}

void schedule_hung_up(struct schedule *s, struct schedule_slot *slot, int64_t now_ms)
{
	struct schedule_destination *d = slot->destination;

	schedule_slot_free(s, slot);
	schedule_destination_settle(s, d, now_ms);
}

void schedule_clock_set(struct schedule *s, int64_t by_ms)
{
	s->born_ms += by_ms;
	for (struct map_entry *e = map_next(&s->providers, NULL); e;
		e = map_next(&s->providers, e)) {
		struct schedule_provider *p = e->value;

		p->started_ms += by_ms;
		p->ended_ms += by_ms;
		p->back_off_ms += by_ms;
		p->throttled_ms += by_ms;
		p->took_ms += by_ms;
		if (p->wake.slot > 0)
			heap_set(&s->wakes, &p->wake, p->wake.at + by_ms);
	}
	for (struct map_entry *e = map_next(&s->destinations, NULL); e;
		e = map_next(&s->destinations, e)) {
		struct schedule_destination *d = e->value;

		d->back_off_ms += by_ms;
		d->known_ms += by_ms;
		if (d->wake.slot > 0)
			heap_set(&s->rests, &d->wake, d->wake.at + by_ms);
		LIST_EACH (link, &d->idle) {
			struct schedule_slot *slot = AROUND(link, struct schedule_slot, link);

			heap_set(&s->idle, &slot->close, slot->close.at + by_ms);
		}
	}
}

void schedule_stop(struct schedule *s)
{
	s->stopping = true;
}

void schedule_free(struct schedule *s)
{
	struct map_entry *e, *next;

	EACH_MESSAGE(s, message)
	{
		schedule_jobs_drop(s, schedule_message_open(&s->messages, message));
		schedule_message_shelve(&s->messages, message);
	}
	schedule_messages_free(&s->messages);
	for (e = map_next(&s->destinations, NULL); e; e = next) {
		struct schedule_destination *d = e->value;

		next = map_next(&s->destinations, e);
		LIST_EACH_SAFE (link, &d->idle)
			schedule_slot_free(s, AROUND(link, struct schedule_slot, link));
		assert(d->slots == 0);
		schedule_destination_free(s, d);
	}
	while ((e = map_next(&s->providers, NULL)))
		schedule_provider_free(s, e->value);
	map_free(&s->destinations);
	map_free(&s->providers);
	map_free(&s->hosts);
	schedule_forget(s);
	map_free(&s->asked);
	heap_free(&s->alarms);
	heap_free(&s->due);
	heap_free(&s->wakes);
	heap_free(&s->rests);
	heap_free(&s->idle);
	arena_free(&s->scratch);
	router_drop(s->router);
	mem_free(s);
}
