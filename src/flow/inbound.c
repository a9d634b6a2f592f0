#include "flow/inbound.h"

#include "base/mem.h"
#include "conf/limit.h"
#include "flow/inbound_inside.h"
#include "gate/relay.h"
#include "world/clock.h"

/* What a client may leave unread before we read no more from him. */
#define UNREAD_REPLIES_MAX 65536

static void step(struct inbound *in);

/* --- the end -----------------------------------------------------------------------------------
 */

void inbound_free(struct inbound *in, str why)
{
	struct flow *f = in->flow;

	inbound_log_session(in, why);
	if (in->transaction)
		transaction_leave(in->transaction);
	if (in->counted)
		census_leave(f->census, &in->client);
	loop_timer_cancel(f->loop, &in->timer);
	list_remove(&in->link);
	sign_in_leave(&in->sign_in);
	smtp_server_free(in->machine);
	mem_free(in->tls);
	mem_free((char *)in->end.p);
	mem_free((char *)in->recipient.p);
	router_drop(in->router);
	mem_free(in);
	if (f->stopping && list_empty(&f->sessions))
		f->drained(f->owner, f);
}

/* --- questions ---------------------------------------------------------------------------------
 */

void inbound_ends_with(struct inbound *in, const struct fail *why)
{
	mem_free((char *)in->end.p);
	in->end = mem_copy(str_of(why->text));
}

/* The machine's own refusals; those of limits carry the line that set them. */
static void refused(struct inbound *in, const struct smtp_server_act *act)
{
	struct fail why = *act->refusal;

	if (act->limit)
		conf_limit_blame(router_conf(in->router), act->limit, &why);
	inbound_log_refused(in, S(""), &why);
	if (!smtp_server_auth_open(in->machine)) /* what was refused may have been an answer */
		sign_in_leave(&in->sign_in);
	if (act->hangs_up)
		inbound_ends_with(in, &why);
}

static void leave_transaction(struct inbound *in)
{
	if (in->transaction)
		transaction_leave(in->transaction);
	in->transaction = NULL;
	in->held = false;
}

/* An answer has come, perhaps long after the question.  False: the client has been told 451. */
static bool answer(struct inbound *in, uint32_t ticket, const struct fail *why)
{
	if (!smtp_server_answer(in->machine, ticket, why, S("")))
		return false;
	if (!in->stepping)
		step(in);
	return true;
}

static bool on_mail(void *owner, uint32_t ticket, const struct fail *refusal)
{
	struct inbound *in = owner;
	struct fail why;

	if (!refusal)
		return answer(in, ticket, NULL);
	why = *refusal;
	inbound_log_refused(in, S(""), &why);
	leave_transaction(in);
	return answer(in, ticket, &why);
}

static void ask_mail(struct inbound *in, const struct smtp_server_act *act)
{
	struct transaction_client client = { .session_id = in->id,
		.ip = in->client,
		.helo = smtp_server_helo(in->machine),
		.extended = smtp_server_extended(in->machine),
		.tls = in->tls,
		.login = smtp_server_auth_login(in->machine),
		.certified = in->certified,
		.forwarded = act->client,
		.unnamed = in->unnamed,
		.trusted = in->ours || smtp_server_auth_login(in->machine).n > 0 };
	struct fail why = { 0 };

	leave_transaction(in); /* one that got no answer in time */
	if (in->flow->stopping) {
		fail_reply(&why, 421, "4.3.2", "This server is about to stop, try again later");
		(void)on_mail(in, act->ticket, &why);
		return;
	}
	in->transaction = transaction_new(in->flow, in->router, &client, &act->mail);
	if (act->client)
		inbound_client_forwarded(in, act->client);
	transaction_mail(in->transaction, act->ticket, on_mail, in);
}

static bool on_rcpt(void *owner, uint32_t ticket, const struct fail *refusal)
{
	struct inbound *in = owner;
	struct fail why;

	if (!refusal)
		return answer(in, ticket, NULL);
	why = *refusal;
	inbound_log_refused(in, in->recipient, &why);
	return answer(in, ticket, &why);
}

static void ask_rcpt(struct inbound *in, const struct smtp_server_act *act)
{
	mem_free((char *)in->recipient.p);
	in->recipient = mem_copy(act->rcpt.recipient);
	transaction_rcpt(in->transaction, &act->rcpt, act->ticket, on_rcpt, in);
}

static void on_writable(void *owner)
{
	struct inbound *in = owner;

	in->held = false;
	sock_resume(in->sock);
}

static void ask_data(struct inbound *in, const struct smtp_server_act *act)
{
	in->body_refused = false;
	transaction_begin(in->transaction, on_writable, in);
	smtp_server_answer(in->machine, act->ticket, NULL, S(""));
}

