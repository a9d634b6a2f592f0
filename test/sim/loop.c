#include "world/loop.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/net.h"
#include "test/sim/sim.h"
#include "test/sim/trace.h"

#define POST_NS_MIN 500
#define POST_NS_MAX (200 * 1000) /* a thread is woken within this, nearly always */
#define POST_LATE_NS_MAX (30 * SIM_MS)
#define TIMER_SLOP_NS_MAX (2 * SIM_MS)

struct loop *loop_new(const char *name)
{
	struct node *n = sim.here_node;
	struct loop *l = MEM_NEW(struct loop);

	assert(strlen(name) <= 15);
	assert(n->loop_count < SIM_LOOPS_MAX);
	str_to_c(str_of(name), l->name, sizeof l->name);
	l->node = n;
	l->index = ++n->loop_count;
	l->slop_ns = sim_between(1, TIMER_SLOP_NS_MAX);
	l->busy_ns = l->round_ns = sim_here_ns();
	list_init(&l->dirty);
	list_append(&n->loops, &l->link);
	return l;
}

/* Posts arrive late here in any case. */
void loop_gathers(struct loop *l)
{
	(void)l;
}

void loop_free(struct loop *l)
{
	struct heap_node *first;

	assert(!l->served || l->ended);
	while ((first = heap_first(&l->events))) {
		heap_remove(&l->events, first);
		AROUND(first, struct sim_event, node)->drop(AROUND(first, struct sim_event, node));
	}
	heap_free(&l->events);
	heap_free(&l->timers);
	list_remove(&l->link);
	mem_free(l);
}

void loop_start(struct loop *l)
{
	int64_t here_ns = sim_here_ns();

	assert(!l->served);
	l->served = true;
	if (l->busy_ns < here_ns)
		l->busy_ns = here_ns;
}

void loop_run(struct loop *l)
{
	loop_start(l);
	loop_join(l);
}

struct post {
	struct sim_event event;
	struct loop *loop;
	struct loop_task *task; /* null: the order to stop */
};

static void post_drop(struct sim_event *e)
{
	mem_free(AROUND(e, struct post, event));
}

static void post_run(struct sim_event *e)
{
	struct post *p = AROUND(e, struct post, event);
	struct loop_task *task = p->task;

	if (!task)
		p->loop->ended = true;
	post_drop(e);
	if (task)
		task->run(task);
}

static void post(struct loop *l, struct loop_task *task, int64_t at_ns)
{
	struct post *p = MEM_NEW(struct post);

	p->event = (struct sim_event){ .run = post_run, .drop = post_drop };
	p->loop = l;
	p->task = task;
	sim_push(l, &p->event, at_ns);
}

void loop_post(struct loop *l, struct loop_task *task)
{
	unsigned from = sim.here_loop ? sim.here_loop->index : 0;
	int64_t at_ns = sim_here_ns() +
			sim_between(POST_NS_MIN, sim_chance(5) ? POST_LATE_NS_MAX : POST_NS_MAX);

	assert(sim.here_node == l->node);
	if (at_ns <= l->posted_ns[from])
		at_ns = l->posted_ns[from] + 1;
	l->posted_ns[from] = at_ns;
	post(l, task, at_ns);
}

void loop_stop(struct loop *l)
{
	int64_t at_ns = sim_here_ns();

	if (l->stopping)
		return;
	l->stopping = true;
	for (size_t i = 0; i < LENGTH(l->posted_ns); i++)
		if (l->posted_ns[i] > at_ns)
			at_ns = l->posted_ns[i];
	post(l, NULL, at_ns + 1);
}

/* The others go on meanwhile, but for them time seems to have jumped. */
void loop_join(struct loop *l)
{
	assert(l->served);
	while (!l->ended && !sim.failed)
		if (!sim_run_loop(l)) {
			sim_fail("%s waits for ever for its loop %s", l->node->name, l->name);
			l->ended = true;
		}
	l->ended = true;
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->round_ns / SIM_MS + l->node->steady_ms;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms)
{
	assert(timer->run);
	heap_set(&l->timers, &timer->node, at_ms);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *timer)
{
	heap_remove(&l->timers, &timer->node);
}
