#include "flow/spf_check.h"

#include "base/mem.h"
#include "flow/questions.h"

struct spf_check {
	struct questions questions;
	struct spf *spf;
	struct loop_timer timer; /* the machine's deadline; the first time: at once */
	bool over;
	void (*done)(void *owner);
	void *owner;
};

static void drive(struct spf_check *c)
{
	for (;;) {
		struct spf_act act = spf_next(c->spf);

		switch (act.kind) {
		case SPF_ASK:
			questions_ask(&c->questions, act.name, act.type, act.ticket);
			break;
		case SPF_WAIT:
			loop_timer_set(c->questions.loop, &c->timer, spf_deadline_ms(c->spf));
			return;
		case SPF_DONE:
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
	static const enum spf_answer answers[] = {
		[RESOLVE_FOUND] = SPF_FOUND,
		[RESOLVE_NO_NAME] = SPF_NO_NAME,
		[RESOLVE_NO_DATA] = SPF_NO_DATA,
		[RESOLVE_TROUBLE] = SPF_TROUBLE,
	};
	struct spf_check *c = owner;

	spf_answer(c->spf, ticket, answers[q->outcome], q->records);
	drive(c);
}

static void ticked(struct loop_timer *timer)
{
	struct spf_check *c = AROUND(timer, struct spf_check, timer);

	spf_tick(c->spf, loop_now_ms(c->questions.loop));
	drive(c);
}

struct spf_check *spf_check_new(struct loop *loop, struct resolver *resolver,
	struct spf_request request, void (*done)(void *owner), void *owner)
{
	struct spf_check *c = MEM_NEW(struct spf_check);

	questions_init(&c->questions, loop, resolver, answered, c);
	request.now_ms = loop_now_ms(loop);
	c->spf = spf_new(&request);
	c->done = done;
	c->owner = owner;
	c->timer.run = ticked;
	loop_timer_set(loop, &c->timer, request.now_ms);
	return c;
}

void spf_check_free(struct spf_check *c)
{
	if (!c)
		return;
	loop_timer_cancel(c->questions.loop, &c->timer);
	questions_leave(&c->questions);
	spf_free(c->spf);
	mem_free(c);
}

bool spf_check_done(const struct spf_check *c)
{
	return c->over;
}

const struct spf_verdict *spf_check_verdict(const struct spf_check *c)
{
	return spf_verdict(c->spf);
}
