#include "admin/rewritten.h"

#include "base/list.h"

struct question {
	const struct router *router;
	str address;
	struct loop *loop;
	struct loop_task begin;
	struct asking asking;
	enum canonical_end end;
	struct canonical_result result;
};

static void tell(void *owner)
{
	struct question *q = owner;
	struct canonical look = { .router = q->router, .asking = &q->asking };

	q->end = canonical_rewrite(
		&look, CANONICAL_RECIPIENT, CONF_ENVELOPE, q->address, &q->result);
	if (q->end != CANONICAL_WAIT || !asking_wait(&q->asking, tell, q))
		loop_stop(q->loop);
}

static void begin(struct loop_task *task)
{
	tell(AROUND(task, struct question, begin));
}

enum canonical_end rewritten_recipient(
	const struct router *r, struct arena *a, str address, struct canonical_result *result)
{
	struct question q = { .router = r, .address = address, .begin.run = begin };

	*result = (struct canonical_result){ .address = address };
	if (router_conf(r)->rewrite.recipient.count == 0)
		return CANONICAL_NONE;
	q.loop = loop_new("rewrite");
	asking_init(&q.asking, q.loop);
	loop_post(q.loop, &q.begin);
	loop_run(q.loop);
	*result = q.result;
	result->address = arena_copy(a, q.result.address);
	asking_free(&q.asking);
	loop_free(q.loop);
	return q.end;
}
