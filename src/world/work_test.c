/* The pool: every job ends once, beside the loop; a full pool says so; closing loses nothing. */
#include "test/test.h"

#include <stdatomic.h>

#include "base/list.h"
#include "base/mem.h"
#include "world/work.h"

#define JOBS 2000

static struct {
	struct loop *loop;
	atomic_int running, running_most;
	atomic_bool gate;
	int ended, cancelled, want;
} here;

struct sum {
	struct work_job job;
	int number, square;
	bool ran;
};

static void run_sum(struct work_job *job)
{
	struct sum *s = AROUND(job, struct sum, job);
	int running = atomic_fetch_add(&here.running, 1) + 1, most = here.running_most;

	while (running > most && !atomic_compare_exchange_weak(&here.running_most, &most, running))
		;
	while (!atomic_load(&here.gate))
		;
	s->square = s->number * s->number;
	s->ran = true;
	atomic_fetch_sub(&here.running, 1);
}

static void sum_done(struct work_job *job)
{
	struct sum *s = AROUND(job, struct sum, job);

	CHECK(s->ran == !job->cancelled);
	CHECK(job->cancelled || s->square == s->number * s->number);
	here.cancelled += job->cancelled;
	if (++here.ended == here.want)
		loop_stop(here.loop);
}

static struct sum *sums_new(int count)
{
	struct sum *sums = mem_zero((size_t)count * sizeof *sums);

	here.loop = loop_new("test");
	here.ended = here.cancelled = 0;
	here.want = count;
	here.running = here.running_most = 0;
	for (int i = 0; i < count; i++) {
		sums[i].number = i;
		sums[i].job =
			(struct work_job){ .run = run_sum, .done = sum_done, .loop = here.loop };
	}
	return sums;
}

TEST(work_runs_every_job_once_in_as_many_threads_as_asked)
{
	struct sum *sums = sums_new(JOBS);
	struct work *w = work_open("pool", 3, JOBS, true);

	here.gate = true;
	for (int i = 0; i < JOBS; i++)
		CHECK(work_post(w, &sums[i].job));
	loop_run(here.loop);
	CHECK_INT(here.ended, JOBS);
	CHECK_INT(here.cancelled, 0);
	CHECK(here.running_most <= 3);
	work_close(w);
	loop_free(here.loop);
	mem_free(sums);
}

TEST(work_refuses_what_it_has_no_room_for_and_cancels_what_waits_when_it_closes)
{
	struct sum *sums = sums_new(5);
	struct work *w = work_open("pool", 1, 3, false);

	here.gate = false;
	CHECK(work_post(w, &sums[0].job));
	while (here.running == 0) /* the thread has taken it */
		;
	for (int i = 1; i < 4; i++)
		CHECK(work_post(w, &sums[i].job));
	CHECK(!work_post(w, &sums[4].job));
	here.want = 4;
	here.gate = true;
	work_close(w);
	loop_run(here.loop);
	CHECK_INT(here.ended, 4);
	CHECK(here.cancelled <= 3); /* the one that ran was not */
	CHECK(sums[0].ran && !sums[4].ran);
	loop_free(here.loop);
	mem_free(sums);
}
