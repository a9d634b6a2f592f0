#include "admin/expanded.h"

#include "base/list.h"
#include "route/asking.h"

struct question {
	const struct router *router;
	struct arena *arena;
	str address;
	struct route_targets *targets;
	struct fail *why;
	struct loop *loop;
	struct loop_task begin;
	struct asking asking;
	struct route_ask ask;
	bool ok;
};

static bool expand(struct question *q, route_step *step, void *owner)
{
	q->ask.asking = &q->asking;
	q->ok = route_expand_asking(
		q->router, &q->ask, q->arena, q->address, q->targets, q->why, step, owner);
	return q->ok || !q->ask.waits;
}

static void tell(void *owner)
{
	struct question *q = owner;

	if (expand(q, NULL, NULL) || !asking_wait(&q->asking, tell, q))
		loop_stop(q->loop);
}

static void begin(struct loop_task *task)
{
	tell(AROUND(task, struct question, begin));
}

bool expanded_address(const struct router *r, struct arena *a, str address,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner)
{
	struct question q = { .router = r,
		.arena = a,
		.address = address,
		.targets = targets,
		.why = why,
		.begin.run = begin };

	q.loop = loop_new("expand");
	asking_init(&q.asking, q.loop);
	loop_post(q.loop, &q.begin);
	loop_run(q.loop);
	(void)!expand(&q, step, owner); /* all answers are there: the same once more, and told */
	if (!q.ok && q.ask.failed)
		*why = q.ask.cause; /* whoever asks here may know it all */
	asking_free(&q.asking);
	loop_free(q.loop);
	return q.ok;
}
