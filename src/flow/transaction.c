#include "flow/transaction.h"

#include <stdio.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/limit.h"
#include "flow/callout.h"
#include "flow/proof.h"
#include "flow/ruling.h"
#include "flow/stamp.h"
#include "gate/owner.h"
#include "gate/quota.h"
#include "gate/relay.h"
#include "mail/address.h"
#include "world/clock.h"

#define RECIPIENT_KEY_MAX (2 * ADDRESS_KEY_MAX + ALIAS_INTO_MAX + 2)

/* A recipient who is in, if others know him. */
struct rcpt_question {
	bool open;
	uint32_t ticket;
	transaction_answer *answered;
	void *owner;
	struct arena step; /* of targets */
	struct route_targets targets;
	size_t next; /* target to ask about */
	struct callout callout;
	bool inside; /* a call-out is being asked: its answer is only noted */
	bool heard, yes;
	struct fail why;
	size_t rcpt_count, discarded; /* before */
};

struct transaction {
	struct flow *flow;
	struct router *router;
	struct arena arena;
	struct envelope envelope;
	size_t rcpt_size;
	struct map seen;  /* recipients by their key: duplicates are merged */
	size_t discarded; /* targets that end in /dev/null */
	str discard_rule;
	bool extended, trusted, certified;
	struct tls_facts *tls; /* in the arena; null: in clear */
	struct proof *proof;   /* of the sender; null: there is nothing to prove */
	struct ruling *ruling;
	struct question { /* MAIL or RCPT, until its answer */
		transaction_answer *answered;
		void *owner;
		uint32_t ticket;
		struct smtp_rcpt rcpt; /* in its arena: who asked may not wait so long */
		struct arena arena;
	} question;
	struct header_scan header;
	bool header_done;
	struct buf held; /* the start of a header line, until there is more of it */
	struct spool_draft *draft;
	uint64_t octets;
	struct spool_commit commit;
	void (*committed)(void *owner, const struct fail *why, str text);
	void *owner;
	struct rcpt_question rcpt;
};

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
	t->proof = proof_new(f, router,
		&(struct judge_client){ .ip = e->client,
			.helo = e->helo,
			.sender = e->sender,
			.utf8 = mail->smtputf8,
			.session_id = e->session_id,
			.id = e->id },
		client->trusted, e->login);
	t->ruling = ruling_new(f, t->router, e->session_id, e->id);
	return t;
}

static void forget_rcpt(struct transaction *t);

static void transaction_free(struct transaction *t)
{
	forget_rcpt(t);
	if (t->draft)
		spool_draft_drop(t->draft);
	proof_free(t->proof);
	ruling_free(t->ruling);
	arena_free(&t->question.arena);
	map_free(&t->seen);
	buf_free(&t->held);
	arena_free(&t->arena);
	router_drop(t->router);
	mem_free(t);
}

uint64_t transaction_id(const struct transaction *t)
{
	return t->envelope.id;
}

/* --- recipients --------------------------------------------------------------------------------
 */

static bool too_many(struct fail *why)
{
	return fail_reply(why, 452, "4.5.3", "Too many recipients for one message");
}

static bool grow_rcpts(struct transaction *t)
{
	size_t size = t->rcpt_size ? t->rcpt_size * 2 : 2;
	struct envelope_rcpt *rcpts;

	if (t->envelope.rcpt_count < t->rcpt_size)
		return true;
	if (size > ENVELOPE_RECIPIENTS_MAX)
		return false;
	rcpts = arena_alloc(&t->arena, size * sizeof *rcpts);
	if (!rcpts)
		return false;
	if (t->envelope.rcpt_count > 0)
		memcpy(rcpts, t->envelope.rcpts, t->envelope.rcpt_count * sizeof *rcpts);
	t->envelope.rcpts = rcpts;
	t->rcpt_size = size;
	return true;
}

/* What tells recipients apart: address and sender.  Who is named himself, and by a list with an
 * owner, gets two mails, as with Postfix: they are two envelopes (RFC 5321 section 3.9.2), and what
 * goes wrong with each is told to another. */
