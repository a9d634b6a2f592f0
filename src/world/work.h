/*
 * world/work - what blocks, or computes for long, done beside the loops
 *
 * A pool of a few threads with a list of what waits, both bounded.  A loop posts a job, a thread
 * runs it, and the loop that asked hears of it: nobody waits for a lock, a disk or a hash inside a
 * loop.  Each kind of work has a pool of its own, so that none can starve another.
 *
 * A job belongs to the pool from work_post until its done is called, in the loop it names, never
 * from inside a call that the owner makes.  Jobs begin in the order in which they were posted.
 */
#ifndef WORLD_WORK_H
#define WORLD_WORK_H

#include "world/loop.h"

struct work;

/* Zero it, set run, done and loop. */
struct work_job {
	void (*run)(struct work_job *job);  /* in a thread of the pool: touches the job's own data
					       and what may be shared by threads */
	void (*done)(struct work_job *job); /* in the loop */
	struct loop *loop;
	bool cancelled; /* at done: the pool was closed before its turn came, and run was not called
			 */
	struct work_job *next;
	struct loop_task task; /* the pool's */
};

/* name: of the threads, at most 15 bytes.  waiting_max: jobs that have not begun.  patient: the
 * threads give way to all others on a busy machine (nice 10), so that a flood of jobs does not slow
 * the loops. */
struct work *work_open(
	const char *name, unsigned threads, size_t waiting_max, bool patient) MUST_USE;

/* From any thread.  False: waiting_max jobs wait already, and the job is still the caller's. */
bool work_post(struct work *w, struct work_job *job) MUST_USE;

/* What runs is waited for, what waits is cancelled; done has been posted for all of it when this
 * returns.  The loops of the jobs must be served until they have taken that. */
void work_close(struct work *w); /* null is allowed */

#endif
