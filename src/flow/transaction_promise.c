#include "flow/transaction_inside.h"

#include <stdio.h>

#include "base/list.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gate/quarantine.h"
#include "gate/quota.h"

static void log_accepted(const struct transaction *t, const char *event)
{
	const struct envelope *e = &t->envelope;
	struct log_record r;

	log_open(&r, LOG_INFO, event);
	log_id(&r, "session", e->session_id);
	transaction_log(t, &r);
	if (e->login.n > 0)
		log_str(&r, "login", e->login);
	if (e->forwarder.n > 0)
		log_str(&r, "forwarded_as", e->forwarder);
	log_int(&r, "recipients", (int64_t)e->rcpt_count);
	log_int(&r, "size", (int64_t)t->octets);
	if (e->flags & ENVELOPE_HELD)
		log_str(&r, "held", e->hold);
	if (e->hold_origin.n > 0)
		log_str(&r, "held_by", e->hold_origin);
	if (t->recipients.discarded > 0)
		log_str(&r, "discarded_by", t->recipients.discard_rule);
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
		m->quarantined = t->quarantined > 0;
		t->quarantined = 0; /* the place is the promise's now */
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
	if (transaction_left(t)->header_high || (t->proof && !utf8_ascii(proof_top(t->proof))))
		*flags |= ENVELOPE_HEADER_UTF8;
	if (t->header.body_high)
		*flags |= ENVELOPE_EIGHTBIT;
	if (transaction_left(t)->is_signed || (t->proof && proof_signed(t->proof)))
		*flags |= ENVELOPE_SIGNED;
}

static void hold_by_rule(struct transaction *t)
{
	struct envelope *e = &t->envelope;
	str rule = ruling_holds(t->ruling);

	if (rule.n == 0)
		return;
	/* where the arena is full, the words are lost, the hold is not */
	(void)(arena_keep(&t->arena, ruling_hold_words(t->ruling), &e->hold) &&
		arena_keep(&t->arena, rule, &e->hold_origin));
	e->flags |= ENVELOPE_HELD;
}

/* What a login sends beyond its limits is taken, and waits for somebody to look at it; false: as
 * much waits already. */
static bool hold_beyond_quota(struct transaction *t, struct fail *why)
{
	struct envelope *e = &t->envelope;

	if (e->login.n == 0 || e->rcpt_count == 0)
		return true;
	switch (quota_take(t->flow->quota, router_conf(t->router), e->login, e->rcpt_count,
		loop_now_ms(t->flow->loop), why)) {
	case QUOTA_GO:
		return true;
	case QUOTA_HOLD:
		/* where the arena is full, the words are lost, the hold is not */
		(void)(arena_keep(&t->arena, str_of(why->text), &e->hold) &&
			arena_keep(&t->arena, str_of(why->origin), &e->hold_origin));
		e->flags |= ENVELOPE_HELD;
		return true;
	case QUOTA_REFUSE:
		break;
	}
	return false;
}

/* False: it would be quarantined, and there is no place for it. */
static bool hold_by_proof(struct transaction *t, struct fail *full)
{
	struct envelope *e = &t->envelope;
	struct fail why = { 0 };
	uint64_t octets = t->octets;

	if (e->flags & ENVELOPE_HELD || !t->proof || !proof_holds(t->proof, &why))
		return true;
	octets += proof_top(t->proof).n; /* as promise will count it */
	if (!quarantine_take(t->flow->quarantine, router_conf(t->router), octets, full))
		return false;
	t->quarantined = octets;
	/* as above */
	(void)(arena_keep(&t->arena, str_of(why.text), &e->hold) &&
		arena_keep(&t->arena, str_of(why.origin), &e->hold_origin));
	e->flags |= ENVELOPE_HELD | ENVELOPE_QUARANTINED;
	return true;
}

void transaction_leave_quarantine(struct transaction *t)
{
	if (t->quarantined > 0)
		quarantine_leave(t->flow->quarantine, t->quarantined);
}

