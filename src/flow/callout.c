#include "flow/callout.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "flow/assurance.h"
#include "flow/reach.h"
#include "flow/sign_on.h"
#include "mail/address.h"
#include "smtp/client.h"

/* One answer. */
struct known {
	struct heap_node until;
	str key;
	bool yes;
	struct fail why;
};

/* A question that is being asked. */
struct asking {
	struct list link; /* among those of the worker */
	struct list waiting;
	struct flow *flow;
	struct router *router; /* a reference: transport is its */
	const struct conf_transport *transport;
	str key, address, nexthop;
	struct reach *reach;
	str host; /* the reach's; "" none was tried */
	uint16_t port;
	struct sign_on sign_on;
	struct sock *sock;
	struct smtp_client *machine;
	struct tls_context *context; /* a reference; null: TLS is not for this transport */
	struct smtp_client_setup setup;
	struct smtp_client_rcpt rcpt;
	struct loop_timer timer;
	bool told; /* who asked has heard; it says QUIT */
	struct fail trouble;
};

struct callouts {
	struct map known;
	struct heap by_end;
	struct map asking; /* by key */
	struct list all;
};

static struct callouts *callouts_of(struct flow *f)
{
	if (!f->callouts) {
		f->callouts = MEM_NEW(struct callouts);
		list_init(&f->callouts->all);
	}
	return f->callouts;
}

/* --- what is known -----------------------------------------------------------------------------
 */

static void forget(struct callouts *all, struct known *k)
{
	heap_remove(&all->by_end, &k->until);
	(void)map_remove(&all->known, k->key);
	mem_free((char *)k->key.p);
	mem_free(k);
}

static struct known *first(const struct callouts *all)
{
	struct heap_node *node = heap_first(&all->by_end);

	return node ? AROUND(node, struct known, until) : NULL;
}

static const struct known *find(struct callouts *all, str key, int64_t now_ms)
{
	struct known *k;

	while ((k = first(all)) && k->until.at <= now_ms)
		forget(all, k);
	return map_get(&all->known, key);
}

static void remember(
	struct callouts *all, str key, const struct fail *why, int64_t now_ms, int64_t keep_ms)
{
	struct known *k = map_get(&all->known, key);

	if (k)
		forget(all, k);
	if (all->known.count >= CALLOUT_CACHE_MAX)
		forget(all, first(all));
	k = MEM_NEW(struct known);
	k->key = mem_copy(key);
	k->yes = !why;
	if (why)
		k->why = *why;
	map_set(&all->known, k->key, k);
	heap_set(&all->by_end, &k->until, now_ms + keep_ms);
}

/* --- the end of a question ---------------------------------------------------------------------
 */

static void hang_up(struct asking *q)
{
	if (q->sock)
		sock_close(q->sock);
	sign_on_leave(&q->sign_on);
	smtp_client_free(q->machine);
	q->sock = NULL;
	q->machine = NULL;
}

static void asking_free(struct asking *q)
{
	hang_up(q);
	reach_free(q->reach);
	loop_timer_cancel(q->flow->loop, &q->timer);
	if (!q->told)
		(void)map_remove(&q->flow->callouts->asking, q->key);
	list_remove(&q->link);
	tls_context_free(q->context);
	router_drop(q->router);
	mem_free((char *)q->key.p);
	mem_free((char *)q->address.p);
	mem_free((char *)q->nexthop.p);
	mem_free(q);
}

static void log_answer(const struct asking *q, const struct fail *said)
{
	struct log_record r;

	log_open(&r, LOG_INFO, "called-out");
	log_str(&r, "to", q->address);
	log_str(&r, "transport", q->transport->name);
	if (q->host.n > 0)
		log_str(&r, "host", q->host);
	log_fail(&r, said);
	log_close(&r);
}

/* It could not be found out: as the configuration wants it. */
static bool doubt(const struct asking *q, const struct fail *said, struct fail *why)
{
	const struct conf_call_out *c = &router_conf(q->router)->call_out;

	if (c->on_failure == CONF_CALL_OUT_ACCEPT)
		return true;
	fail_reply(why, 450, "4.4.3", "<%.*s>: it cannot be found out now who that is: %s",
		STR(q->address), said->text);
	return false;
}

/* What is asked is answered: remember it, as far as it is certain.  False: no, *why. */
static bool judge(const struct asking *q, const struct fail *said, struct fail *why)
{
	const struct conf_call_out *c = &router_conf(q->router)->call_out;
	int64_t now_ms = loop_now_ms(q->flow->loop);

	switch (said->kind) {
	case FAIL_NONE:
		remember(q->flow->callouts, q->key, NULL, now_ms, c->keep_ms);
		return true;
	case FAIL_PERMANENT:
		fail_reply(why, 550, "5.1.1", "<%.*s>: %s", STR(q->address), said->text);
		remember(q->flow->callouts, q->key, why, now_ms, c->keep_unknown_ms);
		return false;
	case FAIL_TEMPORARY:
		break;
	}
	return doubt(q, said, why);
}

