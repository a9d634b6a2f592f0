#include "daemon/mail.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/authority.h"
#include "flow/key_watch.h"
#include "gate/quarantine.h"
#include "gate/quota.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/source.h"

#define WRITE_DOWN_MS (4 * SPOOL_UPDATE_MS_MAX) /* by then every record is on the disk */
#define UNENDED_LOOK_MS 5
#define SIGNER_THREADS 2
#define SIGNER_WAITING_MAX 4000 /* messages that wait for their signature */
#define SECONDS 60              /* how far the numbers of the last minute look back */

struct mail {
	struct loop *loop;
	struct router *router;
	struct identities *identities;
	struct spool *spool;
	struct resolver *resolver;
	struct work *signer;
	struct key_watch *key_watch;
	struct daybook *daybook; /* null: it could not be opened */
	struct census *census;
	struct authority *authority;
	struct quota *quota;
	struct quarantine *quarantine;
	struct id_source ids;
	struct flow_numbers numbers;
	struct flow_numbers seconds[SECONDS]; /* the totals as they were then */
	size_t second;
	struct loop_timer every_second, patience, unended;
	int64_t since_ms;
	struct worker **workers;
	struct flow **flows;
	struct courier *courier; /* not ours */
	unsigned worker_count, drained;
	struct dispatch *dispatch;
	struct loop_task all_drained, all_changed, all_deaf;
	unsigned not_changed; /* workers that have not taken the new generation yet; atomic */
	void (*reload_changed)(void *owner);
	void *reload_owner;
	unsigned not_deaf; /* workers that may still accept; atomic */
	void (*deaf)(void *owner);
	bool stopping;
	bool out_of_patience;
	void (*stopped)(void *owner, bool clean);
	void *owner;
	const struct endpoint *own;
	size_t own_count;
};

struct dispatch *mail_dispatch(struct mail *m)
{
	return m->dispatch;
}

struct router *mail_router(struct mail *m)
{
	return m->router;
}

/* --- stopping ----------------------------------------------------------------------------------
 */

static void say_stopped(struct mail *m, bool clean)
{
	void (*stopped)(void *owner, bool clean) = m->stopped;

	m->stopped = NULL;
	loop_timer_cancel(m->loop, &m->patience);
	loop_timer_cancel(m->loop, &m->unended);
	if (stopped)
		stopped(m->owner, clean);
}

/* The spool, and threads that ask for tables, may still be at work for clients and next hops that
 * hung up in the middle, and say so to the workers' loops: these cannot go before. */
static void look_for_unended(struct loop_timer *timer)
{
	struct mail *m = AROUND(timer, struct mail, unended);

	if (spool_unended(m->spool) == 0 && source_unended() == 0)
		say_stopped(m, true);
	else
		loop_timer_set(m->loop, timer, loop_now_ms(m->loop) + UNENDED_LOOK_MS);
}

static void quiet(void *owner)
{
	struct mail *m = owner;

	m->unended.run = look_for_unended;
	look_for_unended(&m->unended);
}

/* All sessions have ended: nothing new can come, now the deliveries may end. */
static void all_drained(struct loop_task *task)
{
	struct mail *m = AROUND(task, struct mail, all_drained);

	dispatch_stop(m->dispatch, quiet, m);
}

static void drained(void *owner, struct flow *f)
{
	struct mail *m = owner;

	(void)f;
	if (__atomic_add_fetch(&m->drained, 1, __ATOMIC_ACQ_REL) == m->worker_count)
		loop_post(m->loop, &m->all_drained);
}

static void lost_patience(struct loop_timer *timer)
{
	struct mail *m = AROUND(timer, struct mail, patience);

	if (m->out_of_patience) {
		say_stopped(m, false);
		return;
	}
	m->out_of_patience = true;
	log_line(LOG_WARNING, "stop-cut-off",
		"some sessions or deliveries were cut off: what was promised is in the spool");
	loop_timer_set(m->loop, timer, loop_now_ms(m->loop) + WRITE_DOWN_MS);
}

static void all_deaf(struct loop_task *task)
{
	struct mail *m = AROUND(task, struct mail, all_deaf);

	if (m->stopped) /* else it is over already, and the owner knows */
		m->deaf(m->owner);
}

static void deaf(void *owner)
{
	struct mail *m = owner;

	if (__atomic_sub_fetch(&m->not_deaf, 1, __ATOMIC_ACQ_REL) == 0)
		loop_post(m->loop, &m->all_deaf);
}

void mail_stop(struct mail *m, void (*all_deaf_now)(void *owner),
	void (*stopped)(void *owner, bool clean), void *owner)
{
	if (m->stopping)
		return;
	m->stopping = true;
	m->stopped = stopped;
	m->deaf = all_deaf_now;
	m->not_deaf = m->worker_count;
	m->owner = owner;
	m->all_deaf.run = all_deaf;
	dispatch_start_no_more(m->dispatch);
	m->all_drained.run = all_drained;
	m->patience.run = lost_patience;
	loop_timer_set(m->loop, &m->patience, loop_now_ms(m->loop) + MAIL_STOP_MS_MAX);
	for (unsigned i = 0; i < m->worker_count; i++)
		worker_stop(m->workers[i], deaf, m);
}

