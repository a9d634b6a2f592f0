#include "test/sim/pivot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "daemon/mail.h"
#include "flow/dispatch.h"
#include "flow/dispatch_order.h"
#include "route/alias.h"
#include "route/lookup.h"
#include "route/route.h"
#include "queue/schedule_ids.h"
#include "test/sim/directory.h"
#include "test/sim/disguise.h"
#include "test/sim/hand.h"
#include "test/sim/ledger.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"
#include "world/courier.h"
#include "world/sock.h"

#define SEGMENT_OCTETS_MIN (512 << 10) /* more than one message */
#define SEGMENT_OCTETS_MAX (2 << 20)

static const char conf_text[] =
	"hostname pivot.test\n"
	"postmaster pm@sender.test\n"
	"directories { spool /spool; state /state; run /run }\n"
	"resolver { zone zone.txt }\n"
	"relay-for 10.0.1.0/24\n"
	"headers pcre:fields\n"
	"body pcre:lines\n"
	"access { sender pcre:senders }\n"
	"listen mx { on 10.0.0.1:25; tls offered; login offered; " DISGUISE_LISTENER
	" }\n" DISGUISE_CONF
	"login { passwd-file users; send-as app *; messages-per-hour 0; recipients-per-hour 0 }\n"
	"tls { certificate cert.pem; key key.pem }\n"
	"queue { retry 1m 5m 15m; lifetime 2h; bounce-lifetime 2h; reserve 128K; memory 1M }\n"
	"limits { message 300K; recipients 20; errors 12; received 40; line 1024\n"
	"  sessions 60; sessions-per-client 20 }\n";

static const char judge_text[] = "spf { temperror defer }\ndkim { }\n"
				 "authentication-results { iprev }\n";

/* A database says who may be written to. */
static const char tables_text[] =
	"table rules { sqlite /rules.db; query \"SELECT v FROM rules WHERE k = '%s'\"\n"
	"  timeout 5s; connections 2; cache 10s; on-failure defer }\n"
	"access { recipient rules }\n";

static struct pivot {
	struct node *node;
	struct loop *loop;
	struct mail *mail;
	struct courier *courier;
	struct router *router;
	struct identities *identities;
	struct endpoint at;
	struct worker_port port;
	unsigned workers;
	struct pivot_rules rules;
	uint64_t segment_octets;
	bool stopping, clean, up, refused, reloading;
	size_t living;
} pivot;

void pivot_new(struct node *n, const struct pivot_rules *rules)
{
	pivot = (struct pivot){ .node = n,
		.rules = *rules,
		.workers = (unsigned)sim_between(1, 3),
		.segment_octets = (uint64_t)sim_between(SEGMENT_OCTETS_MIN, SEGMENT_OCTETS_MAX) };
	n->limit_octets = PIVOT_MEMORY_OCTETS_MAX;
}

void pivot_sizes(uint64_t segment_octets, size_t memory_octets)
{
	pivot.segment_octets = segment_octets;
	pivot.node->limit_octets = memory_octets;
}

bool pivot_up(void)
{
	return pivot.node->alive && pivot.up && pivot.node->main_busy_ns <= sim.now_ns;
}

/* The linker puts this between the daemon and its spool (--wrap=spool_open): segments as small as a
 * test's log, so that they fill, are compacted and unlinked within one story. */
struct spool *__real_spool_open(
	const struct spool_setup *setup, spool_found_fn *found, void *owner, struct fail *why);
struct spool *__wrap_spool_open(
	const struct spool_setup *setup, spool_found_fn *found, void *owner, struct fail *why);

struct spool *__wrap_spool_open(
	const struct spool_setup *setup, spool_found_fn *found, void *owner, struct fail *why)
{
	struct spool_setup small = *setup;

	small.segment_octets = pivot.segment_octets;
	return __real_spool_open(&small, found, owner, why);
}

/* The same for the end of recipients: those that nobody hears of are entered. */
void __real_dispatch_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end);
void __wrap_dispatch_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end);

void __wrap_dispatch_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end)
{
	for (size_t i = 0; i < count && pivot.rules.ends; i++)
		pivot.rules.ends(m->envelope.id, m->envelope.rcpts[rcpts[i]].address, end);
	for (size_t i = 0; i < count && !pivot.rules.ends && end == SPOOL_GIVEN_UP; i++)
		ledger_given_up(
			m->envelope.id, m->envelope.sender, m->envelope.rcpts[rcpts[i]].address);
	__real_dispatch_end(d, m, rcpts, count, end);
}

