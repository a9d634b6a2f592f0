#include "base/mem.h"
#include "queue/schedule_inside.h"

/* All that tells apart what a pipe runs, and who may say where a Maildir's mail goes. */
static str command_key(struct schedule *s, const struct conf_transport *t)
{
	str key = arena_printf(&s->scratch, "%d %d %lld %zu %u", (int)t->return_path,
		(int)t->delivered_to, (long long)t->run_ms_max, t->output_octets_max, t->forward);

	for (size_t i = 0; i < t->word_count; i++)
		key = arena_printf(
			&s->scratch, "%.*s\n%zu %.*s", STR(key), t->words[i].n, STR(t->words[i]));
	return key;
}

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
	return arena_printf(&s->scratch,
		"%.*s\n%d %d %u %s %s\n%.*s\n%.*s %.*s\n%lld %.*s\n%.*s\n%.*s", STR(shown),
		(int)t->kind, (int)t->tls, t->port, ip_print(&t->source4, source4),
		ip_print(&t->source6, source6), STR(t->user), STR(t->status), STR(t->text),
		(long long)t->connect_ms_max, STR(schedule_provider_transport_key(s, t)),
		STR(command_key(s, t)), STR(conf_tls_key(&s->scratch, &t->peer)));
}

/* --- for people --------------------------------------------------------------------------------
 */

static bool provider_fails(const struct schedule_destination *d)
{
	return d->provider && d->provider->failures > 0;
}

unsigned schedule_destination_failures(const struct schedule_destination *d)
{
	return provider_fails(d) ? d->provider->failures : d->failures;
}

int64_t schedule_destination_not_before_ms(const struct schedule_destination *d)
{
	int64_t at_ms = d->back_off_ms;

	if (provider_fails(d) && d->provider->back_off_ms > at_ms)
		at_ms = d->provider->back_off_ms;
	if (d->provider && d->provider->throttled_ms > at_ms)
		at_ms = d->provider->throttled_ms;
	return at_ms;
}

const struct fail *schedule_destination_trouble(const struct schedule_destination *d)
{
	return d->trouble.kind == FAIL_NONE && d->provider ? &d->provider->trouble : &d->trouble;
}

bool schedule_destination_takes(const struct schedule_destination *d, int64_t now_ms)
{
	const struct schedule_provider *p = d->provider;

	if (d->paused || schedule_destination_failures(d) > 0)
		return false;
	return !p || p->throttle == 0 || now_ms - p->took_ms < SCHEDULE_PATIENCE_MS;
}

void schedule_destination_why(struct schedule *s, const struct route_way *way, struct fail *why)
{
	size_t shown_n;
	struct schedule_destination *d =
		map_get(&s->destinations, destination_key(s, way, &shown_n));

	if (d && schedule_destination_trouble(d)->kind != FAIL_NONE)
		*why = *schedule_destination_trouble(d);
	arena_reset(&s->scratch);
}

bool schedule_way_is(struct schedule *s, const struct route_way *way, str name)
{
	size_t shown_n;
	str key = destination_key(s, way, &shown_n);
	struct schedule_destination *d = map_get(&s->destinations, key);
	bool is = str_eq_nocase(name, way->nexthop) || str_eq_nocase(name, way->transport->host) ||
		  str_eq_nocase(name, str_first(key, shown_n)) ||
		  (d && d->provider && str_eq_nocase(name, d->provider->name));

	arena_reset(&s->scratch);
	return is;
}

/* --- to be and not to be -----------------------------------------------------------------------
 */

/* The domain of a next hop whose MX hosts will be tried: "DOMAIN" or "DOMAIN:PORT". */
static str domain_of(const struct conf_transport *t, str nexthop)
{
	if ((t->kind != CONF_SMTP && t->kind != CONF_LMTP) || str_starts(nexthop, S("[")) ||
		str_starts(nexthop, S("unix:")))
		return S("");
	return str_first(nexthop, str_find_last(nexthop, ':'));
}

struct schedule_destination *schedule_destination_of(
	struct schedule *s, const struct route_way *way, int64_t now_ms)
{
	const struct conf_transport *t = way->transport;
	struct schedule_destination *d = s->recent;
	bool told_anew;
	size_t shown_n;
	str key;

	/* a long queue mostly goes where the last one went, and the key takes long to make */
	if (d && d->transport == t && str_eq(d->nexthop, way->nexthop))
		return d;
	key = destination_key(s, way, &shown_n);
	d = map_get(&s->destinations, key);
	told_anew = !d || !d->transport;
	if (!d) {
		d = MEM_NEW(struct schedule_destination);
		d->identity = mem_copy(key);
		d->key = str_first(d->identity, shown_n);
		d->nexthop = mem_copy(way->nexthop);
		d->domain = domain_of(t, d->nexthop);
		d->found = !s->began;
		list_init(&d->member);
		list_init(&d->turn);
		list_init(&d->ask);
		list_init(&d->fresh);
		list_init(&d->old);
		list_init(&d->idle);
		map_set(&s->destinations, key, d);
		schedule_recall_destination(s, d);
	}
	d->transport = t;
	s->recent = d;
	if (told_anew && schedule_provider_is_told(s, d))
		schedule_provider_place(s, d, NULL, 0, now_ms);
	else if (told_anew && d->provider)
		schedule_provider_limits(s, d);
	return d;
}

void schedule_destination_free(struct schedule *s, struct schedule_destination *d)
{
	if (s->recent == d)
		s->recent = NULL;
	map_remove(&s->destinations, d->identity);
	map_remove(&s->asked, str_from(&d->ticket, sizeof d->ticket));
	list_remove(&d->ask);
	heap_remove(&s->rests, &d->wake);
	mem_free((char *)d->identity.p);
	mem_free((char *)d->nexthop.p);
	mem_free(d);
}

/* --- where it belongs --------------------------------------------------------------------------
 */

/* Its jobs may be started as far as it is concerned; one probe, after failures. */
static bool may_start(const struct schedule_destination *d, int64_t now_ms)
{
	return d->job_count > 0 && d->back_off_ms <= now_ms && !d->paused &&
	       (d->failures == 0 || d->slots == 0 || !list_empty(&d->idle));
}

static void want_answer(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	bool wanted = d->domain.n > 0 && d->known_ms <= now_ms && d->ticket == 0 &&
		      !schedule_provider_is_told(s, d);

	if (!wanted)
		list_remove(&d->ask);
	else if (list_empty(&d->ask))
		list_append(&s->asking, &d->ask);
}

void schedule_destination_settle(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	struct schedule_provider *p = d->provider;
	bool wanted = d->waiting > 0 || d->slots > 0;
	/* until then it is remembered, though nothing waits for it */
	int64_t until_ms = wanted ? d->back_off_ms : schedule_destination_not_before_ms(d);

	d->paused = schedule_is_paused(s, d);
	if (until_ms > now_ms)
		heap_set(&s->rests, &d->wake, until_ms);
	else
		heap_remove(&s->rests, &d->wake);
	if (!may_start(d, now_ms)) {
		list_remove(&d->turn);
	} else {
		want_answer(s, d, now_ms);
		if (p && list_empty(&d->turn)) /* who stands in the row keeps his place */
			list_append(&p->turn, &d->turn);
	}
	if (!wanted && until_ms <= now_ms) {
		if (p)
			schedule_provider_leave(s, d, now_ms);
		schedule_destination_free(s, d);
	} else if (p) {
		schedule_provider_settle(s, p, now_ms);
	}
}
