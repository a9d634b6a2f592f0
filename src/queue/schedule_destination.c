#include "base/mem.h"
#include "queue/schedule_inside.h"

/* All that tells connections apart where trust is concerned: two ways with the same key may share
 * one.  What people are shown of it is its first shown_n bytes. */
static str destination_key(struct schedule *s, const struct route_way *way, size_t *shown_n)
{
	const struct conf_transport *t = way->transport;
	bool fixed = t->host.n || t->path.n;
	char source4[IP_TEXT_MAX], source6[IP_TEXT_MAX];
	str shown = arena_printf(&s->scratch, "%.*s:%.*s%.*s%s%.*s", STR(t->name), STR(t->host),
		STR(t->path), way->nexthop.n && fixed ? "/" : "", STR(way->nexthop));

	*shown_n = shown.n;
	return arena_printf(&s->scratch, "%.*s\n%d %d %u %s %s\n%.*s\n%.*s %.*s", STR(shown),
		(int)t->kind, (int)t->tls, t->port, ip_print(&t->source4, source4),
		ip_print(&t->source6, source6), STR(t->user), STR(t->status), STR(t->text));
}

void schedule_destination_why(struct schedule *s, const struct route_way *way, struct fail *why)
{
	size_t shown_n;
	struct schedule_destination *d =
		map_get(&s->destinations, destination_key(s, way, &shown_n));

	if (d && d->trouble.kind != FAIL_NONE)
		*why = d->trouble;
	arena_reset(&s->scratch);
}

struct schedule_destination *schedule_destination_of(
	struct schedule *s, const struct route_way *way)
{
	const struct conf_transport *t = way->transport;
	size_t shown_n;
	str key = destination_key(s, way, &shown_n);
	struct schedule_destination *d = map_get(&s->destinations, key);

	if (!d) {
		d = MEM_NEW(struct schedule_destination);
		d->identity = mem_copy(key);
		d->key = str_first(d->identity, shown_n);
		d->nexthop = mem_copy(way->nexthop);
		d->slots_max = t->connections;
		list_init(&d->jobs);
		list_init(&d->idle);
		list_init(&d->ready);
		map_set(&s->destinations, key, d);
	}
	d->transport = t;
	d->connections = t->connections;
	d->delay_between_ms = t->delay_between_ms;
	if (d->slots_max > d->connections)
		d->slots_max = d->connections;
	return d;
}

void schedule_destination_free(struct schedule *s, struct schedule_destination *d)
{
	map_remove(&s->destinations, d->identity);
	list_remove(&d->ready);
	heap_remove(&s->wakes, &d->wake);
	mem_free((char *)d->identity.p);
	mem_free((char *)d->nexthop.p);
	mem_free(d);
}

void schedule_destination_settle(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	unsigned slots_max = d->failures > 0 ? 1 : d->slots_max; /* one probe */
	bool may_start = !list_empty(&d->idle) || d->slots < slots_max;

	if (d->not_before_ms > now_ms) {
		list_remove(&d->ready);
		heap_set(&s->wakes, &d->wake, d->not_before_ms);
		return;
	}
	heap_remove(&s->wakes, &d->wake);
	if (d->waiting == 0 && d->slots == 0) {
		schedule_destination_free(s, d);
		return;
	}
	if (d->job_count == 0 || !may_start)
		list_remove(&d->ready);
	else if (list_empty(&d->ready)) /* who stands in the row keeps his place */
		list_append(&s->ready, &d->ready);
}

void schedule_destination_trouble(
	struct schedule *s, struct schedule_destination *d, const struct fail *why, int64_t now_ms)
{
	d->trouble = *why;
	d->successes = 0;
	if (d->slots > 0) { /* others work: the peer wants fewer of them */
		d->slots_max = d->slots;
		return;
	}
	d->failures++;
	d->not_before_ms = now_ms + schedule_wait_ms(s, d->failures);
}

void schedule_destination_success(struct schedule_destination *d, int64_t now_ms)
{
	d->failures = 0;
	d->trouble.kind = FAIL_NONE;
	if (++d->successes >= d->slots_max && d->slots_max < d->connections) {
		d->slots_max++;
		d->successes = 0;
	}
	if (d->delay_between_ms > 0)
		d->not_before_ms = now_ms + d->delay_between_ms;
}