static str recipient_key(const struct route_target *target, char to[RECIPIENT_KEY_MAX])
{
	char key[ADDRESS_KEY_MAX];
	str folded;
	int n;

	if (!address_key(target->address, key, &folded))
		folded = target->address;
	n = snprintf(to, RECIPIENT_KEY_MAX, "%.*s %.*s %.*s", STR(folded), STR(target->sender),
		STR(target->into));
	return str_from(to, (size_t)n < RECIPIENT_KEY_MAX ? (size_t)n : RECIPIENT_KEY_MAX - 1);
}

/* What its sender wishes to hear of one of the addresses behind a recipient.  His wishes end at a
 * list with an owner (RFC 3461 section 5.2.7.1), but for that of success, which is to have reached
 * the list; so they do where one address became several (section 5.2.7.3). */
static unsigned notify_of(const struct smtp_rcpt *rcpt, bool is_list, bool several)
{
	unsigned notify = rcpt->notify;

	if (notify & SMTP_NOTIFY_SUCCESS && (is_list || several))
		notify = (notify & ~SMTP_NOTIFY_SUCCESS) | ENVELOPE_EXPANDED;
	if (is_list)
		return notify & ENVELOPE_EXPANDED;
	return notify == ENVELOPE_EXPANDED ? notify | SMTP_NOTIFY_NEVER : notify;
}

/* It ends here, by a line of the configuration or of a table. */
static bool discard(struct transaction *t, str rule, struct fail *why)
{
	return t->discarded++ > 0 || arena_keep(&t->arena, rule, &t->discard_rule) || too_many(why);
}

static bool add_target(struct transaction *t, const struct smtp_rcpt *rcpt, str original,
	const struct route_target *target, bool several, struct fail *why)
{
	struct envelope_rcpt *to;
	char origin[CONF_ORIGIN_TEXT_MAX], key[RECIPIENT_KEY_MAX];

	if (target->end == ROUTE_DISCARD)
		return discard(t, str_of(conf_origin_print(&target->origin, origin)), why);
	if (map_get(&t->seen, recipient_key(target, key)))
		return true;
	if (!grow_rcpts(t))
		return too_many(why);
	to = &t->envelope.rcpts[t->envelope.rcpt_count];
	*to = (struct envelope_rcpt){ .original = original, .has_sender = target->has_sender };
	to->notify = notify_of(rcpt, target->has_sender, several);
	if (!arena_keep(&t->arena, target->address, &to->address) ||
		(target->into.n > 0 && !arena_keep(&t->arena, target->into, &to->into)) ||
		!arena_keep(&t->arena, target->sender, &to->sender) ||
		!arena_keep(&t->arena, rcpt->orcpt, &to->orcpt))
		return too_many(why);
	t->envelope.rcpt_count++;
	map_set(&t->seen, recipient_key(target, key), (void *)t->envelope.rcpt_count);
	return true;
}

/* Forget all recipients from the count on. */
static void take_back(struct transaction *t, const struct route_targets *targets, size_t count)
{
	char key[RECIPIENT_KEY_MAX];

	for (size_t i = 0; i < targets->count; i++) {
		str k = recipient_key(&targets->items[i], key);

		if ((size_t)map_get(&t->seen, k) > count)
			map_remove(&t->seen, k);
	}
	t->envelope.rcpt_count = count;
}

/* A recipient comes in whole or not at all. */
static bool add_targets(struct transaction *t, const struct smtp_rcpt *rcpt, str original,
	const struct route_targets *targets, struct fail *why)
{
	size_t rcpt_count = t->envelope.rcpt_count, discarded = t->discarded;

	for (size_t i = 0; i < targets->count; i++) {
		if (add_target(t, rcpt, original, &targets->items[i], targets->count > 1, why))
			continue;
		take_back(t, targets, rcpt_count);
		t->discarded = discarded;
		return false;
	}
	return true;
}

static bool add_rcpt(struct transaction *t, const struct smtp_rcpt *rcpt, struct arena *step,
	struct route_targets *targets, struct fail *why)
{
	struct relay_client client = { t->envelope.client, t->envelope.login, t->certified };
	str original, rule = ruling_discards_rcpt(t->ruling);

	if (!relay_allowed(t->router, &client, rcpt->recipient, why))
		return false;
	if (!arena_keep(&t->arena, rcpt->recipient, &original))
		return too_many(why);
	if (!route_expand(t->router, step, rcpt->recipient, targets, why, NULL, NULL) ||
		!relay_routes_nothing(t->router, &client, rcpt->recipient, targets, why))
		return false;
	if (rule.n == 0)
		return add_targets(t, rcpt, original, targets, why);
	targets->count = 0;
	return discard(t, rule, why);
}