/* Tell all who asked; q is not found by others any more.  said: by the server, or why it said
 * nothing.  Whoever hears it may do anything but free q. */
static void tell(struct asking *q, const struct fail *said)
{
	struct fail why = { 0 };
	bool yes = judge(q, said, &why);

	log_answer(q, said);
	(void)map_remove(&q->flow->callouts->asking, q->key);
	q->told = true;
	while (!list_empty(&q->waiting)) {
		struct callout *asked = AROUND(q->waiting.next, struct callout, link);

		list_remove(&asked->link);
		asked->answered(asked, yes ? NULL : &why);
	}
}

static void conclude(struct asking *q, const struct fail *said)
{
	if (!q->told)
		tell(q, said);
	asking_free(q);
}

/* --- asking ------------------------------------------------------------------------------------
 */

static void step(struct asking *q);

static void next_address(struct asking *q, const struct fail *why)
{
	q->trouble = *why;
	q->trouble.kind = FAIL_TEMPORARY; /* a host that refuses to talk says nothing of anybody */
	hang_up(q);
	reach_next(q->reach);
}

static void timed_out(struct loop_timer *timer)
{
	struct asking *q = AROUND(timer, struct asking, timer);
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.4.1", "no answer in time");
	conclude(q, &why);
}

static size_t received(void *owner, str bytes)
{
	struct asking *q = owner;
	size_t taken = smtp_client_feed(q->machine, bytes, loop_now_ms(q->flow->loop));

	step(q);
	return taken;
}

static void drained(void *owner)
{
	(void)owner;
}

static void closed(void *owner, const struct fail *why)
{
	struct asking *q = owner;
	struct fail gone;

	if (!why)
		fail_with(&gone, FAIL_TEMPORARY, "4.4.2", "the connection was closed");
	if (q->told)
		asking_free(q);
	else
		next_address(q, why ? why : &gone);
}

static void signed_on(void *owner)
{
	step(owner);
}

static void connected(void *owner)
{
	struct asking *q = owner;
	const struct conf_transport *t = q->transport;
	int64_t ms_max = router_conf(q->router)->call_out.timeout_ms;
	struct fail why;

	if (t->tls >= CONF_TLS_ENCRYPT && !q->context) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.5",
			"TLS is required, and its files cannot be used; the log says why");
		next_address(q, &why);
		return;
	}

	q->setup = (struct smtp_client_setup){ .hello = router_conf(q->router)->hostname.text,
		.lmtp = t->kind == CONF_LMTP,
		.tls_wanted = t->tls != CONF_TLS_NONE && q->context,
		.tls_required = t->tls >= CONF_TLS_ENCRYPT,
		.tls_first = t->peer.wrapper == CONF_WRAPPER_ON,
		.login = t->peer.login.path.n > 0,
		.greeting_ms_max = ms_max,
		.command_ms_max = ms_max,
		.data_ms_max = ms_max,
		.final_ms_max = ms_max };
	q->machine = smtp_client_new(&q->setup, loop_now_ms(q->flow->loop));
	q->sign_on = (struct sign_on){ .loop = q->flow->loop,
		.machine = q->machine,
		.transport = t,
		.nexthop = q->nexthop,
		.host = q->host,
		.port = q->port,
		.answered = signed_on,
		.owner = q };
	step(q);
}

static void secured(void *owner, const struct tls_facts *facts)
{
	struct asking *q = owner;
	struct tls_facts shown = *facts;
	struct fail why;

	if (!assurance_suffices(q->transport, q->host, &shown, &why)) {
		next_address(q, &why);
		return;
	}
	smtp_client_secured(q->machine, loop_now_ms(q->flow->loop));
	step(q);
}

static const struct sock_handler handler = { .received = received,
	.drained = drained,
	.closed = closed,
	.connected = connected,
	.secured = secured };

static void ask(struct asking *q)
{
	struct smtp_client_mail mail = { .rcpts = &q->rcpt, .rcpt_count = 1, .asks_only = true };

	q->rcpt = (struct smtp_client_rcpt){ .address = q->address };
	smtp_client_mail(q->machine, &mail, loop_now_ms(q->flow->loop));
}

