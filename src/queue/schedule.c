#include "queue/schedule.h"

#include <assert.h>

#include "base/mem.h"
#include "queue/retry.h"
#include "queue/schedule_inside.h"

static str id_key(const uint64_t *id)
{
	return str_from(id, sizeof *id);
}

struct schedule *schedule_new(struct router *router, unsigned workers, uint64_t seed)
{
	struct schedule *s = MEM_NEW(struct schedule);

	s->router = router_keep(router);
	s->workers = workers;
	prng_seed(&s->prng, seed);
	list_init(&s->ready);
	list_init(&s->no_way);
	list_init(&s->idle);
	arena_init(&s->scratch, ARENA_UNLIMITED);
	return s;
}

struct router *schedule_router(const struct schedule *s)
{
	return s->router;
}

struct promise *schedule_find(const struct schedule *s, uint64_t id)
{
	return map_get(&s->messages, id_key(&id));
}

const struct map *schedule_messages(const struct schedule *s)
{
	return &s->messages;
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

/* --- jobs --------------------------------------------------------------------------------------
 */

static struct schedule_job *job_new(struct promise *m, struct schedule_destination *d, size_t size)
{
	struct schedule_job *job = mem_zero(sizeof *job + size * sizeof job->rcpts[0]);

	job->message = promise_keep(m);
	job->destination = d;
	job->size = size;
	list_init(&job->link);
	list_append(&m->jobs, &job->sibling);
	return job;
}

void schedule_job_free(struct schedule_job *job)
{
	list_remove(&job->sibling);
	promise_drop(job->message);
	mem_free(job->why);
	mem_free(job);
}

/* Out of every queue; its recipients are no longer queued. */
static void job_unqueue(struct schedule *s, struct schedule_job *job)
{
	struct schedule_destination *d = job->destination;

	if (d) {
		d->waiting -= job->count;
		if (job->due.slot == 0)
			d->job_count--;
	}
	heap_remove(&s->due, &job->due);
	list_remove(&job->link);
	list_remove(&job->sibling);
	for (size_t i = 0; i < job->count; i++)
		job->message->rcpts[job->rcpts[i]].queued = false;
}

static void job_queue(struct schedule *s, struct schedule_job *job, int64_t next_ms, int64_t now_ms)
{
	struct schedule_destination *d = job->destination;

	for (size_t i = 0; i < job->count; i++)
		job->message->rcpts[job->rcpts[i]].queued = true;
	if (!d) {
		list_append(&s->no_way, &job->link);
		return;
	}
	d->waiting += job->count;
	if (next_ms > now_ms) {
		heap_set(&s->due, &job->due, next_ms);
	} else {
		list_append(&d->jobs, &job->link);
		d->job_count++;
	}
	schedule_destination_settle(s, d, now_ms);
}

/* May this recipient travel in the job that is being built for its destination? */
static bool fits(const struct schedule_job *job, const struct promise *m, size_t rcpt)
{
	size_t first = job->rcpts[0];

	return job->count < job->size && m->rcpts[first].next_ms == m->rcpts[rcpt].next_ms &&
	       m->envelope.rcpts[first].has_sender == m->envelope.rcpts[rcpt].has_sender &&
	       str_eq(m->envelope.rcpts[first].sender, m->envelope.rcpts[rcpt].sender);
}

static void finish_building(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	struct schedule_job *job = d->building;

	d->building = NULL;
	if (job)
		job_queue(s, job, job->message->rcpts[job->rcpts[0]].next_ms, now_ms);
}

static void no_way(struct schedule *s, struct promise *m, size_t rcpt, const struct fail *why)
{
	struct schedule_job *job = job_new(m, NULL, 1);

	job->rcpts[job->count++] = (uint32_t)rcpt;
	job->why = MEM_NEW(struct fail);
	*job->why = *why;
	job_queue(s, job, 0, 0);
}

static bool wants_job(const struct promise_rcpt *r)
{
	return r->state == SPOOL_WAITING && !r->in_hand && !r->queued;
}

static void group(struct schedule *s, struct promise *m, int64_t now_ms)
{
	size_t n = m->envelope.rcpt_count, wanted = 0;
	struct schedule_destination **to = arena_alloc(&s->scratch, n * sizeof(void *));

	for (size_t i = 0; i < n; i++)
		wanted += wants_job(&m->rcpts[i]);
	for (size_t i = 0; i < n && wanted > 0; i++) {
		struct route_way way;
		struct fail why;
		struct schedule_destination *d;

		if (!wants_job(&m->rcpts[i]))
			continue;
		if (m->rcpts[i].next_ms <= now_ms)
			m->rcpts[i].next_ms = 0;
		if (!route_find(s->router, &s->scratch, m->envelope.rcpts[i].address, &way, &why)) {
			no_way(s, m, i, &why);
			continue;
		}
		d = to[i] = schedule_destination_of(s, &way);
		if (d->building && !fits(d->building, m, i))
			finish_building(s, d, now_ms);
		if (!d->building)
			d->building = job_new(m, d,
				wanted < SCHEDULE_JOB_RCPTS_MAX ? wanted : SCHEDULE_JOB_RCPTS_MAX);
		d->building->rcpts[d->building->count++] = (uint32_t)i;
	}
	for (size_t i = 0; i < n && wanted > 0; i++)
		if (to[i] && to[i]->building)
			finish_building(s, to[i], now_ms);
	arena_reset(&s->scratch);
}

/* --- messages ----------------------------------------------------------------------------------
 */

static int64_t lifetime_ms(const struct schedule *s, const struct promise *m)
{
	return m->envelope.sender.n ? settings(s)->lifetime_ms : settings(s)->bounce_lifetime_ms;
}

bool schedule_expired(const struct schedule *s, const struct promise *m, int64_t now_ms)
{
	return now_ms - m->envelope.received_ms >= lifetime_ms(s, m);
}

static void set_alarm(struct schedule *s, struct promise *m)
{
	int64_t warn_ms = settings(s)->warn_ms, life_ms = lifetime_ms(s, m);
	bool will_warn = !m->warned && warn_ms > 0 && warn_ms < life_ms && m->envelope.sender.n;

	heap_set(&s->alarms, &m->alarm, m->envelope.received_ms + (will_warn ? warn_ms : life_ms));
}

void schedule_add(struct schedule *s, struct promise *m, int64_t now_ms)
{
	if (!schedule_find(s, m->envelope.id)) {
		int64_t warn_ms = settings(s)->warn_ms;

		map_set(&s->messages, id_key(&m->envelope.id), m);
		/* one that comes in with that age is from before a restart: it was warned about */
		m->warned = warn_ms > 0 && now_ms - m->envelope.received_ms > warn_ms;
		set_alarm(s, m);
	}
	group(s, m, now_ms);
}

void schedule_close(struct schedule *s, struct promise *m, size_t rcpt, enum spool_rcpt_state end)
{
	struct promise_rcpt *r = &m->rcpts[rcpt];

	assert(r->state == SPOOL_WAITING && !r->queued && end != SPOOL_WAITING);
	r->state = end;
	r->in_hand = false;
	m->waiting--;
	if (m->waiting > 0)
		return;
	map_remove(&s->messages, id_key(&m->envelope.id));
	heap_remove(&s->alarms, &m->alarm);
	promise_drop(m);
}

bool schedule_backs_off(const struct promise *m)
{
	LIST_EACH (link, &m->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

		if (job->destination && job->destination->failures == 0)
			return false;
	}
	return true;
}

void schedule_withdraw(struct schedule *s, struct promise *m, int64_t now_ms)
{
	LIST_EACH_SAFE (link, &m->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);
		struct schedule_destination *d = job->destination;

		job_unqueue(s, job);
		schedule_job_free(job);
		if (d)
			schedule_destination_settle(s, d, now_ms);
	}
}