static void on_committed(void *owner, const struct fail *why, str text)
{
	struct inbound *in = owner;

	if (why)
		inbound_log_refused(in, S(""), why);
	else
		in->accepted++;
	in->transaction = NULL;
	smtp_server_answer(in->machine, in->commit_ticket, why, text);
	if (in->stepping)
		return;
	step(in);
}

static void ask_commit(struct inbound *in, const struct smtp_server_act *act)
{
	in->commit_ticket = act->ticket;
	in->held = false;
	transaction_commit(in->transaction, on_committed, in);
}

static void ask(struct inbound *in, const struct smtp_server_act *act)
{
	switch (act->question) {
	case SMTP_ASK_AUTH:
		sign_in_ask(&in->sign_in, act);
		return;
	case SMTP_ASK_CLIENT:
		inbound_client_ask(in, act);
		return;
	case SMTP_ASK_MAIL:
		ask_mail(in, act);
		return;
	case SMTP_ASK_RCPT:
		ask_rcpt(in, act);
		return;
	case SMTP_ASK_DATA:
		ask_data(in, act);
		return;
	case SMTP_ASK_COMMIT:
		ask_commit(in, act);
		return;
	}
}

static void body(struct inbound *in, str bytes)
{
	struct fail why = { 0 };
	bool fits = true;

	if (!in->transaction)
		return;
	if (transaction_body(in->transaction, bytes, &fits, &why) == SPOOL_WRITE_ENOUGH)
		in->held = true;
	if (fits)
		return;
	if (!in->body_refused)
		inbound_log_refused(in, S(""), &why);
	in->body_refused = true;
	smtp_server_fail_body(in->machine, &why);
}

/* --- driving the machine -----------------------------------------------------------------------
 */

static void set_timer(struct inbound *in)
{
	int64_t deadline_ms = smtp_server_deadline_ms(in->machine);

	if (in->timer.node.slot == 0 || in->timer.node.at != deadline_ms)
		loop_timer_set(in->flow->loop, &in->timer, deadline_ms);
}

/* False: what the session could have shown when it began has gone by a reload, and so has it. */
static bool start_tls(struct inbound *in)
{
	struct tls_server *shown = identities_of(in->flow->identities, in->listener);

	if (shown) {
		sock_tls_accept(in->sock, shown);
		return true;
	}
	sock_finish(in->sock);
	inbound_free(in, S("there is no certificate any more"));
	return false;
}

/* Do all that the machine wants now.  False: it has hung up, and the session is gone. */
static bool run(struct inbound *in)
{
	in->stepping = true;
	for (;;) {
		struct smtp_server_act act = smtp_server_next(in->machine);

		switch (act.kind) {
		case SMTP_SERVER_IDLE:
			in->stepping = false;
			return true;
		case SMTP_SERVER_SEND:
			sock_send(in->sock, act.bytes);
			break;
		case SMTP_SERVER_ASK:
			ask(in, &act);
			break;
		case SMTP_SERVER_BODY:
			body(in, act.bytes);
			break;
		case SMTP_SERVER_RESET:
			leave_transaction(in);
			break;
		case SMTP_SERVER_REFUSED:
			refused(in, &act);
			break;
		case SMTP_SERVER_STARTTLS:
			if (!start_tls(in))
				return false;
			break;
		case SMTP_SERVER_CLOSE:
			sock_finish(in->sock);
			inbound_free(in, in->end.n > 0 ? in->end : S("quit"));
			return false;
		}
	}
}

static bool may_read(const struct inbound *in)
{
	return !in->held && sock_backlog(in->sock) < UNREAD_REPLIES_MAX;
}

static size_t received(void *owner, str bytes)
{
	struct inbound *in = owner;
	int64_t now_ms = loop_now_ms(in->flow->loop);
	size_t taken = 0, n;

	if (in->heading)
		return inbound_client_header(in, bytes);
	while (may_read(in)) {
		n = smtp_server_feed(in->machine, str_skip(bytes, taken), now_ms);
		taken += n;
		if (!run(in))
			return bytes.n;
		if (n == 0 || taken == bytes.n)
			break;
	}
	set_timer(in);
	return taken;
}

/* An answer, a tick or room in the spool has come: go on, and read on. */
static void step(struct inbound *in)
{
	if (!run(in))
		return;
	set_timer(in);
	sock_resume(in->sock);
}

static void secured(void *owner, const struct tls_facts *facts)
{
	struct inbound *in = owner;

	in->tls = MEM_NEW(struct tls_facts);
	*in->tls = *facts;
	in->setup.mechanisms = sign_in_offer(&in->sign_in);
	in->certified = !in->named_by.family && relay_certified(router_conf(in->router), facts);
	in->ours |= in->certified;
	smtp_server_tls_done(in->machine, loop_now_ms(in->flow->loop));
	step(in);
}

