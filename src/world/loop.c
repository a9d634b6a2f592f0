#include "world/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/clock.h"
#include "world/logger.h"
#include "world/loop_event.h"

/* Hooks that hooks ask for are run in the same round, so often; then the sockets come first. */
#define HOOK_PASSES_MAX 4

struct loop {
	struct event_base *base;
	struct event bell;    /* rung by the eventfd: there is post */
	struct event timeout; /* for the first of the timers */
	int bell_fd;
	int64_t armed_ms; /* when timeout will fire; INT64_MAX: it is not armed */
	int64_t now_ms;
	bool now_stale;
	struct heap timers;
	struct list soon, at_end; /* of hooks */

	_Atomic(struct loop_task *) posted; /* the last one first */
	atomic_bool sleeping;               /* or about to: ring the bell */
	atomic_bool stopping;
	bool gathers;

	pthread_t thread;
	char name[16];
};

static void on_bell(evutil_socket_t fd, short what, void *owner)
{
	(void)fd;
	(void)what;
	loop_enter(owner);
}

static void on_timeout(evutil_socket_t fd, short what, void *owner)
{
	struct loop *l = owner;

	(void)fd;
	(void)what;
	l->armed_ms = INT64_MAX;
	loop_enter(l);
}

struct loop *loop_new(const char *name)
{
	struct loop *l = MEM_NEW(struct loop);
	struct event_config *config = event_config_new();

	/* A peer that goes away is an error of the write to it, not a signal: OpenSSL cannot ask
	 * for MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	assert(config);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	l->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert(l->base && l->bell_fd >= 0); /* at the start, or not at all */
	/* edge-triggered: each write rings, and nobody has to read it */
	event_assign(&l->bell, l->base, l->bell_fd, EV_READ | EV_PERSIST | EV_ET, on_bell, l);
	event_add(&l->bell, NULL);
	evtimer_assign(&l->timeout, l->base, on_timeout, l);
	l->armed_ms = INT64_MAX;
	l->now_ms = clock_steady_ms();
	list_init(&l->soon);
	list_init(&l->at_end);
	str_to_c(str_of(name), l->name, sizeof l->name);
	return l;
}

static void run_all(struct list *hooks)
{
	struct list batch;

	list_init(&batch);
	list_insert(hooks, &batch); /* take the place of the head, */
	list_remove(hooks);         /* which is empty now */
	while (!list_empty(&batch)) {
		struct loop_hook *hook = AROUND(list_first(&batch), struct loop_hook, link);

		list_remove(&hook->link);
		hook->run(hook);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	run_all(&l->at_end);
	event_del(&l->bell);
	evtimer_del(&l->timeout);
	event_base_free(l->base);
	close(l->bell_fd);
	heap_free(&l->timers);
	mem_free(l);
}

void loop_gathers(struct loop *l)
{
	l->gathers = true;
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

void loop_enter(struct loop *l)
{
	if (!l->now_stale)
		return;
	l->now_ms = clock_steady_ms();
	l->now_stale = false;
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

void loop_soon(struct loop *l, struct loop_hook *hook)
{
	if (list_empty(&hook->link))
		list_append(&l->soon, &hook->link);
}

void loop_at_end(struct loop *l, struct loop_hook *hook)
{
	list_remove(&hook->link);
	list_append(&l->at_end, &hook->link);
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms)
{
	heap_set(&l->timers, &timer->node, at_ms);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *timer)
{
	heap_remove(&l->timers, &timer->node);
}

/* The loop says that it will sleep and then looks for post once more; a poster posts and then looks
 * whether the loop sleeps.  In any order of these four, one of the two sees the other. */
static void ring(struct loop *l)
{
	uint64_t one = 1;
	ssize_t written;

	if (!atomic_load(&l->sleeping) || !atomic_exchange(&l->sleeping, false))
		return;
	written = write(l->bell_fd, &one, sizeof one);
	assert(written == sizeof one); /* it counts to 2^64 */
}

void loop_post(struct loop *l, struct loop_task *task)
{
	struct loop_task *last = atomic_load(&l->posted);

	do {
		task->next = last;
	} while (!atomic_compare_exchange_weak(&l->posted, &last, task));
	ring(l);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stopping, true);
	ring(l);
}

/* The timeout may stand too early, after the first timer was moved: that costs an idle round, and
 * saves arming it at every move. */
static void arm_timeout(struct loop *l)
{
	struct heap_node *first = heap_first(&l->timers);
	struct timeval in;
	int64_t in_ms;

	if (!first || first->at >= l->armed_ms)
		return;
	in_ms = first->at - clock_steady_ms();
	if (in_ms < 0)
		in_ms = 0;
	in.tv_sec = in_ms / 1000;
	in.tv_usec = in_ms % 1000 * 1000;
	evtimer_add(&l->timeout, &in);
	l->armed_ms = first->at;
}

static void wait_and_serve(struct loop *l)
{
	bool busy = !list_empty(&l->soon);
	int failed;

	arm_timeout(l);
	if (!busy) {
		atomic_store(&l->sleeping, true);
		busy = atomic_load(&l->posted) || atomic_load(&l->stopping);
	}
	l->now_stale = true;
	failed = event_base_loop(l->base, EVLOOP_ONCE | (busy ? EVLOOP_NONBLOCK : 0));
	assert(failed == 0);
	atomic_store(&l->sleeping, false);
	loop_enter(l);
}

static void run_posted(struct loop *l)
{
	struct loop_task *last = atomic_exchange(&l->posted, NULL), *first = NULL;

	while (last) {
		struct loop_task *before = last->next;

		last->next = first;
		first = last;
		last = before;
	}
	while (first) {
		struct loop_task *task = first;

		first = task->next; /* task may be freed, or posted again, by its run */
		task->run(task);
	}
}

static void run_timers(struct loop *l)
{
	/* those that are set anew to the same moment wait for the next round */
	for (size_t left = l->timers.count; left > 0; left--) {
		struct heap_node *first = heap_first(&l->timers);
		struct loop_timer *timer;

		if (!first || first->at > l->now_ms)
			break;
		heap_remove(&l->timers, first);
		timer = AROUND(first, struct loop_timer, node);
		timer->run(timer);
	}
}

void loop_run(struct loop *l)
{
	bool stop = false;

	logger_hold(true);
	while (!stop) {
		wait_and_serve(l);
		if (l->gathers)
			sched_yield();            /* on an idle machine it returns at once */
		stop = atomic_load(&l->stopping); /* before the post is taken, see loop_stop */
		run_posted(l);
		run_timers(l);
		for (int pass = 0; pass < HOOK_PASSES_MAX && !list_empty(&l->soon); pass++)
			run_all(&l->soon);
		logger_flush();
	}
	atomic_store(&l->stopping, false);
	logger_hold(false);
}

static void *run_thread(void *owner)
{
	struct loop *l = owner;

	pthread_setname_np(pthread_self(), l->name);
	loop_run(l);
	return NULL;
}

void loop_start(struct loop *l)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the first thread */
	failed = pthread_create(&l->thread, NULL, run_thread, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(failed == 0);
}

void loop_join(struct loop *l)
{
	int failed = pthread_join(l->thread, NULL);

	assert(failed == 0);
}