void schedule_retry(struct schedule *s, struct promise *m, int64_t now_ms)
{
	LIST_EACH (link, &m->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

		if (job->destination && job->destination->failures > 0)
			job->destination->not_before_ms = now_ms;
	}
	schedule_withdraw(s, m, now_ms);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		m->rcpts[i].next_ms = 0;
	group(s, m, now_ms);
}

void schedule_reroute(struct schedule *s, struct router *router, int64_t now_ms)
{
	struct router *was = s->router;

	s->router = router_keep(router);
	for (struct map_entry *e = map_next(&s->destinations, NULL); e;
		e = map_next(&s->destinations, e)) {
		struct schedule_destination *d = e->value;

		d->transport = NULL; /* until one of its jobs is grouped by the new routes */
	}
	for (struct map_entry *e = map_next(&s->messages, NULL); e; e = map_next(&s->messages, e)) {
		struct promise *m = e->value;

		LIST_EACH_SAFE (link, &m->jobs) {
			struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

			job_unqueue(s, job);
			schedule_job_free(job);
		}
	}
	for (struct map_entry *e = map_next(&s->messages, NULL); e; e = map_next(&s->messages, e)) {
		struct promise *m = e->value;

		set_alarm(s, m);
		group(s, m, now_ms);
	}
	for (struct map_entry *e = map_next(&s->destinations, NULL), *next; e; e = next) {
		next = map_next(&s->destinations, e);
		schedule_destination_settle(s, e->value, now_ms);
	}
	router_drop(was);
}

