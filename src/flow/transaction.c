#include "flow/transaction_inside.h"

#include "base/mem.h"
#include "conf/limit.h"
#include "flow/stamp.h"
#include "gate/relay.h"
#include "mail/fields.h"
#include "world/clock.h"

/* Who handed a message on may have said whose it is (XFORWARD): that client is judged then, and
 * what was believed of the other one is not believed of him. */
static struct proof *prove(
	struct transaction *t, const struct transaction_client *client, bool utf8)
{
	const struct xclient *x = client->forwarded;
	const struct envelope *e = &t->envelope;
	struct judge_client judged = { .ip = e->client,
		.unnamed = client->unnamed,
		.helo = e->helo,
		.sender = e->sender,
		.utf8 = utf8,
		.session_id = e->session_id,
		.id = e->id };
	bool trusted = client->trusted;

	if (x && x->said & XCLIENT_ADDR && x->addr.family) {
		judged.ip = x->addr;
		judged.unnamed = false;
		judged.helo = str_of(x->helo);
		trusted = relay_trusted(router_conf(t->router), &x->addr) != NULL;
	}
	return proof_new(t->flow, t->router, &judged, trusted, e->login);
}

struct transaction *transaction_new(struct flow *f, struct router *router,
	const struct transaction_client *client, const struct smtp_mail *mail)
{
	struct transaction *t = MEM_NEW(struct transaction);
	struct envelope *e = &t->envelope;
	bool kept;

	t->flow = f;
	t->router = router_keep(router);
	arena_init(&t->arena, TRANSACTION_OCTETS_MAX);
	header_scan_init(&t->header);
	recipients_init(&t->recipients, &t->arena, &t->envelope);
	asking_init(&t->owner_asking, f->loop);
	e->received_ms = clock_wall_ms();
	e->id = id_next(f->ids, e->received_ms);
	e->session_id = client->session_id;
	e->flags = mail->smtputf8 ? ENVELOPE_SMTPUTF8 : 0;
	e->ret = mail->ret;
	e->client = client->ip;
	t->extended = client->extended;
	t->trusted = client->trusted;
	t->certified = client->certified;
	if (client->tls)
		t->tls = ARENA_NEW(&t->arena, struct tls_facts);
	if (t->tls)
		*t->tls = *client->tls;
	kept = arena_keep(&t->arena, mail->sender, &e->sender) &&
	       arena_keep(&t->arena, mail->envid, &e->envid) &&
	       arena_keep(&t->arena, client->helo, &e->helo) &&
	       arena_keep(&t->arena, client->login, &e->login);
	if (!kept) /* four short strings in an empty arena */
		e->sender = e->login = S("");
	if (e->login.n > 0)
		e->flags |= ENVELOPE_LOGIN;
	t->proof = prove(t, client, mail->smtputf8);
	t->ruling = ruling_new(f, t->router, e->session_id, e->id);
	body_rules_init(&t->body, t->router, ruling_note, t->ruling);
	t->edit = edit_new(t->router,
		&(struct edit_mail){ .id = e->id, .ours = client->trusted, .ruling = t->ruling });
	return t;
}

void transaction_free(struct transaction *t)
{
	transaction_forget_rcpt(t);
	transaction_leave_quarantine(t);
	asking_free(&t->owner_asking);
	copies_end(&t->copies);
	forwarding_forget(t->forwarding);
	if (t->draft)
		spool_draft_drop(t->draft);
	proof_free(t->proof);
	edit_free(t->edit);
	body_rules_free(&t->body);
	ruling_free(t->ruling);
	arena_free(&t->question.arena);
	recipients_free(&t->recipients);
	buf_free(&t->held);
	arena_free(&t->arena);
	router_drop(t->router);
	mem_free(t);
}

uint64_t transaction_id(const struct transaction *t)
{
	return t->envelope.id;
}

void transaction_log(const struct transaction *t, struct log_record *r)
{
	log_id(r, "id", t->envelope.id);
	log_str(r, "from", t->envelope.sender);
	if (t->header.id_n > 0)
		log_str(r, "message_id", str_from(t->header.id, t->header.id_n));
}

static struct stamp stamp_of(const struct transaction *t)
{
	return (struct stamp){ .hostname = router_conf(t->router)->hostname.text,
		.envelope = &t->envelope,
		.extended = t->extended,
		.tls = t->tls,
		.hides_client = t->envelope.login.n > 0 &&
				router_conf(t->router)->login.client == CONF_CLIENT_HIDDEN,
		.zone_minutes = clock_zone_minutes(t->envelope.received_ms) };
}

enum spool_write transaction_write(struct transaction *t, str bytes)
{
	t->octets += bytes.n;
	if (t->proof)
		proof_leaves(t->proof, bytes);
	return bytes.n ? spool_draft_write(t->draft, bytes) : SPOOL_WRITE_ON;
}

