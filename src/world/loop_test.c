/* The loop: posts from many threads, in order, none lost; timers in their order; hooks. */
#include "test/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "world/clock.h"
#include "world/loop.h"
#include "world/loop_event.h"

#define POSTERS 4
#define POSTS 20000

struct parcel {
	struct loop_task task;
	struct loop *loop;
	int poster, number;
};

static struct {
	int next[POSTERS];
	int seen;
	bool in_order;
} inbox;

static void on_parcel(struct loop_task *task)
{
	struct parcel *p = AROUND(task, struct parcel, task);

	inbox.in_order = inbox.in_order && inbox.next[p->poster] == p->number;
	inbox.next[p->poster] = p->number + 1;
	if (++inbox.seen == POSTERS * POSTS)
		loop_stop(p->loop);
}

static void *post_all(void *owner)
{
	struct parcel *parcels = owner;

	for (int i = 0; i < POSTS; i++)
		loop_post(parcels[i].loop, &parcels[i].task);
	return NULL;
}

TEST(loop_runs_every_post_once_and_in_order)
{
	struct loop *l = loop_new("test");
	struct parcel *parcels = mem_zero(POSTERS * POSTS * sizeof *parcels);
	pthread_t threads[POSTERS];

	inbox.seen = 0;
	inbox.in_order = true;
	memset(inbox.next, 0, sizeof inbox.next);
	for (int i = 0; i < POSTERS * POSTS; i++)
		parcels[i] = (struct parcel){
			.task.run = on_parcel, .loop = l, .poster = i / POSTS, .number = i % POSTS
		};
	loop_start(l);
	for (int i = 0; i < POSTERS; i++)
		CHECK(pthread_create(&threads[i], NULL, post_all, parcels + i * POSTS) == 0);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	loop_join(l);
	CHECK_INT(inbox.seen, POSTERS * POSTS);
	CHECK(inbox.in_order);
	loop_free(l);
	mem_free(parcels);
}

/* Two loops that wake each other again and again: a lost wake-up would hang the test. */
struct ball {
	struct loop_task task;
	struct loop *sides[2];
	int hits;
};

static void on_ball(struct loop_task *task)
{
	struct ball *b = AROUND(task, struct ball, task);

	if (++b->hits < 20000) {
		loop_post(b->sides[b->hits % 2], task);
		return;
	}
	loop_stop(b->sides[0]);
	loop_stop(b->sides[1]);
}

TEST(loop_is_woken_from_its_sleep)
{
	struct ball b = {
		.task.run = on_ball, .sides = {loop_new("left"), loop_new("right")}
	};

	loop_gathers(b.sides[0]);
	loop_start(b.sides[0]);
	loop_start(b.sides[1]);
	loop_post(b.sides[0], &b.task);
	loop_join(b.sides[0]);
	loop_join(b.sides[1]);
	CHECK_INT(b.hits, 20000);
	loop_free(b.sides[0]);
	loop_free(b.sides[1]);
}

struct tick {
	struct loop_timer timer;
	struct loop *loop;
	int number;
	int64_t at_ms;
};

static int fired[8], fired_count;
static bool too_early;

static void on_tick(struct loop_timer *timer)
{
	struct tick *t = AROUND(timer, struct tick, timer);

	too_early = too_early || loop_now_ms(t->loop) < t->at_ms || clock_steady_ms() < t->at_ms;
	fired[fired_count++] = t->number;
	if (t->number == 9)
		loop_stop(t->loop);
}

TEST(loop_timers_fire_in_order_and_not_early)
{
	struct loop *l = loop_new("test");
	struct tick ticks[5];
	static const struct {
		int number, in_ms;
	} rows[5] = {
		{9,  30  },
                { 2, 10  },
                { 1, 5   },
                { 7, 1000},
                { 3, 20  }
	};
	int64_t now_ms = loop_now_ms(l);

	fired_count = 0;
	too_early = false;
	for (int i = 0; i < 5; i++) {
		ticks[i] = (struct tick){ .timer.run = on_tick,
			.loop = l,
			.number = rows[i].number,
			.at_ms = now_ms + rows[i].in_ms };
		loop_timer_set(l, &ticks[i].timer, ticks[i].at_ms);
	}
	ticks[4].at_ms = now_ms + 1; /* moved to the front */
	loop_timer_set(l, &ticks[4].timer, ticks[4].at_ms);
	loop_timer_cancel(l, &ticks[3].timer);
	loop_timer_cancel(l, &ticks[3].timer);
	loop_run(l);
	CHECK_INT(fired_count, 4);
	CHECK(fired[0] == 3 && fired[1] == 1 && fired[2] == 2 && fired[3] == 9);
	CHECK(!too_early);
	loop_free(l);
}

/* A timer that sets itself to now may not keep the loop from its other work. */
static int spins;
static struct loop *spinning;

static void on_spin(struct loop_timer *timer)
{
	spins++;
	loop_timer_set(spinning, timer, loop_now_ms(spinning));
}

static void on_stop(struct loop_task *task)
{
	(void)task;
	loop_stop(spinning);
}

TEST(loop_timers_do_not_starve_the_post)
{
	struct loop_timer timer = { .run = on_spin };
	struct loop_task task = { .run = on_stop };

	spins = 0;
	spinning = loop_new("test");
	loop_timer_set(spinning, &timer, 0);
	loop_post(spinning, &task);
	loop_run(spinning);
	CHECK(spins >= 1);
	loop_free(spinning);
}

struct hooked {
	struct loop_hook hook;
	struct loop *loop;
	int runs;
};

static void on_hook(struct loop_hook *hook)
{
	struct hooked *h = AROUND(hook, struct hooked, hook);

	h->runs++;
	if (h->runs < 20)
		loop_soon(h->loop, hook);
	else
		loop_stop(h->loop);
}

static void on_end(struct loop_hook *hook)
{
	AROUND(hook, struct hooked, hook)->runs++;
}

TEST(loop_hooks_run_until_none_is_left)
{
	struct loop *l = loop_new("test");
	struct hooked a = { .hook.run = on_hook, .loop = l }, b = { .hook.run = on_end, .loop = l };

	list_init(&a.hook.link);
	list_init(&b.hook.link);
	loop_soon(l, &a.hook);
	loop_soon(l, &a.hook); /* counts once */
	loop_at_end(l, &b.hook);
	loop_run(l);
	CHECK_INT(a.runs, 20);
	CHECK_INT(b.runs, 0);
	loop_free(l);
	CHECK_INT(b.runs, 1);
}

static void on_nothing(struct loop_task *task)
{
	AROUND(task, struct parcel, task)->number = 1;
}

TEST(loop_stop_lets_earlier_posts_run)
{
	struct loop *l = loop_new("test");
	struct parcel p = { .task.run = on_nothing };

	for (int i = 0; i < 3; i++) { /* it may be run again */
		p.number = 0;
		loop_post(l, &p.task);
		loop_stop(l);
		loop_run(l);
		CHECK_INT(p.number, 1);
	}
	loop_free(l);
}
