#include "flow/dkim_check.h"

#include "base/mem.h"
#include "flow/questions.h"

struct dkim_check {
	struct questions questions;
	struct dkim_verify *verify;
	struct loop_timer deadline;
	bool ended;
	void (*done)(void *owner);
	void *owner;
};

static void drive(struct dkim_check *c)
{
	for (;;) {
		struct dkim_verify_act act = dkim_verify_next(c->verify);

		switch (act.kind) {
		case DKIM_VERIFY_ASK:
			questions_ask(&c->questions, act.name, DNS_TXT, act.ticket);
			break;
		case DKIM_VERIFY_WAIT:
			return;
		case DKIM_VERIFY_DONE:
			if (!c->ended)
				return; /* nothing is signed */
			loop_timer_cancel(c->questions.loop, &c->deadline);
			questions_leave(&c->questions);
			c->done(c->owner);
			return;
		}
	}
}

static void answered(void *owner, uint32_t ticket, const struct resolve_query *q)
{
	struct dkim_check *c = owner;

	dkim_verify_answer(c->verify, ticket, questions_key(q->outcome), q->records);
	if (c->ended)
		drive(c);
}

static void too_late(struct loop_timer *timer)
{
	struct dkim_check *c = AROUND(timer, struct dkim_check, deadline);

	for (uint32_t ticket = 1; ticket <= DKIM_VERIFY_SIGNATURES_MAX; ticket++)
		dkim_verify_answer(c->verify, ticket, DKIM_TROUBLE, NULL); /* open ones only */
	drive(c);
}

struct dkim_check *dkim_check_new(struct loop *loop, struct resolver *resolver, int64_t now_s)
{
	struct dkim_check *c = MEM_NEW(struct dkim_check);

	questions_init(&c->questions, loop, resolver, answered, c);
	c->verify = dkim_verify_new(now_s);
	c->deadline.run = too_late;
	return c;
}

void dkim_check_free(struct dkim_check *c)
{
	if (!c)
		return;
	loop_timer_cancel(c->questions.loop, &c->deadline);
	questions_leave(&c->questions);
	dkim_verify_free(c->verify);
	mem_free(c);
}

void dkim_check_feed(struct dkim_check *c, str bytes)
{
	dkim_verify_feed(c->verify, bytes);
	drive(c);
}

void dkim_check_end(struct dkim_check *c, void (*done)(void *owner), void *owner)
{
	c->done = done;
	c->owner = owner;
	c->ended = true;
	loop_timer_set(c->questions.loop, &c->deadline,
		loop_now_ms(c->questions.loop) + DKIM_CHECK_MS_MAX);
	dkim_verify_end(c->verify);
	drive(c);
}

const struct dkim_verify *dkim_check_verdicts(const struct dkim_check *c)
{
	return c->verify;
}
