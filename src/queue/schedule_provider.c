/* queue/schedule: providers, who have the limits. */
#include "base/mem.h"
#include "conf/provider.h"
#include "queue/schedule_inside.h"

/* An MX host that leads to a provider. */
struct host {
	struct list link;
	str key;
};

/* --- which one ---------------------------------------------------------------------------------
 */

static const struct conf *conf_of(const struct schedule *s)
{
	return router_conf(s->router);
}

static const struct conf_provider *of_domain(const struct schedule *s, str domain)
{
	const struct conf *c = conf_of(s);

	for (size_t i = 0; i < c->provider_count && domain.n > 0; i++)
		if (conf_provider_has(&c->providers[i].domains, domain))
			return &c->providers[i];
	return NULL;
}

static const struct conf_provider *of_hosts(
	const struct schedule *s, const str *hosts, size_t count)
{
	const struct conf *c = conf_of(s);

	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < c->provider_count; i++)
			if (conf_provider_has(&c->providers[i].mx, hosts[k]))
				return &c->providers[i];
	return NULL;
}

static const struct conf_provider *of_name(const struct schedule *s, str name)
{
	const struct conf *c = conf_of(s);

	for (size_t i = 0; i < c->provider_count; i++)
		if (str_eq(c->providers[i].name, name))
			return &c->providers[i];
	return NULL;
}

bool schedule_provider_is_told(const struct schedule *s, const struct schedule_destination *d)
{
	return d->domain.n == 0 || of_domain(s, d->domain);
}

str schedule_provider_transport_key(struct schedule *s, const struct conf_transport *t)
{
	if (!str_eq(t->name, S("route")) && !str_eq(t->name, S("mailbox")))
		return t->name;
	return arena_printf(&s->scratch, "%.*s %u %u %u %lld", STR(t->name), t->connections,
		t->messages_per_connection, t->messages_per_hour, (long long)t->delay_between_ms);
}

static struct schedule_provider *provider_of(struct schedule *s, str key, size_t name_n)
{
	struct schedule_provider *p = map_get(&s->providers, key);

	if (p)
		return p;
	p = MEM_NEW(struct schedule_provider);
	p->key = mem_copy(key);
	p->name = str_skip(p->key, key.n - name_n);
	p->started_ms = p->ended_ms = p->took_ms = s->born_ms;
	list_init(&p->members);
	list_init(&p->hosts);
	list_init(&p->idle);
	list_init(&p->turn);
	list_init(&p->ready);
	map_set(&s->providers, key, p);
	schedule_recall_provider(s, p);
	return p;
}

static str host_key(struct schedule *s, const struct conf_transport *t, str host)
{
	return arena_printf(
		&s->scratch, "%.*s\n%.*s", STR(schedule_provider_transport_key(s, t)), STR(host));
}

/* From now on these hosts lead there; one that leads elsewhere stays what it was. */
static void know_hosts(struct schedule *s, struct schedule_provider *p,
	const struct conf_transport *t, const str *hosts, size_t count)
{
	for (size_t i = 0; i < count && p->host_count < SCHEDULE_HOSTS_MAX; i++) {
		str key = host_key(s, t, hosts[i]);
		struct host *host;

		if (map_get(&s->hosts, key))
			continue;
		host = MEM_NEW(struct host);
		host->key = mem_copy(key);
		list_append(&p->hosts, &host->link);
		p->host_count++;
		map_set(&s->hosts, key, p);
	}
}

static struct schedule_provider *of_mx(
	struct schedule *s, const struct schedule_destination *d, const str *hosts, size_t count)
{
	struct schedule_provider *p = NULL;

	for (size_t i = 0; i < count && !p; i++)
		p = map_get(&s->hosts, host_key(s, d->transport, hosts[i]));
	if (!p)
		p = provider_of(s, host_key(s, d->transport, hosts[0]), hosts[0].n);
	know_hosts(s, p, d->transport, hosts, count);
	return p;
}