/* All of it went to /dev/null, by rules, and nobody gets a copy. */
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
	t->envelope.octets = t->octets;
	t->commit = (struct spool_commit){ .draft = t->draft,
		.envelope = &t->envelope,
		.loop = t->flow->loop,
		.done = committed };
	t->draft = NULL;
	spool_commit(t->flow->spool, &t->commit);
}

/* It is sent on with the sender that it has. */
static void not_rewritten(struct transaction *t, const struct fail *why)
{
	struct log_record r;

	for (size_t i = 0; i < t->envelope.rcpt_count; i++)
		t->envelope.rcpts[i].forwarded = false;
	log_open(&r, LOG_WARNING, "not-rewritten");
	log_id(&r, "id", t->envelope.id);
	log_str(&r, "from", t->envelope.sender);
	log_fail(&r, why);
	log_close(&r);
}

static void rewritten(void *owner, str address, const struct fail *refusal)
{
	struct transaction *t = owner;
	struct fail why = { 0 };

	t->forwarding = NULL;
	if (refusal && refusal->kind == FAIL_TEMPORARY) {
		answer(t, refusal, "");
		transaction_free(t);
		return;
	}
	if (refusal)
		not_rewritten(t, refusal);
	else if (arena_keep(&t->arena, address, &t->envelope.forwarder))
		t->envelope.flags |= ENVELOPE_FORWARDED;
	else if (!recipients_too_many(&why))
		not_rewritten(t, &why);
	promise(t);
}

static void rewrite(struct transaction *t)
{
	struct fail why = { 0 };

	t->forwarding =
		forwarding_rewrite(t->flow, t->router, t->envelope.sender, rewritten, t, &why);
	if (t->forwarding)
		return;
	answer(t, &why, "");
	transaction_free(t);
}

static void copied(struct copies *c, const struct fail *why)
{
	struct transaction *t = AROUND(c, struct transaction, copies);
	str filter = ruling_filter(t->ruling);
	struct fail full;

	if (!why && filter.n > 0 && !recipients_filter(&t->recipients, filter, &full))
		why = &full;
	if (why) {
		answer(t, why, "");
		transaction_free(t);
	} else if (t->envelope.rcpt_count == 0) {
		throw_away(t);
	} else if (forwarding_leaves(t->router, &t->envelope)) {
		rewrite(t);
	} else {
		promise(t);
	}
}

/* Copies do not count against the limits of a login. */
static void take_in(struct transaction *t)
{
	struct fail why = { 0 };

	hold_by_rule(t);
	if (!hold_beyond_quota(t, &why) || !hold_by_proof(t, &why)) {
		answer(t, &why, "");
		transaction_free(t);
		return;
	}
	t->copies = (struct copies){ .rcpts = &t->recipients,
		.router = t->router,
		.ruling = t->ruling,
		.loop = t->flow->loop };
	copies_add(&t->copies, t->envelope.id, copied);
}

/* What was found out about the sender is known, and costs the message nothing, or all. */
static void proven(void *owner, const struct fail *why)
{
	struct transaction *t = owner;

	if (why) {
		answer(t, why, "");
		transaction_free(t);
	} else if (ruling_discards(t->ruling).n > 0) {
		throw_away(t);
	} else {
		take_in(t); /* its recipients may be gone, those who get copies are not */
	}
}

void transaction_commit(struct transaction *t,
	void (*answered)(void *owner, const struct fail *why, str text), void *owner)
{
	header_scan_end(&t->header);
	if (!t->header_done)
		transaction_end_header(t);
	t->committed = answered;
	t->owner = owner;
	body_rules_end(&t->body);
	if (transaction_refusal(t)) { /* for its last field, or line */
		answer(t, transaction_refusal(t), "");
		transaction_free(t);
		return;
	}
	if (ruling_discards(t->ruling).n > 0)
		recipients_discard_all(&t->recipients, ruling_discards(t->ruling));
	if (t->proof)
		proof_end(t->proof, proven, t);
	else
		proven(t, NULL);
}