static void begin_question(
	struct transaction *t, uint32_t ticket, transaction_answer *answered, void *owner)
{
	struct question *q = &t->question;

	arena_free(&q->arena);
	*q = (struct question){ .answered = answered, .owner = owner, .ticket = ticket };
	arena_init(&q->arena, TRANSACTION_OCTETS_MAX);
}

static struct access_facts facts_of(const struct transaction *t)
{
	return (struct access_facts){ .client = &t->envelope.client,
		.helo = t->envelope.helo,
		.sender = t->envelope.sender };
}

static void answer_mail(void *owner, const struct fail *refusal)
{
	struct transaction *t = owner;

	(void)t->question.answered(t->question.owner, t->question.ticket, refusal);
}

/* The tables let it in; the sender's own domain may not. */
static void mail_ruled(void *owner, const struct fail *refusal)
{
	struct transaction *t = owner;

	if (!refusal && t->proof)
		proof_mail(t->proof, answer_mail, t);
	else
		answer_mail(t, refusal);
}

void transaction_mail(
	struct transaction *t, uint32_t ticket, transaction_answer *answered, void *owner)
{
	struct access_facts facts = facts_of(t);
	struct fail why = { 0 };
	str login = t->envelope.login;

	begin_question(t, ticket, answered, owner);
	if (spool_accepts(t->flow->spool, &why) &&
		(login.n == 0 || owner_may_send(t->router, login, t->envelope.sender, &why)))
		ruling_mail(t->ruling, &facts, mail_ruled, t);
	else
		answer_mail(t, &why);
}

static void take_rcpt_back(struct transaction *t, const struct rcpt_question *q)
{
	take_back(t, &q->targets, q->rcpt_count);
	t->discarded = q->discarded;
}

/* Nobody waits for the answer any more. */
static void forget_rcpt(struct transaction *t)
{
	if (!t->rcpt.open)
		return;
	t->rcpt.open = false;
	callout_forget(&t->rcpt.callout);
	take_rcpt_back(t, &t->rcpt);
	arena_free(&t->rcpt.step);
}

/* The question is over, and room for the next one before it is answered. */
static void answer_rcpt(struct transaction *t, const struct fail *refusal)
{
	struct rcpt_question q = t->rcpt;
	struct fail why;

	if (refusal)
		why = *refusal;
	t->rcpt.open = false;
	if (refusal)
		take_rcpt_back(t, &q);
	if (!q.answered(q.owner, q.ticket, refusal ? &why : NULL) && !refusal)
		take_rcpt_back(t, &q);
	arena_free(&q.step);
}

/* Ask about one target after the other; go on when the answer comes. */
static void ask_about_rcpt(struct transaction *t)
{
	struct rcpt_question *q = &t->rcpt;

	while (q->next < q->targets.count) {
		const struct route_target *target = &q->targets.items[q->next++];
		struct route_way way;

		if (!route_asks(t->router, &q->step, target, &way))
			continue;
		q->heard = false;
		q->inside = true;
		callout_ask(t->flow, t->router, &way, target->address, &q->callout);
		q->inside = false;
		if (!q->heard)
			return;
		if (!q->yes)
			break;
	}
	answer_rcpt(t, q->heard && !q->yes ? &q->why : NULL);
}

static void heard(struct callout *c, const struct fail *why)
{
	struct rcpt_question *q = AROUND(c, struct rcpt_question, callout);

	q->heard = true;
	q->yes = !why;
	if (why)
		q->why = *why;
	if (q->inside)
		return;
	if (why)
		answer_rcpt(AROUND(q, struct transaction, rcpt), why);
	else
		ask_about_rcpt(AROUND(q, struct transaction, rcpt));
}