/* Do what the machine wants. */
static void step(struct asking *q)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(q->machine);
		struct fail why;

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
			sock_resume(q->sock);
			return;
		case SMTP_CLIENT_SEND:
			sock_send(q->sock, act.bytes);
			break;
		case SMTP_CLIENT_BODY:
			return; /* there is none */
		case SMTP_CLIENT_STARTTLS:
			assurance_begin(q->transport, q->nexthop, q->host, q->sock, q->context);
			return;
		case SMTP_CLIENT_AUTH:
			sign_on_ask(&q->sign_on, act.bytes);
			break;
		case SMTP_CLIENT_READY:
			if (!q->told)
				ask(q);
			break;
		case SMTP_CLIENT_RESULTS:
			why = smtp_client_results(q->machine)->done
				      ? smtp_client_results(q->machine)->reply
				      : *smtp_client_trouble(q->machine);
			if (!smtp_client_results(q->machine)->done)
				why.kind = FAIL_TEMPORARY;
			tell(q, &why);
			smtp_client_quit(q->machine, loop_now_ms(q->flow->loop));
			break;
		case SMTP_CLIENT_CLOSE:
			if (q->told)
				asking_free(q);
			else
				next_address(q, smtp_client_trouble(q->machine));
			return;
		}
	}
}

static void try_address(void *owner, const struct endpoint *at, str host)
{
	struct asking *q = owner;
	const struct conf_transport *t = q->transport;
	const struct ip *source = at->ip.family == 6 ? &t->source6 : &t->source4;

	q->host = host;
	q->port = at->port;
	q->sock = sock_connect(
		q->flow->loop, at, source->family && at->ip.family ? source : NULL, &handler, q);
}

static void nothing_left(void *owner, const struct fail *why)
{
	struct asking *q = owner;
	struct fail said = q->trouble.kind ? q->trouble : *why;

	said.kind = FAIL_TEMPORARY;
	conclude(q, &said);
}

static const struct reach_handler reach_handler = { .address = try_address,
	.nothing = nothing_left };

static void asking_new(struct flow *f, struct router *router, const struct route_way *way, str key,
	str address, struct callout *c)
{
	struct asking *q = MEM_NEW(struct asking);

	q->flow = f;
	q->router = router_keep(router);
	q->transport = way->transport;
	q->key = mem_copy(key);
	q->address = mem_copy(address);
	q->nexthop = mem_copy(way->nexthop);
	q->context = identities_towards(f->identities, way->transport);
	list_init(&q->waiting);
	list_append(&q->waiting, &c->link);
	list_append(&f->callouts->all, &q->link);
	map_set(&f->callouts->asking, q->key, q);
	q->timer.run = timed_out;
	loop_timer_set(f->loop, &q->timer,
		loop_now_ms(f->loop) + router_conf(router)->call_out.timeout_ms);
	q->reach = reach_new(f, q->transport, q->nexthop, &reach_handler, q);
	reach_next(q->reach);
}

/* The same recipient at another server is another question. */
static str key_of(struct arena *a, const struct route_way *way, str address)
{
	char to[ADDRESS_KEY_MAX];
	str key = address;

	if (!address_key(address, to, &key))
		key = address;
	return arena_printf(a, "%.*s %.*s:%u %.*s", STR(key), STR(way->transport->host),
		way->transport->port, STR(way->nexthop));
}

void callout_ask(struct flow *f, struct router *router, const struct route_way *way, str address,
	struct callout *c)
{
	struct callouts *all = callouts_of(f);
	const struct known *known;
	struct asking *open;
	struct fail why;
	struct arena a;
	str key;

	list_init(&c->link);
	arena_init(&a, ARENA_UNLIMITED);
	key = key_of(&a, way, address);
	known = find(all, key, loop_now_ms(f->loop));
	open = map_get(&all->asking, key);
	if (known) {
		why = known->why;
		c->answered(c, known->yes ? NULL : &why);
	} else if (open) {
		list_append(&open->waiting, &c->link);
	} else if (all->asking.count >= CALLOUT_OPEN_MAX) {
		fail_reply(&why, 450, "4.3.2", "<%.*s>: too many are being asked about, try later",
			STR(address));
		c->answered(c, &why);
	} else {
		asking_new(f, router, way, key, address, c);
	}
	arena_free(&a);
}

void callout_forget(struct callout *c)
{
	if (c->link.next)
		list_remove(&c->link);
}

void callout_end(struct flow *f)
{
	struct callouts *all = f->callouts;
	struct known *k;

	if (!all)
		return;
	LIST_EACH_SAFE (link, &all->all)
		asking_free(AROUND(link, struct asking, link));
	while ((k = first(all)))
		forget(all, k);
	map_free(&all->known);
	map_free(&all->asking);
	heap_free(&all->by_end);
	mem_free(all);
	f->callouts = NULL;
}
