#include "flow/outbound.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/assurance.h"
#include "flow/outbound_inside.h"
#include "world/hand.h"

/* The waits of RFC 5321 section 4.5.3.2. */
#define GREETING_MS_MAX 300000
#define COMMAND_MS_MAX 300000
#define DATA_MS_MAX 180000
#define FINAL_MS_MAX 600000

/* --- the end -----------------------------------------------------------------------------------
 */

static void disconnect(struct outbound *o)
{
	loop_timer_cancel(o->flow->loop, &o->timer);
	if (o->sock)
		sock_close(o->sock);
	sign_on_leave(&o->sign_on);
	smtp_client_free(o->machine);
	o->sock = NULL;
	o->machine = NULL;
	o->ready = false;
	o->in_handshake = false;
	o->tls = (struct tls_facts){ 0 };
}

static void outbound_free(struct outbound *o)
{
	void (*gone)(void *owner) = o->gone;
	void *owner = o->owner;

	disconnect(o);
	outbound_mail_end(o);
	reach_free(o->reach);
	arena_free(&o->arena);
	tls_context_free(o->context);
	list_remove(&o->link);
	router_drop(o->router);
	mem_free(o);
	if (gone)
		gone(owner);
}

static void report(struct outbound *o, enum schedule_after after)
{
	struct delivery *d = o->d;

	d->after = after;
	d->trouble = o->trouble;
	d->outbound = after == SCHEDULE_KEPT ? o : NULL;
	str_to_c(o->host, d->remote, sizeof d->remote);
	o->d = NULL;
	outbound_mail_end(o);
	d->finished(d->owner, d);
}

static void log_trouble(const struct outbound *o)
{
	char at[ENDPOINT_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, "no-conversation");
	if (o->d)
		log_id(&r, "id", o->d->job->message->envelope.id);
	log_str(&r, "transport", o->transport->name);
	log_str(&r, "host", o->host);
	log_c(&r, "address", endpoint_print(&o->at, at));
	log_fail(&r, &o->trouble);
	log_close(&r);
}

/* The next hop can not be reached now: nothing was tried, the destination backs off.  Or it never
 * will be: then all recipients are refused. */
static void nothing_left(void *owner, const struct fail *why)
{
	struct outbound *o = owner;
	bool for_good = !o->trouble.kind && why->kind == FAIL_PERMANENT;

	if (!o->trouble.kind) { /* no address was tried: what was looked up says it */
		o->trouble = *why;
		log_trouble(o);
	}
	if (for_good)
		delivery_refuse_all(o->d, why);
	report(o, for_good ? SCHEDULE_CLOSED : SCHEDULE_TROUBLE);
	outbound_free(o);
}

/* --- connecting --------------------------------------------------------------------------------
 */

static const struct sock_handler handler;

static void set_timer(struct outbound *o)
{
	int64_t at_ms = smtp_client_deadline_ms(o->machine);

	if (o->quit_ms > 0 && o->quit_ms < at_ms)
		at_ms = o->quit_ms;
	if (o->d || !o->ready)
		loop_timer_set(o->flow->loop, &o->timer, at_ms);
	else
		loop_timer_cancel(o->flow->loop, &o->timer); /* idle: the dispatcher counts */
}

static void connect_to_address(struct outbound *o)
{
	const struct conf_transport *t = o->transport;
	const struct ip *source = o->at.ip.family == 6 ? &t->source6 : &t->source4;

	o->sock = sock_connect(o->flow->loop, &o->at,
		source->family && o->at.ip.family ? source : NULL, &handler, o);
	loop_timer_set(o->flow->loop, &o->timer, loop_now_ms(o->flow->loop) + t->connect_ms_max);
}

static void try_address(void *owner, const struct endpoint *at, str host)
{
	struct outbound *o = owner;

	o->at = *at;
	o->host = host;
	o->plain = false;
	connect_to_address(o);
}

static const struct reach_handler reach_handler = { .address = try_address,
	.nothing = nothing_left };

static void start(struct outbound *o)
{
	disconnect(o);
	reach_free(o->reach);
	o->host = S("");
	o->trouble = (struct fail){ 0 };
	tls_context_free(o->context);
	o->context = identities_towards(o->flow->identities, o->transport);
	o->reach = reach_new(o->flow, o->transport, o->d->nexthop, &reach_handler, o);
	reach_next(o->reach);
}

/* This address does not do: *why.  The next one may. */
static void next_address(struct outbound *o, const struct fail *why)
{
	bool again = o->in_handshake && o->transport->tls == CONF_TLS_MAY && !o->plain;

	o->trouble = *why;
	o->trouble.kind = FAIL_TEMPORARY; /* a host that refuses to talk is not a mail refused */
	log_trouble(o);
	disconnect(o);
	if (again) {
		o->plain = true;
		connect_to_address(o);
		return;
	}
	reach_next(o->reach);
}