static void slot_free(struct schedule *s, struct schedule_slot *slot)
{
	list_remove(&slot->link);
	list_remove(&slot->rest);
	slot->destination->slots--;
	s->slots--;
	mem_free(slot);
}

/* --- what is next ------------------------------------------------------------------------------
 */

static void wake(struct schedule *s, int64_t now_ms)
{
	struct heap_node *node;

	while ((node = heap_first(&s->due)) && node->at <= now_ms) {
		struct schedule_job *job = AROUND(node, struct schedule_job, due);

		heap_remove(&s->due, node);
		list_append(&job->destination->jobs, &job->link);
		job->destination->job_count++;
		schedule_destination_settle(s, job->destination, now_ms);
	}
	while ((node = heap_first(&s->wakes)) && node->at <= now_ms)
		schedule_destination_settle(
			s, AROUND(node, struct schedule_destination, wake), now_ms);
}

static struct schedule_slot *slot_new(struct schedule *s, struct schedule_destination *d)
{
	struct schedule_slot *slot = MEM_NEW(struct schedule_slot);

	list_init(&slot->link);
	list_init(&slot->rest);
	slot->destination = d;
	slot->worker = s->next_worker++ % s->workers;
	d->slots++;
	s->slots++;
	return slot;
}

static struct schedule_act start(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	struct list *idle = list_first(&d->idle);
	struct schedule_slot *slot =
		idle ? AROUND(idle, struct schedule_slot, link) : slot_new(s, d);
	struct schedule_job *job = AROUND(list_first(&d->jobs), struct schedule_job, link);

	list_remove(&slot->link);
	list_remove(&slot->rest);
	list_remove(&d->ready); /* its turn is over: behind the others */
	slot->busy = true;
	slot->mails++;
	job_unqueue(s, job);
	for (size_t i = 0; i < job->count; i++)
		job->message->rcpts[job->rcpts[i]].in_hand = true;
	schedule_destination_settle(s, d, now_ms);
	return (struct schedule_act){ .kind = SCHEDULE_START, .slot = slot, .job = job };
}

static struct schedule_act alarm_act(struct schedule *s, struct promise *m, int64_t now_ms)
{
	bool expired = schedule_expired(s, m, now_ms);

	m->warned = true;
	if (expired)
		heap_remove(&s->alarms, &m->alarm);
	else
		set_alarm(s, m);
	return (struct schedule_act){ .kind = expired ? SCHEDULE_EXPIRE : SCHEDULE_WARN,
		.message = m };
}

static struct schedule_act no_way_act(struct schedule *s, struct schedule_job *job)
{
	job_unqueue(s, job);
	job->message->rcpts[job->rcpts[0]].in_hand = true;
	return (struct schedule_act){ .kind = SCHEDULE_NO_WAY, .job = job };
}

static struct schedule_act hang_up(struct schedule *s, struct schedule_slot *slot, int64_t now_ms)
{
	struct schedule_act act = {
		.kind = SCHEDULE_HANG_UP, .worker = slot->worker, .driver = slot->driver
	};
	struct schedule_destination *d = slot->destination;

	slot_free(s, slot);
	schedule_destination_settle(s, d, now_ms);
	return act;
}