/* As it can be written: another port is another server. */
static str host_and_port(struct schedule *s, const struct conf_transport *t)
{
	bool six = str_has(t->host, ':');

	if (t->host.n == 0 || str_starts(t->host, S("unix:")))
		return t->host;
	return arena_printf(&s->scratch, six ? "[%.*s]:%u" : "%.*s:%u", STR(t->host), t->port);
}

/* The provider of a next hop that needs no look-up. */
static struct schedule_provider *of_itself(struct schedule *s, const struct schedule_destination *d)
{
	const struct conf_transport *t = d->transport;
	str host = t->path.n ? t->path : d->nexthop.n ? d->nexthop : host_and_port(s, t);

	return provider_of(s,
		arena_printf(&s->scratch, "%.*s\n=%.*s", STR(schedule_provider_transport_key(s, t)),
			STR(host)),
		host.n);
}

static struct schedule_provider *choose(
	struct schedule *s, const struct schedule_destination *d, const str *hosts, size_t count)
{
	const struct conf_provider *told = of_domain(s, d->domain);
	struct schedule_provider *p;

	if (!told)
		told = of_hosts(s, hosts, count);
	if (told) {
		p = provider_of(s,
			arena_printf(&s->scratch, "%.*s\n!%.*s",
				STR(schedule_provider_transport_key(s, d->transport)),
				STR(told->name)),
			told->name.n);
		p->configured = true;
		return p;
	}
	if (d->domain.n == 0)
		return of_itself(s, d);
	return of_mx(s, d, hosts, count);
}

void schedule_provider_limits(struct schedule *s, const struct schedule_destination *d)
{
	struct schedule_provider *p = d->provider;
	const struct conf_transport *t = d->transport;
	const struct conf_provider *c = p->configured ? of_name(s, p->name) : NULL;
	unsigned hourly = c && c->messages_per_hour ? c->messages_per_hour : t->messages_per_hour;

	p->connections = c && c->connections ? c->connections : t->connections;
	p->messages_per_connection = c && c->messages_per_connection ? c->messages_per_connection
								     : t->messages_per_connection;
	p->delay_ms =
		c && c->delay_between_ms != CONF_UNSAID ? c->delay_between_ms : t->delay_between_ms;
	p->spacing_ms = hourly ? (3600000 + hourly - 1) / hourly : 0;
	if (p->slots_max == 0) /* what was waiting at a start may wait for good reason: a probe */
		p->slots_max = d->found ? 1 : p->connections;
	schedule_provider_clamp(p);
}