/* Our login is said, or cannot be. */
static void signed_on(void *owner)
{
	outbound_step(owner);
}

static void connected(void *owner)
{
	struct outbound *o = owner;
	const struct conf_transport *t = o->transport;
	struct fail why;

	if (t->tls >= CONF_TLS_ENCRYPT && !o->context) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.5",
			"TLS is required, and its files cannot be used; the log says why");
		next_address(o, &why);
		return;
	}
	o->setup = (struct smtp_client_setup){ .hello = router_conf(o->router)->hostname.text,
		.lmtp = t->kind == CONF_LMTP,
		.tls_wanted = t->tls != CONF_TLS_NONE && o->context && !o->plain,
		.tls_required = t->tls >= CONF_TLS_ENCRYPT,
		.tls_first = t->peer.wrapper == CONF_WRAPPER_ON,
		.login = t->peer.login.path.n > 0,
		.greeting_ms_max = GREETING_MS_MAX,
		.command_ms_max = COMMAND_MS_MAX,
		.data_ms_max = DATA_MS_MAX,
		.final_ms_max = FINAL_MS_MAX };
	o->machine = smtp_client_new(&o->setup, loop_now_ms(o->flow->loop));
	o->sign_on = (struct sign_on){ .loop = o->flow->loop,
		.sock = o->sock,
		.machine = o->machine,
		.transport = t,
		.nexthop = o->d->nexthop,
		.host = o->host,
		.port = o->at.port,
		.answered = signed_on,
		.owner = o };
	outbound_step(o);
}

/* Results are known and the connection is ready, or was never needed: what next? */
static void mail_over(struct outbound *o)
{
	outbound_mail_log(o);
	if (!o->flow->stopping) {
		report(o, SCHEDULE_KEPT);
		return;
	}
	report(o, SCHEDULE_CLOSED);
	smtp_client_quit(o->machine, loop_now_ms(o->flow->loop));
	o->ready = false;
}

/* --- driving the machine -----------------------------------------------------------------------
 */

/* A connection that had been idle was dead when we used it: that is nobody's fault. */
static bool was_stale(const struct outbound *o)
{
	const struct smtp_client_result *results = smtp_client_results(o->machine);

	if (o->d->mails < 2)
		return false;
	for (size_t i = 0; i < o->d->job->count; i++)
		if (results[i].done)
			return false;
	return true;
}

static void conversation_over(struct outbound *o)
{
	struct fail trouble = *smtp_client_trouble(o->machine);

	if (!o->d && o->quit_ms == 0) { /* the peer left behind a mail: the slot still knows us */
		o->ready = false;
		disconnect(o);
		return;
	}
	if (!o->d) { /* after QUIT */
		outbound_free(o);
		return;
	}
	if (!o->answered) {
		if (!trouble.kind)
			fail_with(
				&trouble, FAIL_TEMPORARY, "4.4.2", "The conversation ended early");
		next_address(o, &trouble);
		return;
	}
	if (was_stale(o)) {
		/* What the dead connection made of them is no result.  They go back and not over a
		 * new connection at once: the peer may have heard of this mail, and has limits. */
		memset(o->d->results, 0, o->d->job->count * sizeof *o->d->results);
		o->trouble = trouble;
	} else {
		outbound_mail_log(o);
	}
	disconnect(o); /* before anybody may open another one */
	report(o, SCHEDULE_CLOSED);
	outbound_free(o);
}

/* Do what the machine wants now.  False: o has a new connection, or is gone. */
static bool act_all(struct outbound *o)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(o->machine);

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
			return true;
		case SMTP_CLIENT_SEND:
			sock_send(o->sock, act.bytes);
			break;
		case SMTP_CLIENT_BODY:
			if (!outbound_mail_body(o))
				return true;
			break;
		case SMTP_CLIENT_STARTTLS:
			o->in_handshake = true;
			assurance_begin(o->transport, o->d->nexthop, o->host, o->sock, o->context);
			return true;
		case SMTP_CLIENT_AUTH:
			sign_on_ask(&o->sign_on, act.bytes);
			break;
		case SMTP_CLIENT_READY:
			o->ready = true;
			if (o->d && !o->answered)
				outbound_mail_begin(o);
			if (o->d && o->answered)
				mail_over(o);
			break;
		case SMTP_CLIENT_RESULTS:
			outbound_mail_results(o);
			break;
		case SMTP_CLIENT_CLOSE:
			conversation_over(o);
			return false;
		}
	}
}