/* The tables have said what they have to say. */
static void rcpt_ruled(void *owner, const struct fail *refusal)
{
	struct transaction *t = owner;
	struct rcpt_question *q = &t->rcpt;
	struct fail why = { 0 };

	*q = (struct rcpt_question){ .open = true,
		.ticket = t->question.ticket,
		.answered = t->question.answered,
		.owner = t->question.owner,
		.callout.answered = heard,
		.rcpt_count = t->envelope.rcpt_count,
		.discarded = t->discarded };
	arena_init(&q->step, TRANSACTION_OCTETS_MAX);
	if (refusal)
		answer_rcpt(t, refusal);
	else if (add_rcpt(t, &t->question.rcpt, &q->step, &q->targets, &why))
		ask_about_rcpt(t);
	else
		answer_rcpt(t, &why);
}

void transaction_rcpt(struct transaction *t, const struct smtp_rcpt *rcpt, uint32_t ticket,
	transaction_answer *answered, void *owner)
{
	struct access_facts facts = facts_of(t);
	struct question *q = &t->question;
	struct fail why = { 0 };

	forget_rcpt(t);
	begin_question(t, ticket, answered, owner);
	q->rcpt.notify = rcpt->notify;
	if (!arena_keep(&q->arena, rcpt->recipient, &q->rcpt.recipient) ||
		!arena_keep(&q->arena, rcpt->orcpt, &q->rcpt.orcpt)) {
		(void)too_many(&why);
		(void)answered(owner, ticket, &why);
		return;
	}
	facts.recipient = q->rcpt.recipient;
	ruling_rcpt(t->ruling, &facts, rcpt_ruled, t);
}

/* --- the body ----------------------------------------------------------------------------------
 */

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

static enum spool_write write_out(struct transaction *t, str bytes)
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

	t->draft = spool_draft_new(t->flow->spool, t->flow->loop, writable, owner);
	stamp_received(&stamp, &field);
	write_out(t, buf_str(&field));
	buf_free(&field);
}

/* A piece of the header that stays in the message. */
static void keep(void *owner, str bytes)
{
	(void)write_out(owner, bytes); /* whether it is enough is said with the bytes behind it */
}

