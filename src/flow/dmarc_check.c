#include "flow/dmarc_check.h"

#include "base/mem.h"
#include "flow/questions.h"

struct dmarc_check {
	struct questions questions;
	struct dmarc *dmarc;
	struct loop_timer timer; /* the machine's deadline; the first time: at once */
	bool over;
	void (*done)(void *owner);
	void *owner;
};

static void drive(struct dmarc_check *c)
{
	for (;;) {
		struct dmarc_act act = dmarc_next(c->dmarc);

		switch (act.kind) {
		case DMARC_ASK:
			questions_ask(&c->questions, act.name, act.type, act.ticket);
			break;
		case DMARC_WAIT:
			loop_timer_set(c->questions.loop, &c->timer, dmarc_deadline_ms(c->dmarc));
			return;
		case DMARC_DONE:
			c->over = true;
			loop_timer_cancel(c->questions.loop, &c->timer);
			questions_leave(&c->questions);
			c->done(c->owner);
			return;
		}
	}
}

static void answered(void *owner, uint32_t ticket, const struct resolve_query *q)
{
	static const enum dmarc_answer answers[] = {
		[RESOLVE_FOUND] = DMARC_FOUND,
		[RESOLVE_NO_NAME] = DMARC_NO_NAME,
		[RESOLVE_NO_DATA] = DMARC_NO_DATA,
		[RESOLVE_TROUBLE] = DMARC_TROUBLE,
	};
	struct dmarc_check *c = owner;

	dmarc_answer(c->dmarc, ticket, answers[q->outcome], q->records);
	drive(c);
}

static void ticked(struct loop_timer *timer)
{
	struct dmarc_check *c = AROUND(timer, struct dmarc_check, timer);

	dmarc_tick(c->dmarc, loop_now_ms(c->questions.loop));
	drive(c);
}

struct dmarc_check *dmarc_check_new(struct loop *loop, struct resolver *resolver,
	struct dmarc_request request, void (*done)(void *owner), void *owner)
{
	struct dmarc_check *c = MEM_NEW(struct dmarc_check);

	questions_init(&c->questions, loop, resolver, answered, c);
	request.now_ms = loop_now_ms(loop);
	c->dmarc = dmarc_new(&request);
	c->done = done;
	c->owner = owner;
	c->timer.run = ticked;
	loop_timer_set(loop, &c->timer, request.now_ms);
	return c;
}

void dmarc_check_free(struct dmarc_check *c)
{
	if (!c)
		return;
	loop_timer_cancel(c->questions.loop, &c->timer);
	questions_leave(&c->questions);
	dmarc_free(c->dmarc);
	mem_free(c);
}

bool dmarc_check_done(const struct dmarc_check *c)
{
	return c->over;
}

const struct dmarc_verdict *dmarc_check_verdict(const struct dmarc_check *c)
{
	return dmarc_verdict(c->dmarc);
}
