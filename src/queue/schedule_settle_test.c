/* Very many destinations, and something new for all of them: it comes to them in steps, and nothing
 * is started before the last one. */
#include "queue/schedule_fake.h"
#include "queue/schedule_inside.h"

#include <stdio.h>

#include "test/test.h"

#define MANY 20000

static const char settings[] = "hostname pivot.test\n"
			       "listen mx { on 127.0.0.1:2525; tls off }\n"
			       "transport two { smtp; connections 2; tls none }\n"
			       "route * { transport two }\n";

static void add_one(struct schedule *s, uint64_t id, const char *domain)
{
	char to[60];

	snprintf(to, sizeof to, "u@d%u.%s", (unsigned)id, domain);
	play_add(s, id, to, T0);
}

/* Many, each with a mail; all look-ups have been answered, and one mail has gone. */
static struct schedule *play_many(void)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	for (uint64_t id = 1; id <= MANY; id++)
		add_one(s, id, "big.test");
	act = play_next(s, T0);
	CHECK_INT(act.kind, SCHEDULE_START);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK_INT(schedule_destinations(s)->count, MANY - 1);
	return s;
}

static size_t count_paused(const struct schedule *s)
{
	const struct map *all = schedule_destinations(s);
	size_t count = 0;

	for (struct map_entry *e = map_next(all, NULL); e; e = map_next(all, e))
		count += ((struct schedule_destination *)e->value)->paused;
	return count;
}

/* After a reload none of them is needed any more. */
TEST(schedule_drops_many_destinations_in_steps)
{
	struct schedule *s = play_many();
	const struct map *all = schedule_destinations(s);
	struct router *router = play_router("hostname pivot.test\n"
					    "listen mx { on 127.0.0.1:2525; tls off }\n"
					    "route * { smtp 127.0.0.1:2600 }\n");
	struct schedule_act act;
	size_t before = all->count, calls = 0;

	schedule_reroute(s, router, T0);
	router_drop(router);
	while ((act = schedule_next(s, T0)).kind == SCHEDULE_IDLE) {
		/* the new one is there from the first step on */
		CHECK(before + 1 - all->count <= SCHEDULE_SETTLE_STEP);
		CHECK(schedule_deadline_ms(s) <= T0);
		calls += all->count < before;
		before = all->count;
	}
	CHECK_INT(act.kind, SCHEDULE_START);
	CHECK(calls >= MANY / SCHEDULE_SETTLE_STEP - 1);
	CHECK_INT(all->count, 1);
	CHECK_STR(act.slot->destination->nexthop, S(""));
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}

/* One call after the other, with new destinations in between, so that the table grows, until all
 * have heard of it: the act of the last one. */
static struct schedule_act settle(struct schedule *s, uint64_t *id)
{
	size_t steps = 0, paused = count_paused(s), now;
	struct schedule_act act;

	while ((act = schedule_next(s, T0)).kind == SCHEDULE_IDLE && s->settling) {
		CHECK(schedule_deadline_ms(s) <= T0);
		now = count_paused(s);
		CHECK((now > paused ? now - paused : paused - now) <= SCHEDULE_SETTLE_STEP);
		paused = now;
		for (unsigned i = 0; i < 1000 && steps < 15; i++)
			add_one(s, ++*id, "new.big.test");
		steps++;
	}
	CHECK(!s->settling);
	CHECK(steps >= MANY / SCHEDULE_SETTLE_STEP);
	return act;
}

TEST(schedule_starts_nothing_before_all_know_of_a_pause)
{
	struct schedule *s = play_many();
	size_t buckets = schedule_destinations(s)->bucket_count;
	str host = S("big.test");
	struct schedule_act act;
	uint64_t id = MANY;

	CHECK(schedule_pause(s, S("big.test")));
	act = settle(s, &id);
	CHECK_INT(act.kind, SCHEDULE_RESOLVE);
	schedule_resolved(s, act.ticket, &host, 1, 0, T0);
	CHECK(schedule_destinations(s)->bucket_count > buckets);
	play_idle(s, T0); /* those that came in meanwhile have been looked up */
	CHECK_INT(count_paused(s), schedule_destinations(s)->count);
	play_add(s, ++id, "u@other.test", T0);
	act = play_start(s, "two:other.test", T0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	play_idle(s, T0);

	CHECK(schedule_resume(s, S("big.test")));
	act = settle(s, &id);
	if (act.kind == SCHEDULE_RESOLVE) {
		schedule_resolved(s, act.ticket, &host, 1, 0, T0);
		act = play_next(s, T0);
	}
	CHECK_INT(count_paused(s), 0);
	CHECK_INT(act.kind, SCHEDULE_START);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}

/* What is said last holds, for those that had heard of the former, too. */
TEST(schedule_begins_anew_with_a_word_in_the_middle)
{
	struct schedule *s = play_many();
	struct schedule_act act;

	CHECK(schedule_pause(s, S("big.test")));
	for (unsigned i = 0; i < 5; i++)
		CHECK_INT(schedule_next(s, T0).kind, SCHEDULE_IDLE);
	CHECK(s->settling && count_paused(s) > 0);
	CHECK(schedule_resume(s, S("big.test")));
	while ((act = schedule_next(s, T0)).kind == SCHEDULE_IDLE)
		CHECK(s->settling);
	CHECK_INT(act.kind, SCHEDULE_START);
	CHECK(!s->settling);
	CHECK_INT(count_paused(s), 0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(schedule_pause(s, S("big.test")));
	play_end(s, T0); /* we stop in the middle */
}
