/* world/work in the simulated world: a thread is a moment until which it is busy, and a job takes
 * a time that the seed draws. */
#include "world/work.h"

#include <assert.h>

#include "base/list.h"
#include "base/mem.h"
#include "test/sim/sim.h"

#define JOB_NS_MIN (50 * 1000)
#define JOB_NS_MAX (300 * SIM_MS)

struct work {
	struct list turns; /* that have not ended, in the order of their posts */
	size_t waiting_max;
	unsigned thread_count;
	int64_t busy_ns[]; /* by thread */
};

/* The end of a job, on the loop that asked. */
struct turn {
	struct sim_event event;
	struct list link;
	struct work_job *job;
	int64_t begins_ns;
};

struct work *work_open(const char *name, unsigned threads, size_t waiting_max, bool patient)
{
	struct work *w = mem_zero(sizeof *w + threads * sizeof w->busy_ns[0]);

	(void)name;
	(void)patient;
	assert(threads > 0);
	list_init(&w->turns);
	w->waiting_max = waiting_max;
	w->thread_count = threads;
	return w;
}

static void turn_drop(struct sim_event *e)
{
	mem_free(AROUND(e, struct turn, event));
}

static void turn_run(struct sim_event *e)
{
	struct turn *t = AROUND(e, struct turn, event);
	struct work_job *job = t->job;

	list_remove(&t->link);
	mem_free(t);
	job->run(job);
	job->done(job);
}

static size_t waiting(const struct work *w)
{
	size_t n = 0;

	LIST_EACH (link, &w->turns)
		n += AROUND(link, struct turn, link)->begins_ns > sim_here_ns();
	return n;
}

static int64_t *free_thread(struct work *w)
{
	int64_t *first = &w->busy_ns[0];

	for (unsigned i = 1; i < w->thread_count; i++)
		if (w->busy_ns[i] < *first)
			first = &w->busy_ns[i];
	return first;
}

bool work_post(struct work *w, struct work_job *job)
{
	int64_t *thread = free_thread(w);
	struct turn *t;

	if (waiting(w) >= w->waiting_max)
		return false;
	t = MEM_NEW(struct turn);
	t->event = (struct sim_event){ .run = turn_run, .drop = turn_drop };
	t->job = job;
	job->cancelled = false;
	t->begins_ns = *thread > sim_here_ns() ? *thread : sim_here_ns();
	*thread = t->begins_ns + sim_between(JOB_NS_MIN, JOB_NS_MAX);
	list_append(&w->turns, &t->link);
	sim_push(job->loop, &t->event, *thread);
	return true;
}

static void tell_done(struct loop_task *task)
{
	struct work_job *job = AROUND(task, struct work_job, task);

	job->done(job);
}

/* Whoever closes waits for what has begun. */
void work_close(struct work *w)
{
	if (!w)
		return;
	LIST_EACH_SAFE (link, &w->turns) {
		struct turn *t = AROUND(link, struct turn, link);
		struct work_job *job = t->job;

		heap_remove(&job->loop->events, &t->event.node);
		job->cancelled = t->begins_ns > sim_here_ns();
		list_remove(link);
		mem_free(t);
		if (!job->cancelled)
			job->run(job);
		job->task.run = tell_done;
		loop_post(job->loop, &job->task);
	}
	mem_free(w);
}
