/* flow/outbound: one mail over a connection that is open: its envelope, its body, its results. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/offer.h"
#include "flow/outbound_inside.h"

#define BACKLOG_OCTETS_MAX CONTENT_BLOCK_OCTETS /* queued towards the peer before we wait */

void outbound_mail_end(struct outbound *o)
{
	body_free(o->body);
	arena_reset(&o->arena);
	o->body = NULL;
	o->wants_body = o->measuring = o->answered = false;
}

void outbound_mail_log(const struct outbound *o)
{
	struct delivery_peer peer = {
		.host = o->host, .at = &o->at, .tls = &o->tls, .login = o->sign_on.name
	};

	delivery_log(o->d, &peer);
}

/* The machine never saw the mail, because this peer cannot take it: *why, for everybody. */
static void refuse_all(struct outbound *o, const struct fail *why)
{
	delivery_refuse_all(o->d, why);
	o->answered = true;
}

void outbound_mail_results(struct outbound *o)
{
	struct delivery *d = o->d;
	const struct smtp_client_result *results = smtp_client_results(o->machine);
	const struct fail *trouble = smtp_client_trouble(o->machine);
	bool dsn = smtp_client_peer(o->machine)->dsn;

	for (size_t i = 0; i < d->job->count; i++) {
		struct delivery_result *to = &d->results[i];

		to->reply = results[i].done ? results[i].reply : *trouble;
		to->ours = !results[i].done || results[i].reply.code == 0;
		to->dsn_passed = dsn;
		if (results[i].done && results[i].delivered)
			to->end = DELIVERY_DONE;
		else if (results[i].done && results[i].reply.kind == FAIL_PERMANENT)
			to->end = DELIVERY_REFUSED;
		else
			to->end = DELIVERY_LATER;
	}
	o->answered = true;
}

static void body_ready(void *owner);

static void send_mail(struct outbound *o)
{
	struct smtp_client_mail mail;

	offer_mail(o->d, smtp_client_peer(o->machine), &o->arena, &mail);
	mail.size_octets = body_octets(o->body);
	o->ready = false;
	smtp_client_mail(o->machine, &mail, loop_now_ms(o->flow->loop));
}

/* Read it once, to know how long it will be. */
static void measure(struct outbound *o)
{
	struct fail why;

	switch (body_measure(o->body, &why)) {
	case BODY_LATER:
		o->measuring = true;
		return;
	case BODY_FAILED:
		refuse_all(o, &why);
		break;
	case BODY_READY:
		send_mail(o);
		break;
	}
	o->measuring = false;
}

void outbound_mail_begin(struct outbound *o)
{
	const struct promise *m = o->d->job->message;
	struct fail why;

	switch (offer_judge(o->d, smtp_client_peer(o->machine), &why)) {
	case OFFER_CANNOT:
		refuse_all(o, &why);
		return;
	case OFFER_AS_IT_IS:
		o->body = body_new(o->flow, m->content, body_ready, o);
		send_mail(o);
		return;
	case OFFER_DOWNGRADED:
		o->body = body_new(o->flow, m->content, body_ready, o);
		body_downgrade(o->body);
		measure(o);
		return;
	}
}

bool outbound_mail_body(struct outbound *o)
{
	struct fail why;
	str bytes;

	if (sock_backlog(o->sock) > BACKLOG_OCTETS_MAX) {
		o->wants_body = true; /* until drained */
		return false;
	}
	switch (body_next(o->body, &bytes, &why)) {
	case BODY_LATER:
		o->wants_body = true; /* until body_ready */
		return false;
	case BODY_FAILED:
		log_line(LOG_ERROR, "content-unreadable", "%s", why.text);
		bytes = (str){ 0 };
		break;
	case BODY_READY:
		break;
	}
	o->wants_body = false;
	smtp_client_body(o->machine, bytes.n ? bytes : (str){ 0 });
	return true;
}

static void body_ready(void *owner)
{
	struct outbound *o = owner;

	if (o->measuring)
		measure(o);
	else if (o->wants_body && !outbound_mail_body(o))
		return;
	outbound_step(o);
}