/* The connection that has been idle for longest, when its time is over or its place is needed. */
static struct schedule_slot *to_hang_up(struct schedule *s, int64_t now_ms)
{
	struct list *first = list_first(&s->idle);
	struct schedule_slot *slot = first ? AROUND(first, struct schedule_slot, rest) : NULL;

	if (!slot)
		return NULL;
	if (s->stopping || s->slots >= SCHEDULE_SLOTS_MAX)
		return slot;
	return now_ms - slot->idle_since_ms >= SCHEDULE_IDLE_MS ? slot : NULL;
}

struct schedule_act schedule_next(struct schedule *s, int64_t now_ms)
{
	struct heap_node *alarm = heap_first(&s->alarms);
	struct schedule_slot *idle = to_hang_up(s, now_ms);
	struct list *first = list_first(&s->no_way);

	if (idle)
		return hang_up(s, idle, now_ms);
	if (s->stopping)
		return (struct schedule_act){ .kind = SCHEDULE_IDLE };
	if (alarm && alarm->at <= now_ms)
		return alarm_act(s, AROUND(alarm, struct promise, alarm), now_ms);
	if (first)
		return no_way_act(s, AROUND(first, struct schedule_job, link));
	wake(s, now_ms);
	LIST_EACH (link, &s->ready) {
		struct schedule_destination *d = AROUND(link, struct schedule_destination, ready);

		if (s->slots < SCHEDULE_SLOTS_MAX || !list_empty(&d->idle))
			return start(s, d, now_ms);
	}
	return (struct schedule_act){ .kind = SCHEDULE_IDLE };
}

void schedule_stop(struct schedule *s)
{
	s->stopping = true;
}

int64_t schedule_deadline_ms(const struct schedule *s)
{
	const struct heap *heaps[] = { &s->alarms, &s->due, &s->wakes };
	int64_t deadline_ms = INT64_MAX;

	for (size_t i = 0; i < LENGTH(heaps); i++) {
		struct heap_node *node = heap_first(heaps[i]);

		if (node && node->at < deadline_ms)
			deadline_ms = node->at;
	}
	if (!list_empty(&s->idle)) {
		int64_t close_ms = AROUND(s->idle.next, struct schedule_slot, rest)->idle_since_ms +
				   SCHEDULE_IDLE_MS;

		if (close_ms < deadline_ms)
			deadline_ms = close_ms;
	}
	return deadline_ms;
}

/* --- slots -------------------------------------------------------------------------------------
 */

void schedule_done(struct schedule *s, struct schedule_slot *slot, enum schedule_after after,
	const struct fail *why, int64_t now_ms)
{
	struct schedule_destination *d = slot->destination;

	assert(slot->busy);
	slot->busy = false;
	switch (after) {
	case SCHEDULE_KEPT:
		list_append(&d->idle, &slot->link);
		list_append(&s->idle, &slot->rest);
		slot->idle_since_ms = now_ms;
		schedule_destination_success(d, now_ms);
		break;
	case SCHEDULE_CLOSED:
		slot_free(s, slot);
		schedule_destination_success(d, now_ms);
		break;
	case SCHEDULE_TROUBLE:
		slot_free(s, slot);
		schedule_destination_trouble(s, d, why, now_ms);
		break;
	}
	schedule_destination_settle(s, d, now_ms);
}

void schedule_free(struct schedule *s)
{
	struct map_entry *e;

	while ((e = map_next(&s->messages, NULL))) {
		struct promise *m = e->value;

		map_remove(&s->messages, e->key);
		heap_remove(&s->alarms, &m->alarm);
		LIST_EACH_SAFE (link, &m->jobs) {
			struct schedule_job *job = AROUND(link, struct schedule_job, sibling);

			job_unqueue(s, job);
			schedule_job_free(job);
		}
		promise_drop(m);
	}
	while ((e = map_next(&s->destinations, NULL))) {
		struct schedule_destination *d = e->value;

		LIST_EACH_SAFE (link, &d->idle)
			slot_free(s, AROUND(link, struct schedule_slot, link));
		assert(d->slots == 0);
		schedule_destination_free(s, d);
	}
	map_free(&s->messages);
	map_free(&s->destinations);
	heap_free(&s->alarms);
	heap_free(&s->due);
	heap_free(&s->wakes);
	arena_free(&s->scratch);
	router_drop(s->router);
	mem_free(s);
}
