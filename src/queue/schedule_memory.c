/* queue/schedule: what it remembers of providers and destinations over a restart. */
#include "base/mem.h"
#include "queue/outcome.h"
#include "queue/schedule_inside.h"

#define FORMAT 1
#define FAILURES_MAX INT32_MAX /* one more can be counted */

enum { KIND_END, KIND_PAUSED, KIND_PROVIDER, KIND_DESTINATION };

/* The state of one that is not known again yet. */
struct remembered {
	unsigned failures, throttle, slots_max;
	int64_t back_off_ms, throttled_ms;
	struct fail trouble;
};

static bool worth_keeping(const struct remembered *r, int64_t now_ms)
{
	return (r->failures > 0 || r->throttle > 0) &&
	       (r->back_off_ms > now_ms - SCHEDULE_REMEMBER_MS ||
		       r->throttled_ms > now_ms - SCHEDULE_REMEMBER_MS);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void pack(struct buf *to, unsigned kind, str key, const struct remembered *r, int64_t now_ms)
{
	if (!worth_keeping(r, now_ms))
		return;
	pack_u8(to, kind);
	pack_text(to, key);
	pack_number(to, r->failures < FAILURES_MAX ? r->failures : FAILURES_MAX);
	pack_number(to, r->throttle);
	pack_number(to, r->slots_max);
	pack_u64(to, (uint64_t)r->back_off_ms);
	pack_u64(to, (uint64_t)r->throttled_ms);
	outcome_pack_words(&r->trouble, to);
}

static struct remembered of_provider(const struct schedule_provider *p)
{
	return (struct remembered){ .failures = p->failures,
		.throttle = p->throttle,
		.slots_max = p->slots_max,
		.back_off_ms = p->back_off_ms,
		.throttled_ms = p->throttled_ms,
		.trouble = p->trouble };
}

void schedule_note(struct schedule *s, struct buf *to, int64_t now_ms)
{
	s->changed = false;
	pack_u8(to, FORMAT);
	for (struct map_entry *e = map_next(&s->paused, NULL); e; e = map_next(&s->paused, e)) {
		pack_u8(to, KIND_PAUSED);
		pack_text(to, e->key);
	}
	for (struct map_entry *e = map_next(&s->providers, NULL); e;
		e = map_next(&s->providers, e)) {
		struct remembered r = of_provider(e->value);

		pack(to, KIND_PROVIDER, e->key, &r, now_ms);
	}
	for (struct map_entry *e = map_next(&s->destinations, NULL); e;
		e = map_next(&s->destinations, e)) {
		const struct schedule_destination *d = e->value;
		struct remembered r = { .failures = d->failures,
			.back_off_ms = d->back_off_ms,
			.trouble = d->trouble };

		pack(to, KIND_DESTINATION, e->key, &r, now_ms);
	}
	for (struct map_entry *e = map_next(&s->known_providers, NULL); e;
		e = map_next(&s->known_providers, e))
		pack(to, KIND_PROVIDER, e->key, e->value, now_ms);
	for (struct map_entry *e = map_next(&s->known_destinations, NULL); e;
		e = map_next(&s->known_destinations, e))
		pack(to, KIND_DESTINATION, e->key, e->value, now_ms);
	pack_u8(to, KIND_END);
}

bool schedule_changed(const struct schedule *s)
{
	return s->changed;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* A clock that was wrong then makes nobody wait longer than the longest pause there is. */
static int64_t within(int64_t at_ms, int64_t now_ms)
{
	if (at_ms < 0)
		return 0;
	return at_ms > now_ms + SCHEDULE_REMEMBER_MS ? now_ms + SCHEDULE_REMEMBER_MS : at_ms;
}

static void read_one(struct pack_reader *u, struct map *to, int64_t now_ms)
{
	struct remembered *r = MEM_NEW(struct remembered), *was = NULL;
	str key = pack_read_text(u);

	r->failures = (unsigned)pack_read_number(u, FAILURES_MAX);
	r->throttle = (unsigned)pack_read_number(u, SCHEDULE_THROTTLE_MAX);
	r->slots_max = (unsigned)pack_read_number(u, UINT32_MAX);
	r->back_off_ms = within((int64_t)pack_read_u64(u), now_ms);
	r->throttled_ms = within((int64_t)pack_read_u64(u), now_ms);
	outcome_unpack_words(u, &r->trouble);
	if (!u->broken)
		was = map_set(to, key, r);
	else
		was = r;
	mem_free(was);
}

/* Those that mail waits for are there already. */
static void apply(struct schedule *s, int64_t now_ms)
{
	for (struct map_entry *e = map_next(&s->providers, NULL); e; e = map_next(&s->providers, e))
		schedule_recall_provider(s, e->value);
	for (struct map_entry *e = map_next(&s->destinations, NULL), *next; e; e = next) {
		next = map_next(&s->destinations, e);
		schedule_recall_destination(s, e->value);
		schedule_destination_settle(s, e->value, now_ms);
	}
}

bool schedule_recall(struct schedule *s, str note, int64_t now_ms)
{
	struct pack_reader u = { .rest = note };
	uint8_t kind;

	if (note.n == 0)
		return true;
	if (pack_read_u8(&u) != FORMAT)
		return false;
	while ((kind = pack_read_u8(&u)) != KIND_END && !u.broken) {
		if (kind == KIND_PAUSED) {
			str name = pack_read_text(&u);

			if (!u.broken)
				map_set(&s->paused, name, s);
		} else if (kind == KIND_PROVIDER) {
			read_one(&u, &s->known_providers, now_ms);
		} else if (kind == KIND_DESTINATION) {
			read_one(&u, &s->known_destinations, now_ms);
		} else {
			u.broken = true;
		}
	}
	apply(s, now_ms);
	return !u.broken && u.rest.n == 0;
}

/* --- recognizing -------------------------------------------------------------------------------
 */

void schedule_recall_provider(struct schedule *s, struct schedule_provider *p)
{
	struct remembered *r = map_remove(&s->known_providers, p->key);

	if (!r)
		return;
	p->failures = r->failures;
	p->throttle = r->throttle;
	p->slots_max = r->slots_max;
	if (p->connections > 0) /* else its limits are known later (schedule_provider_limits) */
		schedule_provider_clamp(p);
	p->back_off_ms = r->back_off_ms;
	p->throttled_ms = r->throttled_ms;
	p->trouble = r->trouble;
	mem_free(r);
}

void schedule_recall_destination(struct schedule *s, struct schedule_destination *d)
{
	struct remembered *r = map_remove(&s->known_destinations, d->identity);

	if (!r)
		return;
	d->failures = r->failures;
	d->back_off_ms = r->back_off_ms;
	d->trouble = r->trouble;
	mem_free(r);
}

static void forget(struct map *known)
{
	for (struct map_entry *e = map_next(known, NULL); e; e = map_next(known, e))
		mem_free(e->value);
	map_free(known);
}

void schedule_forget(struct schedule *s)
{
	forget(&s->known_providers);
	forget(&s->known_destinations);
	map_free(&s->paused);
}