/* The same, and should it kill us, it is known over which message. */
static bool run(struct outbound *o)
{
	uint64_t had = hand_take(o->d ? o->d->job->message->envelope.id : 0);
	bool goes_on = act_all(o);

	(void)hand_take(had);
	return goes_on;
}

void outbound_step(struct outbound *o)
{
	if (o->d && o->ready && o->answered)
		mail_over(o); /* its body could not be read, and the machine never heard of it */
	if (!run(o))
		return;
	set_timer(o);
	sock_resume(o->sock);
}

static size_t received(void *owner, str bytes)
{
	struct outbound *o = owner;
	size_t taken = 0, n;

	for (;;) {
		n = smtp_client_feed(
			o->machine, str_skip(bytes, taken), loop_now_ms(o->flow->loop));
		taken += n;
		if (!run(o))
			return bytes.n;
		if (n == 0 || taken == bytes.n)
			break;
	}
	set_timer(o);
	return taken;
}

static void drained(void *owner)
{
	struct outbound *o = owner;

	if (o->machine && o->wants_body && !o->measuring && outbound_mail_body(o))
		outbound_step(o);
}

static void secured(void *owner, const struct tls_facts *facts)
{
	struct outbound *o = owner;
	struct fail why;

	o->in_handshake = false;
	o->tls = *facts;
	if (!assurance_suffices(o->transport, o->host, &o->tls, &why)) {
		next_address(o, &why);
		return;
	}
	smtp_client_secured(o->machine, loop_now_ms(o->flow->loop));
	outbound_step(o);
}

static void closed(void *owner, const struct fail *why)
{
	struct outbound *o = owner;
	struct fail gone;

	if (o->machine && !o->in_handshake && (o->d || !o->ready)) {
		smtp_client_gone(o->machine, why);
		outbound_step(o);
		return;
	}
	if (!o->d) { /* idle: the next delivery will find a dead connection and make a new one */
		disconnect(o);
		return;
	}
	if (!why)
		fail_with(
			&gone, FAIL_TEMPORARY, "4.4.2", "%.*s closed the connection", STR(o->host));
	next_address(o, why ? why : &gone);
}

static void ticked(struct loop_timer *timer)
{
	struct outbound *o = AROUND(timer, struct outbound, timer);
	struct fail why;
	char at[ENDPOINT_TEXT_MAX];

	if (o->quit_ms > 0 && loop_now_ms(o->flow->loop) >= o->quit_ms) {
		outbound_free(o);
		return;
	}
	if (o->machine && !o->in_handshake) {
		smtp_client_tick(o->machine, loop_now_ms(o->flow->loop));
		outbound_step(o);
		return;
	}
	fail_with(&why, FAIL_TEMPORARY, "4.4.1", "%s %s: no answer in time",
		o->in_handshake ? "TLS handshake with" : "connect to", endpoint_print(&o->at, at));
	next_address(o, &why);
}

static const struct sock_handler handler = { .received = received,
	.drained = drained,
	.closed = closed,
	.connected = connected,
	.secured = secured };

/* --- the dispatcher's calls --------------------------------------------------------------------
 */

static struct outbound *outbound_new(struct flow *f)
{
	struct outbound *o = MEM_NEW(struct outbound);

	o->flow = f;
	o->timer.run = ticked;
	arena_init(&o->arena, ARENA_UNLIMITED);
	list_append(&f->outbounds, &o->link);
	return o;
}

void outbound_deliver(struct flow *f, struct delivery *d)
{
	struct outbound *o = d->outbound ? d->outbound : outbound_new(f);
	struct router *was = o->router;

	assert(!o->d);
	o->d = d;
	o->router = router_keep(d->router);
	o->transport = d->transport;
	o->setup.hello = router_conf(o->router)->hostname.text;
	router_drop(was);
	if (!o->machine) {
		start(o);
		return;
	}
	assert(o->ready);
	outbound_mail_begin(o);
	if (o->answered)
		mail_over(o);
	outbound_step(o);
}

void outbound_hang_up(struct outbound *o, void (*gone)(void *owner), void *owner)
{
	assert(!o->d);
	o->gone = gone;
	o->owner = owner;
	if (!o->machine) {
		outbound_free(o);
		return;
	}
	o->ready = false;
	o->quit_ms = loop_now_ms(o->flow->loop) + OUTBOUND_QUIT_MS_MAX;
	smtp_client_quit(o->machine, loop_now_ms(o->flow->loop));
	outbound_step(o);
}

void outbound_abandon_all(struct flow *f)
{
	LIST_EACH_SAFE (link, &f->outbounds)
		outbound_free(AROUND(link, struct outbound, link));
}
