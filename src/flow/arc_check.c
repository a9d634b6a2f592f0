#include "flow/arc_check.h"

#include "base/mem.h"
#include "flow/questions.h"

struct arc_check {
	struct questions questions;
	struct arc_verify *verify;
	struct loop_timer deadline;
	bool ended;
	void (*done)(void *owner);
	void *owner;
};

static void drive(struct arc_check *c)
{
	for (;;) {
		struct arc_verify_act act = arc_verify_next(c->verify);

		switch (act.kind) {
		case ARC_VERIFY_ASK:
			questions_ask(&c->questions, act.name, DNS_TXT, act.ticket);
			break;
		case ARC_VERIFY_WAIT:
			return;
		case ARC_VERIFY_DONE:
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
	struct arc_check *c = owner;

	arc_verify_answer(c->verify, ticket, questions_key(q->outcome), q->records);
	if (c->ended)
		drive(c);
}

static void too_late(struct loop_timer *timer)
{
	struct arc_check *c = AROUND(timer, struct arc_check, deadline);

	for (uint32_t ticket = 1; ticket <= ARC_SETS_MAX + 1; ticket++)
		arc_verify_answer(c->verify, ticket, DKIM_TROUBLE, NULL); /* open ones only */
	drive(c);
}

struct arc_check *arc_check_new(struct loop *loop, struct resolver *resolver, int64_t now_s)
{
	struct arc_check *c = MEM_NEW(struct arc_check);

	questions_init(&c->questions, loop, resolver, answered, c);
	c->verify = arc_verify_new(now_s);
	c->deadline.run = too_late;
	return c;
}

void arc_check_free(struct arc_check *c)
{
	if (!c)
		return;
	loop_timer_cancel(c->questions.loop, &c->deadline);
	questions_leave(&c->questions);
	arc_verify_free(c->verify);
	mem_free(c);
}

void arc_check_feed(struct arc_check *c, str bytes)
{
	arc_verify_feed(c->verify, bytes);
	drive(c);
}

void arc_check_end(struct arc_check *c, void (*done)(void *owner), void *owner)
{
	c->done = done;
	c->owner = owner;
	c->ended = true;
	loop_timer_set(
		c->questions.loop, &c->deadline, loop_now_ms(c->questions.loop) + ARC_CHECK_MS_MAX);
	arc_verify_end(c->verify);
	drive(c);
}

const struct arc_verify_result *arc_check_result(const struct arc_check *c)
{
	return arc_verify_result(c->verify);
}