void transaction_begin(struct transaction *t, void (*writable)(void *owner), void *owner)
{
	struct stamp stamp = stamp_of(t);
	struct buf field = { 0 };

	if (t->proof)
		proof_begin(t->proof, forwarding_goes_out(t->router, &t->envelope));
	t->draft = spool_draft_new(t->flow->spool, t->flow->loop, writable, owner);
	for (const struct ruling_field *f = ruling_fields(t->ruling); f; f = f->next)
		fields_put(f->text, &field);
	stamp_received(&stamp, &field);
	transaction_write(t, buf_str(&field));
	buf_free(&field);
}

const struct fail *transaction_refusal(const struct transaction *t)
{
	const struct fail *why = t->edit ? edit_refusal(t->edit) : NULL;

	return why ? why : body_rules_refusal(&t->body);
}

/* A piece of the header as it leaves. */
static void leave(void *owner, str bytes)
{
	(void)transaction_write(
		owner, bytes); /* whether it is enough is said with the bytes behind it */
}

/* A piece of the header that nobody claims falsely. */
static void keep(void *owner, str bytes)
{
	struct transaction *t = owner;

	if (t->edit)
		edit_feed(t->edit, bytes, leave, t);
	else
		leave(t, bytes);
}

const struct header_scan *transaction_left(const struct transaction *t)
{
	return t->edit ? edit_scan(t->edit) : &t->header;
}

void transaction_end_header(struct transaction *t)
{
	struct stamp stamp = stamp_of(t);
	struct buf fields = { 0 };

	t->header_done = true;
	if (t->proof)
		proof_header_over(t->proof, keep, t);
	if (t->edit)
		edit_over(t->edit, t->header.is_signed, leave, t);
	if (t->proof)
		proof_header_left(t->proof);
	if (t->trusted)
		stamp_missing(&stamp, transaction_left(t), &fields);
	if (t->header.malformed)
		buf_put(&fields, S("\r\n"));
	transaction_write(t, buf_str(&fields));
	buf_free(&fields);
}

static bool header_fits(struct transaction *t, struct fail *why)
{
	const struct conf *conf = router_conf(t->router);
	const struct conf_limits *limits = &conf->limits;
	bool long_one = t->header.octets > limits->header_octets_max;

	if (long_one)
		fail_reply(why, 552, "5.3.4", "The header is longer than %zu bytes",
			limits->header_octets_max);
	else if (t->header.received > limits->received_max)
		fail_reply(why, 554, "5.4.6",
			"This message has come through more than %u servers: it runs in a circle",
			limits->received_max);
	else
		return true;
	conf_limit_blame(conf, long_one ? "header" : "received", why);
	return false;
}

/* rest may be in what is held. */
static void hold(struct transaction *t, str rest)
{
	struct buf held = { 0 };

	if (rest.n > 0)
		buf_put(&held, rest);
	buf_free(&t->held);
	t->held = held;
}

static bool refused(const struct transaction *t, struct fail *why)
{
	const struct fail *refusal = transaction_refusal(t);

	if (refusal)
		*why = *refusal;
	return refusal;
}

static enum spool_write take_body(struct transaction *t, str bytes, bool *fits, struct fail *why)
{
	body_rules_feed(&t->body, bytes);
	*fits = !refused(t, why);
	return transaction_write(t, bytes);
}

/* Look at bytes, write them, and what the header lacks at its end.  The start of a line that is too
 * short to be judged is held back until more of it is there. */
static enum spool_write take(struct transaction *t, str bytes, bool *fits, struct fail *why)
{
	size_t n = header_scan_feed(&t->header, bytes);
	enum spool_write enough = SPOOL_WRITE_ON;
	bool over = t->header.over;

	*fits = true;
	if (t->header_done)
		return take_body(t, bytes, fits, why);
	if (t->proof)
		proof_header(t->proof, str_first(bytes, n), keep, t);
	else
		keep(t, str_first(bytes, n));
	*fits = header_fits(t, why);
	if (over)
		transaction_end_header(t);
	if (*fits)
		*fits = !refused(t, why);
	if (over && *fits)
		enough = take_body(t, str_skip(bytes, n), fits, why);
	hold(t, over ? S("") : str_skip(bytes, n));
	return enough;
}

enum spool_write transaction_body(struct transaction *t, str bytes, bool *fits, struct fail *why)
{
	if (t->proof)
		proof_feed(t->proof, bytes);
	if (buf_str(&t->held).n == 0)
		return take(t, bytes, fits, why);
	buf_put(&t->held, bytes);
	return take(t, buf_str(&t->held), fits, why);
}

void transaction_leave(struct transaction *t)
{
	if (t->commit.envelope)
		t->committed = NULL;
	else
		transaction_free(t);
}
