#include "flow/transaction_inside.h"

#include "gate/owner.h"
#include "gate/relay.h"

/* Where a bounce goes back to, its address has proven (flow/forwarding). */
static bool may_relay(const struct transaction *t, str recipient, struct fail *why)
{
	struct relay_client client = { t->envelope.client, t->envelope.login, t->certified };

	return t->rcpt.returns || relay_allowed(t->router, &client, recipient, why);
}

static bool routes_nothing(const struct transaction *t, str recipient,
	const struct route_targets *targets, struct fail *why)
{
	struct relay_client client = { t->envelope.client, t->envelope.login, t->certified };

	return t->rcpt.returns || relay_routes_nothing(t->router, &client, recipient, targets, why);
}

/* All that he stands for. */
static bool add_rcpt(struct transaction *t, struct fail *why)
{
	const struct smtp_rcpt *rcpt = &t->question.rcpt;
	struct rcpt_question *q = &t->rcpt;
	str rule = ruling_discards_rcpt(t->ruling);

	if (!routes_nothing(t, q->addressing.address, &q->addressing.targets, why))
		return false;
	if (rule.n == 0)
		return recipients_add(
			&t->recipients, rcpt, q->original, &q->addressing.targets, why);
	q->addressing.targets.count = 0;
	return recipients_discard(&t->recipients, rule, why);
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

/* The tables let it in, perhaps with another sender; the sender's own domain, of the one that was
 * said, may not. */
static void mail_ruled(void *owner, const struct fail *refusal)
{
	struct transaction *t = owner;
	struct envelope *e = &t->envelope;
	struct fail why = { 0 };

	if (!refusal && !arena_keep(&t->arena, ruling_address(t->ruling, e->sender), &e->sender)) {
		(void)recipients_too_many(&why);
		refusal = &why;
	}
	if (refusal || !t->proof) {
		answer_mail(t, refusal);
		return;
	}
	if (ruling_excuses(t->ruling))
		proof_excuse(t->proof);
	proof_mail(t->proof, answer_mail, t);
}

/* May the login use this sender?  Then the tables are asked what they think of him. */
static void own_sender(void *owner)
{
	struct transaction *t = owner;
	const struct envelope *e = &t->envelope;
	struct route_ask ask = { .asking = &t->owner_asking };
	struct access_facts facts = facts_of(t);
	struct fail why = { 0 };
	bool may = e->login.n == 0 || owner_may_send(t->router, &ask, e->login, e->sender, &why);

	if (!may && ask.waits && asking_wait(&t->owner_asking, own_sender, t))
		return;
	if (ask.failed)
		addressing_log_failed(e->id, &ask);
	if (may)
		ruling_mail(t->ruling, &facts, mail_ruled, t);
	else
		answer_mail(t, &why);
}

void transaction_mail(
	struct transaction *t, uint32_t ticket, transaction_answer *answered, void *owner)
{
	struct fail why = { 0 };

	begin_question(t, ticket, answered, owner);
	if (!spool_accepts(t->flow->spool, &why))
		answer_mail(t, &why);
	else
		own_sender(t);
}

static void take_rcpt_back(struct transaction *t, const struct rcpt_question *q)
{
	recipients_take_back(&t->recipients, &q->addressing.targets, q->before);
}

void transaction_forget_rcpt(struct transaction *t)
{
	if (!t->rcpt.open)
		return;
	t->rcpt.open = false;
	forwarding_forget(t->rcpt.behind);
	callout_forget(&t->rcpt.callout);
	take_rcpt_back(t, &t->rcpt);
	addressing_end(&t->rcpt.addressing);
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
	t->rcpt.addressing.router = NULL; /* q has it now */
	if (refusal)
		take_rcpt_back(t, &q);
	else
		ruling_rcpt_taken(t->ruling); /* before the next question begins */
	if (!q.answered(q.owner, q.ticket, refusal ? &why : NULL) && !refusal)
		take_rcpt_back(t, &q);
	addressing_end(&q.addressing);
	arena_free(&q.step);
}

/* Ask about one target after the other; go on when the answer comes.  Who was accepted by a rule is
 * asked about no more. */
static void ask_about_rcpt(struct transaction *t)
{
	struct rcpt_question *q = &t->rcpt;

	if (ruling_excuses(t->ruling))
		q->next = q->addressing.targets.count;
	while (q->next < q->addressing.targets.count) {
		const struct route_target *target = &q->addressing.targets.items[q->next++];
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

/* It is known who he is, or that he is nobody. */
static void addressed(struct addressing *a)
{
	struct rcpt_question *q = AROUND(a, struct rcpt_question, addressing);
	struct transaction *t = AROUND(q, struct transaction, rcpt);
	struct fail why = a->why;

	if (a->ok && add_rcpt(t, &why))
		ask_about_rcpt(t);
	else
		answer_rcpt(t, &why);
}

/* address: who is meant; how he was called is in the question. */
static void take_rcpt(struct transaction *t, str address)
{
	struct rcpt_question *q = &t->rcpt;
	struct fail why = { 0 };

	if (!may_relay(t, address, &why) ||
		(!arena_keep(&t->arena, t->question.rcpt.recipient, &q->original) &&
			!recipients_too_many(&why)))
		answer_rcpt(t, &why);
	else if (addressing_begin(&q->addressing, t->flow->loop, t->router, t->envelope.id, address,
			 addressed))
		addressed(&q->addressing);
}

/* A sender that we have rewritten is who he was. */
static void came_back(void *owner, str address, const struct fail *refusal)
{
	struct transaction *t = owner;

	t->rcpt.behind = NULL;
	t->rcpt.returns = true;
	if (refusal)
		answer_rcpt(t, refusal);
	else
		take_rcpt(t, address);
}

/* The tables have said what they have to say. */
static void rcpt_ruled(void *owner, const struct fail *refusal)
{
	struct transaction *t = owner;
	struct rcpt_question *q = &t->rcpt;
	str recipient = t->question.rcpt.recipient;
	struct fail why = { 0 };

	*q = (struct rcpt_question){ .open = true,
		.ticket = t->question.ticket,
		.answered = t->question.answered,
		.owner = t->question.owner,
		.callout.answered = heard,
		.before = recipients_mark(&t->recipients) };
	arena_init(&q->step, TRANSACTION_OCTETS_MAX);
	if (refusal) {
		answer_rcpt(t, refusal);
	} else if (forwarding_comes_back(t->router, recipient)) {
		q->behind = forwarding_return(
			t->flow, t->router, t->envelope.sender, recipient, came_back, t, &why);
		if (!q->behind)
			answer_rcpt(t, &why);
	} else {
		take_rcpt(t, ruling_address(t->ruling, recipient));
	}
}

void transaction_rcpt(struct transaction *t, const struct smtp_rcpt *rcpt, uint32_t ticket,
	transaction_answer *answered, void *owner)
{
	struct access_facts facts = facts_of(t);
	struct question *q = &t->question;
	struct fail why = { 0 };

	transaction_forget_rcpt(t);
	begin_question(t, ticket, answered, owner);
	q->rcpt.notify = rcpt->notify;
	if (!arena_keep(&q->arena, rcpt->recipient, &q->rcpt.recipient) ||
		!arena_keep(&q->arena, rcpt->orcpt, &q->rcpt.orcpt)) {
		(void)recipients_too_many(&why);
		(void)answered(owner, ticket, &why);
		return;
	}
	facts.recipient = q->rcpt.recipient;
	ruling_rcpt(t->ruling, &facts, rcpt_ruled, t);
}
