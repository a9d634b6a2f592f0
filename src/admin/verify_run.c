#include <assert.h>

#include "admin/verify.h"

static void begin(struct loop_task *task)
{
	struct verify_check *c = AROUND(task, struct verify_check, task);

	c->kind->begin(c);
}

void verify_run_done(void *check)
{
	struct verify_check *c = check;

	assert(c->verify->open > 0);
	if (--c->verify->open == 0)
		loop_stop(c->verify->loop);
}

void verify_run(struct verify *v, struct verify_check *const *checks, size_t count)
{
	v->open = count;
	for (size_t i = 0; i < count; i++) {
		checks[i]->task.run = begin;
		loop_post(v->loop, &checks[i]->task);
	}
	if (count > 0)
		loop_run(v->loop);
}

/* What nobody waits for any more is still a question of the resolver's: it answers all of them
 * before it is closed, and a last round of the loop frees them. */
void verify_run_close(struct verify *v)
{
	resolve_close(v->resolver);
	loop_stop(v->loop);
	loop_run(v->loop);
	loop_free(v->loop);
}