void schedule_provider_clamp(struct schedule_provider *p)
{
	if (p->slots_max == 0)
		p->slots_max = 1;
	if (p->slots_max > p->connections)
		p->slots_max = p->connections;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void schedule_provider_place(struct schedule *s, struct schedule_destination *d, const str *hosts,
	size_t count, int64_t now_ms)
{
	struct schedule_provider *p = choose(s, d, hosts, count), *was = d->provider;

	if (was == p) {
		schedule_provider_limits(s, d);
		return;
	}
	p->slots += d->slots;
	p->closing += d->closing;
	if (was) { /* its mails count where it goes */
		p->started_ms = later(p->started_ms, was->started_ms);
		p->ended_ms = later(p->ended_ms, was->ended_ms);
		schedule_provider_leave(s, d, now_ms);
	}
	d->provider = p;
	list_append(&p->members, &d->member);
	LIST_EACH (link, &d->idle)
		list_append(&p->idle, &AROUND(link, struct schedule_slot, link)->of_all);
	schedule_provider_limits(s, d);
}

void schedule_provider_leave(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	struct schedule_provider *p = d->provider;

	LIST_EACH (link, &d->idle)
		list_remove(&AROUND(link, struct schedule_slot, link)->of_all);
	p->slots -= d->slots;
	p->closing -= d->closing;
	list_remove(&d->member);
	list_remove(&d->turn);
	d->provider = NULL;
	schedule_provider_settle(s, p, now_ms);
}

void schedule_provider_free(struct schedule *s, struct schedule_provider *p)
{
	LIST_EACH_SAFE (link, &p->hosts) {
		struct host *host = AROUND(link, struct host, link);

		map_remove(&s->hosts, host->key);
		mem_free((char *)host->key.p);
		mem_free(host);
	}
	map_remove(&s->providers, p->key);
	list_remove(&p->ready);
	heap_remove(&s->wakes, &p->wake);
	mem_free((char *)p->key.p);
	mem_free(p);
}

/* --- its limits --------------------------------------------------------------------------------
 */

unsigned schedule_provider_slots_max(const struct schedule_provider *p)
{
	return p->failures > 0 ? 1 : p->slots_max; /* one probe */
}

/* When the next mail may start; it has nothing to tell once that is over. */
static int64_t not_before_ms(const struct schedule_provider *p)
{
	int64_t at_ms = later(p->back_off_ms, p->throttled_ms);
	int64_t delay_ms = later(p->delay_ms, schedule_throttle_delay_ms(p));

	if (delay_ms > 0)
		at_ms = later(at_ms, p->ended_ms + delay_ms);
	if (p->spacing_ms > 0)
		at_ms = later(at_ms, p->started_ms + p->spacing_ms);
	return at_ms;
}

void schedule_provider_settle(struct schedule *s, struct schedule_provider *p, int64_t now_ms)
{
	bool may_start = p->slots < schedule_provider_slots_max(p) || !list_empty(&p->idle);
	int64_t until_ms = not_before_ms(p);

	if (list_empty(&p->members) && p->throttle > 0) /* it is remembered for a while */
		until_ms = later(until_ms, p->throttled_ms + SCHEDULE_KEEP_MS);
	if (until_ms > now_ms) {
		list_remove(&p->ready);
		heap_set(&s->wakes, &p->wake, until_ms);
		return;
	}
	heap_remove(&s->wakes, &p->wake);
	if (list_empty(&p->members))
		schedule_provider_free(s, p);
	else if (list_empty(&p->turn) || !may_start)
		list_remove(&p->ready);
	else if (list_empty(&p->ready)) /* who stands in the row keeps his place */
		list_append(&s->ready, &p->ready);
}

/* With several connections, a delay lies between the starts, too. */
void schedule_provider_started(struct schedule_provider *p, int64_t now_ms)
{
	p->started_ms = p->ended_ms = now_ms;
}

void schedule_provider_trouble(
	struct schedule *s, struct schedule_destination *d, const struct fail *why, int64_t now_ms)
{
	struct schedule_provider *p = d->provider;

	d->trouble = *why;
	s->changed = true;
	p->successes = 0;
	if (p->configured && d->slots == 0) {
		p->row += d->failures++ == 0; /* each destination counts once */
		d->back_off_ms = now_ms + schedule_wait_ms(s, d->failures);
		schedule_jobs_grow_old(d);
		if (p->row < SCHEDULE_ROW)
			return;
	}
	p->trouble = *why;
	if (p->slots > 0) { /* others work: the peer wants fewer of them */
		p->slots_max = p->slots < p->slots_max ? p->slots : p->slots_max;
		return;
	}
	p->slots_max = 1;
	p->failures++;
	LIST_EACH (link, &p->members)
		schedule_jobs_grow_old(AROUND(link, struct schedule_destination, member));
	p->back_off_ms = now_ms + schedule_wait_ms(s, p->failures);
}

void schedule_provider_success(struct schedule *s, struct schedule_destination *d, int64_t now_ms)
{
	struct schedule_provider *p = d->provider;

	s->changed |= d->failures > 0 || p->failures > 0;
	schedule_throttle_success(s, p);
	d->failures = p->failures = p->row = 0;
	d->trouble.kind = p->trouble.kind = FAIL_NONE;
	p->ended_ms = p->took_ms = now_ms;
	if (p->throttle == 0 && ++p->successes >= p->slots_max && p->slots_max < p->connections) {
		p->slots_max++;
		p->successes = 0;
	}
}