/* --- numbers -----------------------------------------------------------------------------------
 */

static void subtract(struct flow_numbers *from, const struct flow_numbers *n)
{
	uint64_t *a = (uint64_t *)from;
	const uint64_t *b = (const uint64_t *)n;

	for (size_t i = 0; i < sizeof *from / sizeof *a; i++)
		a[i] -= b[i];
}

static void read_numbers(struct mail *m, struct flow_numbers *n)
{
	uint64_t *to = (uint64_t *)n;
	uint64_t *from = (uint64_t *)&m->numbers;

	for (size_t i = 0; i < sizeof *n / sizeof *to; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static void second_passed(struct loop_timer *timer)
{
	struct mail *m = AROUND(timer, struct mail, every_second);

	m->second = (m->second + 1) % SECONDS;
	read_numbers(m, &m->seconds[m->second]);
	loop_timer_set(m->loop, timer, loop_now_ms(m->loop) + 1000);
}

bool mail_fenced(struct mail *m)
{
	struct spool_numbers numbers;

	spool_numbers(m->spool, &numbers);
	return numbers.fenced;
}

void mail_status(struct mail *m, struct status *s)
{
	*s = (struct status){ .conf = router_conf(m->router),
		.identities = m->identities,
		.schedule = dispatch_schedule(m->dispatch),
		.sessions = census_sessions(m->census),
		.workers = m->worker_count,
		.since_ms = m->since_ms,
		.now_ms = clock_wall_ms() };
	read_numbers(m, &s->total);
	s->minute = s->total;
	subtract(&s->minute, &m->seconds[(m->second + 1) % SECONDS]);
	spool_numbers(m->spool, &s->spool);
	s->quarantine = quarantine_sum(m->quarantine);
	s->accepting = spool_accepts(m->spool, &s->why_not);
}

/* --- starting ----------------------------------------------------------------------------------
 */

static void accepted(void *owner, struct promise *message)
{
	struct mail *m = owner;

	dispatch_accept(m->dispatch, message);
}

static bool open_resolver(struct mail *m, struct fail *why)
{
	const struct conf_resolver *words = &router_conf(m->router)->resolver;
	char zone[4096], anchor[4096];
	struct endpoint *servers = mem_zero(words->servers.count * sizeof *servers);
	struct resolve_setup setup = { .servers = servers, .server_count = words->servers.count };

	for (size_t i = 0; i < words->servers.count; i++)
		servers[i] = words->servers.items[i].at;
	if (words->zone_file.n)
		setup.zone_file = str_to_c(words->zone_file, zone, sizeof zone);
	if (words->anchor_file.n)
		setup.anchor_file = str_to_c(words->anchor_file, anchor, sizeof anchor);
	m->resolver = resolve_open(&setup, why);
	mem_free(servers);
	return m->resolver != NULL;
}

static bool open_spool(struct mail *m, struct fail *why)
{
	const struct conf *conf = router_conf(m->router);
	struct spool_setup setup = { .dir = conf->spool_dir,
		.reserve_octets = conf->queue.reserve_octets,
		.memory_octets = conf->queue.memory_octets };

	m->spool = spool_open(&setup, dispatch_found, m->dispatch, why);
	return m->spool != NULL;
}

static unsigned daybook_keeps(const struct mail *m)
{
	return (unsigned)(router_conf(m->router)->sender.dmarc.keep_ms / (1000LL * DAYBOOK_DAY_S));
}

/* Mail does not wait for statistics. */
static void open_daybook(struct mail *m)
{
	struct fail why = { 0 };
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	m->daybook = daybook_open(file_path(&a, router_conf(m->router)->state_dir, S("dmarc")),
		daybook_keeps(m), &why);
	if (!m->daybook)
		log_line(LOG_ERROR, "daybook-broken", "%s", why.text);
	arena_free(&a);
}

/* How we know ourselves among the hosts of a next hop. */
static struct hop_self self_of(const struct mail *m)
{
	return (struct hop_self){ .name = router_conf(m->router)->hostname.text,
		.endpoints = m->own,
		.endpoint_count = m->own_count };
}

static void make_workers(struct mail *m, const struct mail_setup *setup)
{
	struct flow parts = { .router = m->router,
		.identities = m->identities,
		.spool = m->spool,
		.resolver = m->resolver,
		.signer = m->signer,
		.daybook = m->daybook,
		.courier = setup->courier,
		.ids = &m->ids,
		.census = m->census,
		.authority = m->authority,
		.quota = m->quota,
		.quarantine = m->quarantine,
		.numbers = &m->numbers,
		.self = self_of(m),
		.accepted = accepted,
		.owner = m,
		.drained = drained };

	for (unsigned i = 0; i < m->worker_count; i++) {
		parts.index = i;
		m->workers[i] = worker_new(&parts);
		m->flows[i] = worker_flow(m->workers[i]);
	}
}

static void make_dispatch(struct mail *m)
{
	struct dispatch_setup setup = { .loop = m->loop,
		.router = m->router,
		.ids = &m->ids,
		.numbers = &m->numbers,
		.quarantine = m->quarantine,
		.workers = m->flows,
		.worker_count = m->worker_count,
		.seed = clock_random() };

	m->dispatch = dispatch_new(&setup);
}

static void free_rest(struct mail *m)
{
	router_drop(m->router);
	identities_drop(m->identities);
	mem_free(m->workers);
	mem_free(m->flows);
	mem_free(m);
}

struct mail *mail_start(const struct mail_setup *setup, struct fail *why)
{
	struct mail *m = MEM_NEW(struct mail);
	struct hop_self self;

	m->loop = setup->loop;
	m->router = router_keep(setup->router);
	m->identities = identities_keep(setup->identities);
	m->courier = setup->courier;
	m->worker_count = setup->workers;
	m->workers = mem_zero(setup->workers * sizeof *m->workers);
	m->flows = mem_zero(setup->workers * sizeof *m->flows);
	m->own = setup->own;
	m->own_count = setup->own_count;
	m->since_ms = clock_wall_ms();
	id_source_init(&m->ids, clock_random());
	m->quarantine = quarantine_new();
	make_dispatch(m);
	if (!open_spool(m, why))
		goto undo_dispatch;
	if (!open_resolver(m, why))
		goto undo_spool;
	m->census = census_new();
	m->quota = quota_new();
	m->authority = authority_open(router_conf(m->router), setup->workers);
	m->signer = work_open("signer", SIGNER_THREADS, SIGNER_WAITING_MAX, false);
	open_daybook(m);
	make_workers(m, setup);
	self = self_of(m);
	m->key_watch = key_watch_new(m->loop, m->resolver, m->router);
	dispatch_serve(m->dispatch, m->spool, m->resolver, m->signer);
	for (unsigned i = 0; i < m->worker_count; i++) {
		worker_start(m->workers[i]);
		worker_change(m->workers[i], m->router, m->identities, &self, setup->ports,
			setup->port_count, NULL, NULL);
	}
	m->every_second.run = second_passed;
	loop_timer_set(m->loop, &m->every_second, loop_now_ms(m->loop) + 1000);
	return m;

undo_spool:
	spool_close(m->spool);
undo_dispatch:
	dispatch_free(m->dispatch);
	quarantine_free(m->quarantine);
	free_rest(m);
	return NULL;
}

static void all_changed(struct loop_task *task)
{
	struct mail *m = AROUND(task, struct mail, all_changed);

	m->reload_changed(m->reload_owner);
}

static void changed(void *owner)
{
	struct mail *m = owner;

	if (__atomic_sub_fetch(&m->not_changed, 1, __ATOMIC_ACQ_REL) == 0)
		loop_post(m->loop, &m->all_changed);
}

void mail_reload(
	struct mail *m, const struct mail_setup *setup, void (*done)(void *owner), void *owner)
{
	struct router *router = setup->router;
	struct hop_self self;

	router_drop(m->router);
	m->router = router_keep(router);
	identities_keep(setup->identities);
	identities_drop(m->identities);
	m->identities = setup->identities;
	m->own = setup->own;
	m->own_count = setup->own_count;
	self = self_of(m);
	courier_renew(m->courier);
	m->reload_changed = done;
	m->reload_owner = owner;
	m->all_changed.run = all_changed;
	m->not_changed = m->worker_count;
	key_watch_change(m->key_watch, router); /* before its ring signs anything */
	for (unsigned i = 0; i < m->worker_count; i++)
		worker_change(m->workers[i], router, m->identities, &self, setup->ports,
			setup->port_count, changed, m);
	authority_change(m->authority, router_conf(router));
	daybook_days(m->daybook, daybook_keeps(m));
	dispatch_reload(m->dispatch, router);
}

void mail_free(struct mail *m)
{
	loop_timer_cancel(m->loop, &m->every_second);
	loop_timer_cancel(m->loop, &m->patience);
	key_watch_free(m->key_watch);
	resolve_close(m->resolver);
	work_close(m->signer);
	for (unsigned i = 0; i < m->worker_count; i++)
		worker_end(m->workers[i]);
	authority_close(m->authority); /* nobody asks any more */
	spool_close(m->spool);         /* it may still be ringing the workers' loops */
	for (unsigned i = 0; i < m->worker_count; i++)
		worker_free(m->workers[i]);
	dispatch_free(m->dispatch);
	daybook_close(m->daybook);
	census_free(m->census);
	quota_free(m->quota);
	quarantine_free(m->quarantine);
	free_rest(m);
}
