#include <assert.h>

#include "admin/verify.h"
#include "base/mem.h"
#include "world/clock.h"

/* A question that was put; it lives until the resolver is closed. */
struct slot {
	struct resolve_query query;
	struct list link;
	struct verify_check *check;
	uint32_t ticket;
};

static void drive(struct verify_check *c);

static void answered(struct resolve_query *q)
{
	struct slot *slot = AROUND(q, struct slot, query);
	struct verify_check *c = slot->check;

	if (!c->done) {
		c->kind->answer(c, slot->ticket, q->outcome, q->records);
		drive(c);
	}
}

void verify_ask(struct verify_check *c, str name, enum dns_type type, uint32_t ticket)
{
	struct slot *slot = MEM_NEW(struct slot);

	slot->check = c;
	slot->ticket = ticket;
	list_append(&c->verify->slots, &slot->link);
	resolve_query_init(&slot->query, c->verify->loop, name, type, answered);
	resolve_ask(c->verify->resolver, &slot->query);
}

static void drive(struct verify_check *c)
{
	struct verify *v = c->verify;

	c->done = c->kind->step(c);
	if (!c->done) {
		if (c->kind->deadline_ms)
			loop_timer_set(v->loop, &c->deadline, c->kind->deadline_ms(c));
		return;
	}
	loop_timer_cancel(v->loop, &c->deadline);
	assert(v->open > 0);
	if (--v->open == 0)
		loop_stop(v->loop);
}

static void on_deadline(struct loop_timer *timer)
{
	struct verify_check *c = AROUND(timer, struct verify_check, deadline);

	c->kind->tick(c, clock_steady_ms());
	drive(c);
}

static void on_begin(struct loop_task *task)
{
	drive(AROUND(task, struct verify_check, begin));
}

void verify_ask_run(struct verify *v, struct verify_check *const *checks, size_t count)
{
	v->open = count;
	for (size_t i = 0; i < count; i++) {
		checks[i]->deadline.run = on_deadline;
		checks[i]->begin.run = on_begin;
		loop_post(v->loop, &checks[i]->begin);
	}
	if (count > 0)
		loop_run(v->loop);
}

void verify_ask_close(struct verify *v)
{
	resolve_close(v->resolver); /* what is still under way is dropped with the loop */
	LIST_EACH_SAFE (link, &v->slots) {
		struct slot *slot = AROUND(link, struct slot, link);

		dns_records_free(slot->query.records);
		mem_free(slot);
	}
	list_init(&v->slots);
	loop_free(v->loop);
}