static void drained(void *owner)
{
	struct inbound *in = owner;

	sock_resume(in->sock);
}

static void closed(void *owner, const struct fail *why)
{
	struct inbound *in = owner;

	sock_close(in->sock);
	inbound_free(in, why ? str_of(why->text) : S("gone"));
}

static void ticked(struct loop_timer *timer)
{
	struct inbound *in = AROUND(timer, struct inbound, timer);

	if (in->heading) {
		inbound_client_late(in);
		return;
	}
	smtp_server_tick(in->machine, loop_now_ms(in->flow->loop));
	step(in);
}

static const struct sock_handler handler = {
	.received = received, .drained = drained, .closed = closed, .secured = secured
};

/* What the listener asks for; one that is not there any more asks for nothing, and gives nothing.
 */
static void obey_listener(struct smtp_server_setup *setup, const struct conf *c, str listener)
{
	static const enum smtp_server_tls levels[] = {
		[CONF_LISTENER_OFF] = SMTP_SERVER_TLS_OFF,
		[CONF_LISTENER_OFFERED] = SMTP_SERVER_TLS_OFFERED,
		[CONF_LISTENER_REQUIRED] = SMTP_SERVER_TLS_REQUIRED,
		[CONF_LISTENER_IMPLICIT] = SMTP_SERVER_TLS_IMPLICIT,
	};
	static const enum smtp_server_login logins[] = {
		[CONF_LOGIN_NONE] = SMTP_SERVER_LOGIN_OFF,
		[CONF_LOGIN_OFFERED] = SMTP_SERVER_LOGIN_OFFERED,
		[CONF_LOGIN_REQUIRED] = SMTP_SERVER_LOGIN_REQUIRED,
	};

	for (size_t i = 0; i < c->listener_count; i++) {
		if (!str_eq(c->listeners[i].name, listener))
			continue;
		setup->tls = levels[c->listeners[i].tls];
		setup->login = logins[c->listeners[i].login];
	}
}

/* The authority has answered. */
static void signed_in(void *owner)
{
	step(owner);
}

/* The client is known: greet him. */
void inbound_begin(struct inbound *in)
{
	struct flow *f = in->flow;
	const struct conf *conf = router_conf(in->router);
	struct fail refusal = { 0 };

	if (f->stopping)
		fail_reply(&refusal, 421, "4.3.2", "This server is about to stop, try again later");
	else if (in->setup.tls_broken && in->setup.tls == SMTP_SERVER_TLS_IMPLICIT)
		fail_reply(&refusal, 421, "4.7.0", "There is no certificate to show");
	else
		in->counted = census_enter(f->census, &in->client, conf, &refusal);
	if (refusal.kind)
		inbound_log_refused(in, S(""), &refusal);
	smtp_server_greet(in->machine, refusal.kind ? &refusal : NULL);
	if (run(in))
		set_timer(in);
}

void inbound_accept(struct flow *f, struct sock *s, const struct endpoint *peer, str listener)
{
	struct inbound *in = MEM_NEW(struct inbound);
	const struct conf *conf = router_conf(f->router);

	in->flow = f;
	in->router = router_keep(f->router);
	in->sock = s;
	in->id = id_next(f->ids, clock_wall_ms());
	in->listener = listener;
	in->timer.run = ticked;
	in->setup = (struct smtp_server_setup){ .hostname = conf->hostname.text,
		.limits = &conf->limits.smtp,
		.softens = conf->soft_bounce == CONF_ON,
		.tls_broken = !identities_of(f->identities, listener),
		.xclient = conf_nets_find(&conf->xclient, &peer->ip) != NULL,
		.xforward = conf_nets_find(&conf->xforward, &peer->ip) != NULL };
	in->setup.tries_max = conf->login.tries_max;
	obey_listener(&in->setup, conf, listener);
	in->machine = smtp_server_new(&in->setup, loop_now_ms(f->loop));
	in->sign_in = (struct sign_in){ .flow = f,
		.sock = s,
		.machine = in->machine,
		.session_id = in->id,
		.answered = signed_in,
		.owner = in };
	inbound_client_know(in, &peer->ip);
	list_append(&f->sessions, &in->link);
	FLOW_COUNT(f, sessions);
	sock_own(s, &handler, in);
	if (inbound_client_is_proxy(in))
		inbound_client_await(in);
	else
		inbound_begin(in);
}

void inbound_shutdown(struct flow *f)
{
	f->stopping = true;
	LIST_EACH_SAFE (link, &f->sessions) {
		struct inbound *in = AROUND(link, struct inbound, link);

		smtp_server_shutdown(in->machine);
		if (!in->heading && run(in))
			set_timer(in);
	}
}