/* What test/sim/letter asks for in a field, in a line, and by its sender. */
static const struct {
	str path, text;
} rule_files[] = {
	{STR_INIT("fields"),   STR_INIT("/^X-Sim: .*refuse/ refuse 554 5.7.1 A rule\n"
				       "/^X-Sim: .*discard/ discard\n"
				       "/^X-Sim: .*hold/ hold\n"
				       "/^X-Sim: .*redirect/ redirect " DIRECTORY_CAUGHT "\n"
				       "/^X-Sim: .*prepend/ prepend X-Topped: by a rule\n"
				       "/^X-(.*)/ dunno\n")                                    },
	{ STR_INIT("lines"),   STR_INIT("/^\\.please refuse$/ refuse 554 5.7.1 A rule\n"
				      "/^\\.please discard$/ discard\n"
				      "/^\\.please hold$/ hold\n"
				      "/^\\.please redirect$/ redirect " DIRECTORY_CAUGHT "\n")},
	{ STR_INIT("senders"), STR_INIT("/^s[0-9]+-discard@/ discard\n"
					"/^s[0-9]+-hold@/ hold\n"
					"/^s[0-9]+-redirect@/ redirect " DIRECTORY_CAUGHT "\n"
					"/^s[0-9]+-filter@/ filter content:\n"
					"/^s[0-9]+-prepend@/ prepend X-Topped: by a rule\n") },
};

static bool read_rules(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner, (void)a;
	for (size_t i = 0; i < LENGTH(rule_files); i++)
		if (str_eq(path, rule_files[i].path)) {
			*text = rule_files[i].text;
			return true;
		}
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "no table %.*s", STR(path));
}

static void take_rules(struct router *r, struct conf *conf)
{
	struct buf report = { 0 };
	struct lookup_set *rules = lookup_set_read(conf, read_rules, NULL, &report);

	if (!rules) {
		fprintf(stderr, "%.*s", STR(buf_str(&report)));
		abort();
	}
	router_take_lookups(r, rules);
}

static struct conf *conf_make(struct fail *why)
{
	struct conf_source sources[] = {
		{S("pivot.conf"),      str_of(conf_text)                            },
		{ S("directory.conf"), directory_conf                               },
		{ S("judge.conf"),     str_of(pivot.rules.judges ? judge_text : "") },
		{ S("tables.conf"),    str_of(pivot.rules.tables ? tables_text : "")},
	};
	struct conf_source whole = { S("whole.conf"), pivot.rules.whole };

	return pivot.rules.whole.n > 0 ? conf_build(S("/conf"), &whole, 1, why)
				       : conf_build(S("/conf"), sources, LENGTH(sources), why);
}

/* The aliases of the directory's first domain. */
static struct alias_table *aliases_make(struct fail *why)
{
	struct alias_builder *b = alias_builder_new(S("example.org"), NULL, NULL);

	if (alias_builder_aliases(b, S("aliases"), directory_aliases, why))
		return alias_builder_finish(b);
	alias_builder_free(b);
	return NULL;
}

static struct router *router_make(void)
{
	struct alias_table *tables[DIRECTORY_DOMAINS] = { 0 };
	struct fail why = { 0 };
	struct conf *conf = conf_make(&why);
	struct router *r;

	if (conf && conf->domain_count > 0)
		tables[0] = aliases_make(&why);
	if (why.kind != FAIL_NONE) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	r = router_new(conf, tables);
	take_rules(r, conf);
	if (pivot.rules.equip)
		pivot.rules.equip(r);
	conf_drop(conf);
	return r;
}

static void boot(void *owner)
{
	struct fail why = { 0 };
	struct mail_setup setup = { .ports = &pivot.port,
		.port_count = 1,
		.own = &pivot.at,
		.own_count = 1,
		.workers = pivot.workers };

	(void)owner;
	pivot.at = (struct endpoint){ .ip = pivot.node->ip, .port = 25 };
	pivot.port = (struct worker_port){ .name = S("mx") };
	pivot.loop = setup.loop = loop_new("main");
	pivot.router = setup.router = router_make();
	pivot.identities = setup.identities =
		identities_load(router_conf(pivot.router), NULL, NULL);
	pivot.port.descriptor = sock_bind(&pivot.at, 0, &why);
	pivot.courier = setup.courier = courier_open(-1, 1);
	pivot.mail = mail_start(&setup, &why);
	if (!pivot.mail) {
		trace("the pivot does not start: %s", why.text);
		pivot.refused = true;
		return;
	}
	loop_start(pivot.loop);
	pivot.up = true;
}

bool pivot_boot(void)
{
	pivot.up = pivot.stopping = pivot.refused = pivot.reloading = false;
	if (!sim_boot(pivot.node, boot, NULL))
		return false;
	if (pivot.refused)
		sim_end(pivot.node, SIM_KILLED);
	return !pivot.refused;
}

static void reloaded(void *owner)
{
	(void)owner;
	pivot.reloading = false;
}

static void reload(void *owner)
{
	struct mail_setup setup = { .ports = &pivot.port,
		.port_count = 1,
		.own = &pivot.at,
		.own_count = 1,
		.identities = pivot.identities };

	(void)owner;
	router_drop(pivot.router);
	pivot.router = setup.router = router_make();
	pivot.reloading = true;
	mail_reload(pivot.mail, &setup, reloaded, NULL);
}