/* The header has ended: what it lacks comes here, and an empty line if that was missing. */
static void end_header(struct transaction *t)
{
	struct stamp stamp = stamp_of(t);
	struct buf fields = { 0 };

	t->header_done = true;
	if (t->proof)
		proof_header_over(t->proof, keep, t);
	if (t->trusted)
		stamp_missing(&stamp, &t->header, &fields);
	if (t->header.malformed)
		buf_put(&fields, S("\r\n"));
	write_out(t, buf_str(&fields));
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

/* Look at bytes, write them, and what the header lacks at its end.  The start of a line that is too
 * short to be judged is held back until more of it is there. */
static enum spool_write take(struct transaction *t, str bytes, bool *fits, struct fail *why)
{
	size_t n = header_scan_feed(&t->header, bytes);
	enum spool_write before = SPOOL_WRITE_ON, after = SPOOL_WRITE_ON;
	bool over = t->header.over;

	if (t->proof && !t->header_done)
		proof_header(t->proof, str_first(bytes, n), keep, t);
	else
		before = write_out(t, str_first(bytes, n));
	*fits = t->header_done || header_fits(t, why);
	if (over && !t->header_done)
		end_header(t);
	if (over)
		after = write_out(t, str_skip(bytes, n));
	hold(t, over ? S("") : str_skip(bytes, n));
	return before == SPOOL_WRITE_ENOUGH ? before : after;
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

/* --- the promise -------------------------------------------------------------------------------
 */

static void log_accepted(const struct transaction *t, const char *event)
{
	const struct envelope *e = &t->envelope;
	struct log_record r;

	log_open(&r, LOG_INFO, event);
	log_id(&r, "id", e->id);
	log_id(&r, "session", e->session_id);
	log_str(&r, "from", e->sender);
	if (e->login.n > 0)
		log_str(&r, "login", e->login);
	log_int(&r, "recipients", (int64_t)e->rcpt_count);
	log_int(&r, "size", (int64_t)t->octets);
	if (e->flags & ENVELOPE_HELD)
		log_str(&r, "held", e->hold);
	if (t->discarded > 0)
		log_str(&r, "discarded_by", t->discard_rule);
	if (ruling_holds(t->ruling).n > 0)
		log_str(&r, "held_by", ruling_holds(t->ruling));
	log_close(&r);
}

static void answer(struct transaction *t, const struct fail *why, const char *words)
{
	char id[LOG_ID_TEXT_MAX], text[64];
	int n = snprintf(text, sizeof text, "%s %s", words, log_id_print(t->envelope.id, id));

	if (t->committed)
		t->committed(t->owner, why, str_from(text, (size_t)n));
}

static void committed(struct spool_commit *commit)
{
	struct transaction *t = AROUND(commit, struct transaction, commit);
	struct flow *f = t->flow;

	if (commit->ok) {
		struct promise *m = promise_new(&t->envelope, commit->content);

		content_drop(commit->content);
		FLOW_COUNT(f, accepted);
		log_accepted(t, "accepted");
		f->accepted(f->owner, m);
		answer(t, NULL, "queued as");
	} else {
		answer(t, &commit->why, "");
	}
	transaction_free(t);
}

static void add_flags(struct transaction *t)
{
	unsigned *flags = &t->envelope.flags;

	if (t->proof && proof_forged(t->proof))
		*flags |= ENVELOPE_FORGED;
	if (t->header.header_high || (t->proof && !utf8_ascii(proof_top(t->proof))))
		*flags |= ENVELOPE_HEADER_UTF8;
	if (t->header.body_high)
		*flags |= ENVELOPE_EIGHTBIT;
	if (t->header.is_signed || (t->proof && proof_signed(t->proof)))
		*flags |= ENVELOPE_SIGNED;
}

static void hold_by_rule(struct transaction *t)
{
	struct envelope *e = &t->envelope;
	str rule = ruling_holds(t->ruling);

	if (rule.n == 0)
		return;
	e->hold = S("An access table holds it");
	if (!arena_keep(&t->arena, rule, &e->hold_origin))
		e->hold_origin = S(""); /* the hold stands without it */
	e->flags |= ENVELOPE_HELD;
}

/* What a login sends beyond its limits is taken, and waits for somebody to look at it. */
static void hold_beyond_quota(struct transaction *t)
{
	struct envelope *e = &t->envelope;
	struct fail why = { 0 };

	if (e->login.n == 0 || e->rcpt_count == 0 ||
		quota_take(t->flow->quota, router_conf(t->router), e->login, e->rcpt_count,
			loop_now_ms(t->flow->loop), &why))
		return;
	/* where the arena is full, the words are lost, the hold is not */
	(void)(arena_keep(&t->arena, str_of(why.text), &e->hold) &&
		arena_keep(&t->arena, str_of(why.origin), &e->hold_origin));
	e->flags |= ENVELOPE_HELD;
}

/* All of it went to /dev/null, by rules. */
static void throw_away(struct transaction *t)
{
	FLOW_COUNT(t->flow, accepted);
	FLOW_COUNT(t->flow, discarded);
	log_accepted(t, "discarded");
	answer(t, NULL, "accepted as");
	transaction_free(t);
}

static void promise(struct transaction *t)
{
	if (t->proof) {
		str top = proof_top(t->proof);

		spool_draft_head(t->draft, top);
		t->octets += top.n;
	}
	add_flags(t);
	hold_by_rule(t);
	hold_beyond_quota(t);
	t->envelope.octets = t->octets;
	t->commit = (struct spool_commit){ .draft = t->draft,
		.envelope = &t->envelope,
		.loop = t->flow->loop,
		.done = committed };
	t->draft = NULL;
	spool_commit(t->flow->spool, &t->commit);
}

/* What was found out about the sender is known, and costs the message nothing, or all. */
static void proven(void *owner, const struct fail *why)
{
	struct transaction *t = owner;

	if (why) {
		answer(t, why, "");
		transaction_free(t);
	} else if (t->envelope.rcpt_count == 0) {
		throw_away(t);
	} else {
		promise(t);
	}
}

void transaction_commit(struct transaction *t,
	void (*answered)(void *owner, const struct fail *why, str text), void *owner)
{
	header_scan_end(&t->header);
	if (!t->header_done)
		end_header(t);
	t->committed = answered;
	t->owner = owner;
	if (ruling_discards(t->ruling).n > 0) {
		t->envelope.rcpt_count = t->discarded = 0;
		(void)discard(t, ruling_discards(t->ruling), NULL);
	}
	if (t->proof)
		proof_end(t->proof, proven, t);
	else
		proven(t, NULL);
}

void transaction_leave(struct transaction *t)
{
	if (t->commit.envelope)
		t->committed = NULL;
	else
		transaction_free(t);
}
