#include "queue/spool_fake.h"

#include <assert.h>

#include "base/list.h"
#include "base/mem.h"
#include "world/clock.h"
#include "world/loop.h"

struct prng fake_dice;

/* --- loops ------------------------------------------------------------------------------------ */

#define LOOPS_MAX 64

struct loop {
	struct loop_task *first, **end;
	struct heap timers;
	bool stopped;
};

static struct loop *loops[LOOPS_MAX];
static size_t loop_count;
int64_t fake_now_ms;

struct loop *loop_new(const char *name)
{
	struct loop *l = MEM_NEW(struct loop);

	(void)name;
	l->end = &l->first;
	assert(loop_count < LOOPS_MAX);
	loops[loop_count++] = l;
	return l;
}

void loop_free(struct loop *l)
{
	size_t i = 0;

	while (loops[i] != l)
		i++;
	loops[i] = loops[--loop_count];
	heap_free(&l->timers);
	mem_free(l);
}

void loop_gathers(struct loop *l)
{
	(void)l;
}

void loop_start(struct loop *l)
{
	(void)l;
}

void loop_post(struct loop *l, struct loop_task *task)
{
	if (l->stopped)
		return;
	task->next = NULL;
	*l->end = task;
	l->end = &task->next;
}

static void run_one(struct loop *l)
{
	struct loop_task *task = l->first;

	l->first = task->next;
	if (!l->first)
		l->end = &l->first;
	task->run(task);
}

void loop_stop(struct loop *l)
{
	while (l->first)
		run_one(l);
	l->stopped = true;
}

void loop_join(struct loop *l)
{
	(void)l;
}

int64_t loop_now_ms(const struct loop *l)
{
	(void)l;
	return fake_now_ms;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms)
{
	heap_set(&l->timers, &timer->node, at_ms);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *timer)
{
	heap_remove(&l->timers, &timer->node);
}

bool fake_run(unsigned tasks_max)
{
	bool any = false;

	while (tasks_max-- > 0) {
		struct loop *ready[LOOPS_MAX];
		size_t count = 0;

		for (size_t i = 0; i < loop_count; i++)
			if (loops[i]->first && !loops[i]->stopped)
				ready[count++] = loops[i];
		if (count == 0)
			break;
		run_one(ready[prng_below(&fake_dice, count)]);
		any = true;
	}
	return any;
}

/* The first timer up to a moment fires. */
static bool fire(int64_t until_ms)
{
	struct loop *first = NULL;
	struct heap_node *node;

	for (size_t i = 0; i < loop_count; i++) {
		node = loops[i]->stopped ? NULL : heap_first(&loops[i]->timers);
		if (node && (!first || node->at < heap_first(&first->timers)->at))
			first = loops[i];
	}
	node = first ? heap_first(&first->timers) : NULL;
	if (!node || node->at > until_ms)
		return false;
	if (node->at > fake_now_ms)
		fake_now_ms = node->at;
	heap_remove(&first->timers, node);
	AROUND(node, struct loop_timer, node)->run(AROUND(node, struct loop_timer, node));
	return true;
}

void fake_sleep(int64_t ms)
{
	int64_t until_ms = fake_now_ms + ms;

	do {
		while (fake_run(1000))
			;
	} while (fire(until_ms));
	fake_now_ms = until_ms;
}

uint64_t clock_random(void)
{
	return prng_next(&fake_dice);
}