void pivot_reload(void)
{
	if (!pivot_up() || pivot.reloading)
		return;
	trace("the pivot is told to reload");
	sim_call(pivot.node, reload, NULL);
}

static void release(void *owner)
{
	struct dispatch *d = mail_dispatch(pivot.mail);
	struct promise *m = schedule_find(dispatch_schedule(d), *(const uint64_t *)owner);

	for (size_t i = 0; m && i < m->envelope.rcpt_count; i++)
		if (m->rcpts[i].held) {
			(void)dispatch_order_release(d, m, NULL);
			return;
		}
}

void pivot_release(uint64_t id)
{
	if (pivot_up())
		sim_call(pivot.node, release, &id);
}

static bool is_held(struct schedule *s, uint64_t id)
{
	struct promise *m = schedule_look(s, id);
	bool held = false;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		held |= m->rcpts[i].held;
	promise_drop(m);
	return held;
}

void pivot_each_held(struct mail *mail, pivot_visit *visit)
{
	struct schedule *s = dispatch_schedule(mail_dispatch(mail));
	struct schedule_ids ids = { 0 };
	uint64_t id;

	while (schedule_ids_gather(&ids, s))
		;
	while (schedule_ids_next(&ids, &id))
		if (is_held(s, id))
			visit(mail, schedule_find(s, id));
	schedule_ids_free(&ids);
}

static void release_one(struct mail *mail, struct promise *m)
{
	if (m->envelope.id == hand_poisonous())
		return;
	ledger_released(m->envelope.sender);
	(void)dispatch_order_release(mail_dispatch(mail), m, NULL);
}

static void release_held(struct mail *mail, void *owner)
{
	(void)owner;
	pivot_each_held(mail, release_one);
}

static void count(struct mail *m, void *owner)
{
	struct status status;

	(void)owner;
	mail_status(m, &status);
	ledger_discarded(status.total.discarded);
}

void pivot_count(void)
{
	pivot_order(count, NULL);
}

void pivot_release_held(void)
{
	pivot_order(release_held, NULL);
}

static struct {
	void (*run)(struct mail *m, void *owner);
	void *owner;
} ordered;

static void obey(void *owner)
{
	(void)owner;
	ordered.run(pivot.mail, ordered.owner);
}

void pivot_order(void (*run)(struct mail *m, void *owner), void *owner)
{
	ordered.run = run;
	ordered.owner = owner;
	if (pivot_up())
		sim_call(pivot.node, obey, NULL);
}

/* Clients are turned away from now on. */
static void has_gone_deaf(void *owner)
{
	(void)owner;
	sock_unbind(pivot.port.descriptor);
	pivot.port.descriptor = -1;
}

static void has_stopped(void *owner, bool clean)
{
	(void)owner;
	pivot.stopping = false;
	pivot.clean = clean;
}

static void order_to_stop(void *owner)
{
	(void)owner;
	pivot.stopping = true;
	mail_stop(pivot.mail, has_gone_deaf, has_stopped, NULL);
}

static void take_apart(void *owner)
{
	(void)owner;
	mail_free(pivot.mail);
	if (pivot.port.descriptor >= 0)
		sock_unbind(pivot.port.descriptor);
	courier_close(pivot.courier);
	router_drop(pivot.router);
	identities_drop(pivot.identities);
	loop_stop(pivot.loop);
	loop_join(pivot.loop);
	loop_free(pivot.loop);
	pivot.mail = NULL;
	pivot.up = false;
}

static bool stopped(void *owner)
{
	(void)owner;
	return !pivot.stopping || !pivot.node->alive;
}

bool pivot_stop(void)
{
	trace("the pivot is told to stop");
	sim_call(pivot.node, order_to_stop, NULL);
	if (!sim_run(sim.now_ns + 2 * MAIL_STOP_MS_MAX * SIM_MS, stopped, NULL)) {
		sim_fail("the pivot does not stop");
		return false;
	}
	if (pivot.node->alive && pivot.clean)
		sim_call(pivot.node, take_apart, NULL);
	if (!pivot.node->alive)
		return false;
	sim_end(pivot.node, pivot.clean ? SIM_FINISHED : SIM_KILLED);
	return pivot.clean;
}

static void found(void *owner, const struct spool_found *f)
{
	char id[LOG_ID_TEXT_MAX];

	(void)owner;
	pivot.living++;
	trace("still in the spool: %s", log_id_print(f->envelope->id, id));
}

static void look(void *owner)
{
	struct spool_setup setup = { .dir = S("/spool"), .memory_octets = 1 << 20 };
	struct fail why;
	struct spool *s = spool_open(&setup, found, NULL, &why);

	(void)owner;
	if (!s)
		sim_fail("the spool cannot be opened any more: %s", why.text);
	else
		spool_close(s);
}

size_t pivot_living(void)
{
	pivot.living = 0;
	if (sim_boot(pivot.node, look, NULL))
		sim_end(pivot.node, SIM_FINISHED);
	return pivot.living;
}
