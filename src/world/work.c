#include "world/work.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

#define PATIENT_NICE 10

struct work {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct work_job *first, **last; /* those that wait */
	size_t waiting, waiting_max;
	bool closing, patient;
	char name[16];
	unsigned thread_count;
	pthread_t threads[];
};

static void tell_done(struct loop_task *task)
{
	struct work_job *job = AROUND(task, struct work_job, task);

	job->done(job);
}

/* The next one, or null: the pool is closing. */
static struct work_job *take(struct work *w)
{
	struct work_job *job;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->closing)
		pthread_cond_wait(&w->more, &w->lock);
	job = w->first;
	if (job) {
		w->first = job->next;
		if (!w->first)
			w->last = &w->first;
		w->waiting--;
		job->cancelled = w->closing;
	}
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void *serve(void *owner)
{
	struct work *w = owner;
	struct work_job *job;

	pthread_setname_np(pthread_self(), w->name);
	/* Linux counts nice values by thread. It needs no right, and where it fails nothing is
	 * lost. */
	if (w->patient)
		(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), PATIENT_NICE);
	while ((job = take(w))) {
		if (!job->cancelled)
			job->run(job);
		job->task.run = tell_done;
		loop_post(job->loop, &job->task);
	}
	return NULL;
}

struct work *work_open(const char *name, unsigned threads, size_t waiting_max, bool patient)
{
	struct work *w = mem_zero(sizeof *w + threads * sizeof w->threads[0]);
	sigset_t all, before;

	assert(threads > 0);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->last = &w->first;
	w->waiting_max = waiting_max;
	w->patient = patient;
	w->thread_count = threads;
	str_to_c(str_of(name), w->name, sizeof w->name);
	sigfillset(&all);
	sigdelset(
		&all, SIGSYS); /* of a system call that the walls refuse: blocked, it would kill */
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the first thread */
	for (unsigned i = 0; i < threads; i++) {
		int failed = pthread_create(&w->threads[i], NULL, serve, w);

		assert(failed == 0); /* at the start, or not at all */
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w;
}

bool work_post(struct work *w, struct work_job *job)
{
	bool room;

	pthread_mutex_lock(&w->lock);
	assert(!w->closing);
	room = w->waiting < w->waiting_max;
	if (room) {
		job->next = NULL;
		job->cancelled = false;
		*w->last = job;
		w->last = &job->next;
		w->waiting++;
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	return room;
}

void work_close(struct work *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->thread_count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}
