/* All that wait, in order, and the oldest of them. */
#include "queue/schedule_ids.h"

#include "queue/schedule_fake.h"
#include "test/test.h"

#define COUNT 10000 /* several runs */

static const char settings[] = "hostname pivot.test\n"
			       "listen mx { on 127.0.0.1:2525; tls off }\n"
			       "route * { smtp 127.0.0.1:2599 }\n";

/* The table grows while the ids are gathered: who was there before is there once, in its place. */
TEST(schedule_ids_come_in_order_while_the_table_grows)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_ids ids = { 0 };
	uint64_t id, expected = 1, added = 0;
	unsigned steps = 1;

	for (uint64_t i = COUNT; i > 0; i--)
		play_add(s, i, "x@a.test", T0);
	while (schedule_ids_gather(&ids, s)) {
		steps++;
		for (unsigned i = 0; i < COUNT && steps <= 3; i++)
			play_add(s, COUNT + ++added, "x@a.test", T0);
	}
	CHECK(steps > 2);
	while (schedule_ids_next(&ids, &id)) {
		CHECK(expected <= COUNT ? id == expected : id > COUNT && id <= COUNT + added);
		CHECK(id >= expected);
		expected = id + 1;
	}
	CHECK(expected > COUNT);
	schedule_ids_free(&ids);
	schedule_free(s);
}

/* The first bit of an id is one of its time's: it is set from 2039 on, and comes last. */
TEST(schedule_ids_come_in_order_in_the_year_2039)
{
	struct schedule *s = play_schedule(settings, T0);
	uint64_t first = ((uint64_t)1 << 63) - COUNT / 2, id, expected = first;
	struct schedule_ids ids = { 0 };

	for (uint64_t i = 0; i < COUNT; i++)
		play_add(s, first + i, "x@a.test", T0);
	while (schedule_ids_gather(&ids, s))
		;
	while (schedule_ids_next(&ids, &id))
		CHECK(id == expected++);
	CHECK(expected == first + COUNT);
	schedule_ids_free(&ids);
	schedule_free(s);
}

/* A table that was long once is gone over in steps, too, with nearly nothing in it. */
TEST(schedule_ids_are_gathered_in_steps_where_few_are_left)
{
	enum { MANY = 100000, LEFT = 3 };
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_ids ids = { 0 };
	unsigned steps = 1, count = 0;
	uint64_t id;

	for (uint64_t i = 1; i <= MANY; i++)
		play_add(s, i, "x@a.test", T0);
	for (uint64_t i = 1; i <= MANY - LEFT; i++) {
		struct promise *m = schedule_find(s, i);

		schedule_withdraw(s, m, T0);
		schedule_close(s, m, 0, SPOOL_DELETED);
	}
	while (schedule_ids_gather(&ids, s))
		steps++;
	CHECK(steps >= 4);
	while (schedule_ids_next(&ids, &id))
		CHECK(id == MANY - LEFT + ++count);
	CHECK_INT(count, LEFT);
	schedule_ids_free(&ids);
	schedule_free(s);
}

TEST(schedule_ids_end_early_and_name_in_any_order)
{
	static const uint64_t named[] = { 7, 3, 5 };
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_ids some = { 0 }, none = { 0 }, these = { 0 };
	uint64_t id;

	CHECK(!schedule_ids_gather(&none, s) && !schedule_ids_next(&none, &id));
	schedule_ids_free(&none);
	for (uint64_t i = 1; i <= 9; i++)
		play_add(s, i, "x@a.test", T0);
	CHECK(!schedule_ids_gather(&some, s) && schedule_ids_next(&some, &id) && id == 1);
	schedule_ids_free(&some); /* with more in it */
	schedule_ids_named(&these, named, 3);
	for (unsigned i = 0; i < 3; i++)
		CHECK(schedule_ids_next(&these, &id) && id == named[i]);
	CHECK(!schedule_ids_next(&these, &id));
	schedule_ids_free(&these);
	schedule_free(s);
}

static void end_one(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act = play_next(s, now_ms);

	CHECK_INT(act.kind, SCHEDULE_START);
	play_deliver(s, &act, SCHEDULE_CLOSED, now_ms);
}

TEST(schedule_sum_knows_the_oldest_whoever_leaves)
{
	struct schedule *s = play_schedule(settings, T0);

	CHECK_INT(schedule_sum(s).oldest_ms, 0);
	for (uint64_t i = 1; i <= 3; i++) {
		play_add(s, i, "x@a.test", T0 + 10 * (int64_t)i);
		CHECK(schedule_sum(s).oldest_ms == T0 + 10);
	}
	play_add(s, 4, "x@a.test", T0); /* as one that was imported */
	CHECK(schedule_sum(s).oldest_ms == T0 && schedule_sum(s).messages == 4);
	for (unsigned i = 0; i < 3; i++) {
		int64_t was_ms = schedule_sum(s).oldest_ms;
		struct schedule_sum now;

		end_one(s, T0 + 100);
		now = schedule_sum(s);
		CHECK_INT(now.messages, 3);
		CHECK(now.oldest_ms >= was_ms);
		play_add(s, 100 + i, "x@a.test", T0 + 1000 + i); /* younger: nothing changes */
		CHECK(schedule_sum(s).oldest_ms == now.oldest_ms);
	}
	while (schedule_sum(s).messages > 0)
		end_one(s, T0 + 2000);
	CHECK_INT(schedule_sum(s).oldest_ms, 0);
	schedule_free(s);
}
