/* What the schedule promises, with a clock that the test holds. */
#include "queue/schedule_fake.h"
#include "queue/schedule_inside.h"

#include <stdio.h>

#include "test/test.h"

static const char settings[] =
	"hostname pivot.test\n"
	"listen mx { on 127.0.0.1:2525; tls off }\n"
	"transport one { smtp 127.0.0.1:2599; connections 1; delay-between 1s }\n"
	"transport two { smtp; connections 2; tls none }\n"
	"route slow.test { transport one }\n"
	"route * { transport two }\n"
	"queue { retry 5m 10m; warn 4h; lifetime 5d }\n";

TEST(schedule_groups_recipients_by_destination)
{
	static const char *const to[] = { "a@x.test", "b@y.test", "c@X.test" };
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	play_add_all(s, 1, to, 3, T0);
	act = play_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 2);
	CHECK_INT(act.job->rcpts[0], 0);
	CHECK_INT(act.job->rcpts[1], 2);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(schedule_find(s, 1));
	act = play_start(s, "two:y.test", T0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(!schedule_find(s, 1));
	play_idle(s, T0);
	CHECK_INT(schedule_destinations(s)->count, 0);
	schedule_free(s);
}

TEST(schedule_keeps_the_limits_of_a_transport)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	for (uint64_t id = 1; id <= 3; id++)
		play_add(s, id, "a@slow.test", T0);
	act = play_start(s, "one:127.0.0.1", T0);
	play_idle(s, T0); /* one connection */
	play_deliver(s, &act, SCHEDULE_KEPT, T0 + 100);
	play_idle(s, T0 + 1099); /* one second from end to start */
	act = play_start(s, "one:127.0.0.1", T0 + 1100);
	CHECK_INT(act.slot->mails, 2); /* over the same connection */
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 1200);
	act = play_start(s, "one:127.0.0.1", T0 + 2200);
	CHECK_INT(act.slot->mails, 1);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 2300);
	schedule_free(s);
}

TEST(schedule_backs_off_per_destination_and_probes_once)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act, alive;
	int64_t now_ms = T0;

	for (uint64_t id = 1; id <= 4; id++)
		play_add(s, id, "a@dead.test", now_ms);
	for (unsigned n = 0; n < 2; n++) { /* two connections, both fail */
		act = play_start(s, "two:dead.test", now_ms);
		if (n == 0) {
			struct schedule_act other = play_start(s, "two:dead.test", now_ms);

			play_trouble(s, &other, now_ms);
			play_idle(s, now_ms); /* the other one may still work: one connection */
		}
		play_trouble(s, &act, now_ms);
		play_idle(s, now_ms);
		now_ms = schedule_deadline_ms(s);
		CHECK(now_ms >= T0 + (n + 1) * 300000);
	}
	play_add(s, 9, "a@alive.test", now_ms);
	act = play_start(s, "two:dead.test", now_ms);
	alive = play_start(s, "two:alive.test", now_ms); /* the dead one delays nobody */
	play_deliver(s, &alive, SCHEDULE_CLOSED, now_ms);
	play_idle(s, now_ms);                           /* one probe */
	play_deliver(s, &act, SCHEDULE_CLOSED, now_ms); /* alive again */
	for (unsigned n = 0; n < 3; n++) {
		act = play_start(s, "two:dead.test", now_ms);
		play_deliver(s, &act, SCHEDULE_CLOSED, now_ms);
	}
	play_idle(s, now_ms);
	schedule_free(s);
}

TEST(schedule_lets_destinations_take_turns)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act big[2], small;

	for (uint64_t id = 1; id <= 10; id++)
		play_add(s, id, "a@big.test", T0);
	big[0] = play_start(s, "two:big.test", T0);
	play_add(s, 11, "a@small.test", T0);
	big[1] = play_start(s, "two:big.test", T0);
	small = play_start(s, "two:small.test", T0);
	play_deliver(s, &big[0], SCHEDULE_KEPT, T0);
	play_deliver(s, &big[1], SCHEDULE_KEPT, T0);
	play_deliver(s, &small, SCHEDULE_KEPT, T0);
	play_add(s, 12, "a@small.test", T0);
	big[0] = play_start(s, "two:big.test", T0);
	small = play_start(s, "two:small.test", T0); /* not behind the other eight */
	play_deliver(s, &big[0], SCHEDULE_CLOSED, T0);
	play_deliver(s, &small, SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}

TEST(schedule_hangs_up_on_idle_connections)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;
	int driver;

	play_add(s, 1, "a@x.test", T0);
	act = play_start(s, "two:x.test", T0);
	act.slot->driver = &driver;
	play_deliver(s, &act, SCHEDULE_KEPT, T0);
	play_idle(s, T0);
	CHECK(schedule_deadline_ms(s) == T0 + SCHEDULE_IDLE_MS);
	act = play_next(s, T0 + SCHEDULE_IDLE_MS);
	CHECK_INT(act.kind, SCHEDULE_HANG_UP);
	CHECK(act.slot->driver == &driver);
	play_idle(s, T0 + SCHEDULE_IDLE_MS);
	CHECK_INT(schedule_destinations(s)->count, 1); /* the connection is not closed yet */
	schedule_hung_up(s, act.slot, T0 + SCHEDULE_IDLE_MS);
	CHECK_INT(schedule_destinations(s)->count, 0);
	schedule_free(s);
}

TEST(schedule_waits_for_a_recipient_that_was_put_off)
{
	struct schedule *s = play_schedule(settings, T0);
	struct promise *m = play_add(s, 1, "a@x.test", T0);
	struct schedule_act act = play_start(s, "two:x.test", T0);

	m->rcpts[0].in_hand = false;
	m->rcpts[0].next_ms = T0 + 5000;
	schedule_add(s, m, T0);
	schedule_done(s, act.slot, SCHEDULE_CLOSED, NULL, T0);
	schedule_job_free(act.job);
	play_idle(s, T0 + 4999);
	CHECK(schedule_deadline_ms(s) == T0 + 5000);
	schedule_retry(s, schedule_find(s, 1), NULL, T0 + 1000); /* the admin does not wait */
	act = play_start(s, "two:x.test", T0 + 1000);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 1000);
	schedule_free(s);
}

TEST(schedule_warns_and_expires)
{
	struct schedule *s = play_schedule(settings, T0);
	struct promise *m;
	struct schedule_act act;

	play_add(s, 1, "a@dead.test", T0);
	act = play_start(s, "two:dead.test", T0);
	play_trouble(s, &act, T0);
	act = play_next(s, T0 + 4 * HOUR_MS);
	CHECK_INT(act.kind, SCHEDULE_WARN);
	CHECK_INT(act.message->envelope.id, 1);
	act = play_start(s, "two:dead.test", T0 + 4 * HOUR_MS);
	play_trouble(s, &act, T0 + 4 * HOUR_MS);
	play_idle(s, T0 + 4 * HOUR_MS);
	act = play_next(s, T0 + 120 * HOUR_MS);
	CHECK_INT(act.kind, SCHEDULE_EXPIRE);
	m = act.message; /* it was shelved meanwhile */
	CHECK(schedule_expired(s, m, T0 + 120 * HOUR_MS));
	schedule_withdraw(s, m, T0 + 120 * HOUR_MS);
	schedule_close(s, m, 0, SPOOL_BOUNCED);
	play_idle(s, T0 + 120 * HOUR_MS);
	CHECK(!schedule_find(s, 1));
	schedule_free(s);
}

TEST(schedule_reroutes_what_waits)
{
	struct schedule *s = play_schedule(settings, T0);
	struct router *router;
	struct schedule_act act;

	play_add(s, 1, "a@slow.test", T0);
	act = play_start(s, "one:127.0.0.1", T0);
	play_add(s, 2, "a@slow.test", T0);
	router = play_router("hostname pivot.test\n"
			     "listen mx { on 127.0.0.1:2525; tls off }\n"
			     "transport quick { smtp 127.0.0.1:2600 }\n"
			     "route * { transport quick }\n");
	schedule_reroute(s, router, T0);
	router_drop(router);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	act = play_start(s, "quick:127.0.0.1", T0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	play_idle(s, T0 + 60000);
	schedule_free(s);
}

/* A long queue is grouped anew step by step; what comes in meanwhile goes by the new routes, what
 * is looked for is found, and nothing is started before the end. */
TEST(schedule_reroutes_a_long_queue_in_steps)
{
	enum { MANY = 5000 };
	struct schedule *s = play_schedule(settings, T0);
	struct router *router;
	struct schedule_act act;
	unsigned steps = 0, started = 0;

	for (uint64_t id = 1; id <= MANY; id++)
		play_add(s, id, "a@slow.test", T0);
	router = play_router(
		"hostname pivot.test\n"
		"listen mx { on 127.0.0.1:2525; tls off }\n"
		"transport quick { smtp 127.0.0.1:2600; messages-per-connection 100000 }\n"
		"route * { transport quick }\n");
	schedule_reroute(s, router, T0);
	router_drop(router);
	while ((act = play_next(s, T0)).kind == SCHEDULE_IDLE) {
		CHECK(schedule_deadline_ms(s) <= T0);
		play_add(s, MANY + ++steps, "b@slow.test", T0);
		CHECK(schedule_find(s, MANY));
	}
	CHECK(steps >= 3 && steps < 50);
	for (; act.kind == SCHEDULE_START; act = play_next(s, T0)) {
		CHECK_STR(act.slot->destination->key, S("quick:127.0.0.1"));
		play_deliver(s, &act, SCHEDULE_KEPT, T0);
		started++;
	}
	CHECK_INT(started, MANY + steps);
	play_end(s, T0);
}

TEST(schedule_splits_what_has_different_senders)
{
	struct schedule *s = play_schedule(settings, T0);
	struct envelope_rcpt rcpts[2] = {
		{.address = S("a@x.test"), .original = S("a@x.test")},
		{ .address = S("b@x.test"),
                 .original = S("l@x.test"),
                 .has_sender = true,
                 .sender = S("owner-l@x.test") },
	};
	struct envelope e = {
		.id = 1, .received_ms = T0, .sender = S("s@t.test"), .rcpts = rcpts, .rcpt_count = 2
	};
	struct content_budget *budget = content_budget_new(1 << 20);
	struct content *content = content_new(budget, 0);
	struct schedule_act act;

	schedule_add(s, promise_new(&e, content), T0);
	content_drop(content);
	content_budget_drop(budget);
	act = play_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 1);
	play_deliver(s, &act, SCHEDULE_KEPT, T0);
	act = play_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 1);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	schedule_free(s);
}

/* A connection waits for the delay between two mails, when that is all it waits for. */
TEST(schedule_keeps_a_connection_over_its_own_delay)
{
	static const struct {
		const char *delay;
		int64_t delay_ms;
		bool kept;
	} cases[] = {
		{"3s",   3000,  true },
                { "40s", 40000, false}
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[512];
		struct schedule *s;
		struct schedule_act first, second;

		snprintf(text, sizeof text,
			"hostname pivot.test\nlisten mx { on 127.0.0.1:2525; tls off }\n"
			"transport slow { smtp; connections 1; delay-between %s }\n"
			"route * { transport slow }\n",
			cases[i].delay);
		s = play_schedule(text, T0);
		play_add(s, 1, "a@x.test", T0);
		play_add(s, 2, "b@x.test", T0);
		first = play_start(s, "slow:x.test", T0);
		play_deliver(s, &first, SCHEDULE_KEPT, T0);
		play_idle(s, T0 + SCHEDULE_IDLE_MS - 1);
		if (cases[i].kept)
			play_idle(s, T0 + SCHEDULE_IDLE_MS);
		else
			play_hang_up(s, T0 + SCHEDULE_IDLE_MS);
		second = play_start(s, "slow:x.test", T0 + cases[i].delay_ms);
		CHECK_INT(second.slot->mails, cases[i].kept ? 2 : 1);
		play_deliver(s, &second, SCHEDULE_KEPT, T0 + cases[i].delay_ms);
		/* nothing waits any more: it is kept as long as any other */
		play_hang_up(s, T0 + cases[i].delay_ms + SCHEDULE_IDLE_MS);
		schedule_free(s);
	}
}

/* However old it has become while we were down: it is tried once before it is given up. */
TEST(schedule_tries_before_it_gives_up)
{
	struct schedule *s = play_schedule(settings, T0);
	int64_t late_ms = T0 + 6 * 86400000LL;
	struct promise *m = play_add(s, 1, "a@x.test", T0);
	struct schedule_act act;

	m->rcpts[0].attempts = 3;
	act = play_start(s, "two:x.test", late_ms);
	CHECK(act.job->message == m && schedule_expired(s, m, late_ms));
	play_trouble(s, &act, late_ms);
	/* its destination is dead: the attempt was one */
	act = play_next(s, late_ms + 600000);
	CHECK_INT(act.kind, SCHEDULE_EXPIRE);
	m = act.message;
	schedule_withdraw(s, m, late_ms + 600000);
	schedule_close(s, m, 0, SPOOL_BOUNCED);
	schedule_free(s);
}

/* A last chance groups a message anew: what it had without a way before is not looked at again. */
TEST(schedule_gives_a_last_chance_beside_a_recipient_without_a_way)
{
	static const char hosted[] = "hostname pivot.test\n"
				     "listen mx { on 127.0.0.1:2525; tls off }\n"
				     "domain home.test { }\n"
				     "transport two { smtp; connections 2; tls none }\n"
				     "route * { transport two }\n"
				     "queue { retry 5m 10m; warn 4h; lifetime 5d }\n";
	static const char *const to[] = { "nobody@home.test", "a@x.test" };
	int64_t late_ms = T0 + 6 * 86400000LL;
	struct schedule *s = play_schedule(hosted, T0);
	struct promise *m = play_add_all(s, 1, to, 2, T0);
	struct schedule_act act = play_next(s, late_ms);
	struct fail why = { 0 };

	CHECK_INT(act.kind, SCHEDULE_NO_WAY);
	schedule_no_way(s, act.job, &why);
	CHECK(act.job->message == m && act.job->rcpts[0] == 0);
	CHECK_STR(str_of(why.status), S("5.1.1"));
	schedule_close(s, m, 0, SPOOL_BOUNCED);
	schedule_job_free(act.job);
	act = play_start(s, "two:x.test", late_ms);
	play_deliver(s, &act, SCHEDULE_CLOSED, late_ms);
	schedule_free(s);
}

#define MANY 100000

/* As after a night without power: all of them are due at once, and no call works off more than its
 * share. */
TEST(schedule_works_off_a_crowd_in_steps)
{
	struct schedule *s = play_schedule(settings, T0);
	int64_t due_ms = T0 + HOUR_MS;
	size_t calls = 0, acts = 0;

	for (uint64_t id = 1; id <= MANY; id++) {
		char to[40];

		snprintf(to, sizeof to, "u@d%u.test", (unsigned)(id % 3000));
		play_add_later(s, id, to, due_ms, T0);
	}
	CHECK_INT(s->due.count, MANY);
	CHECK(schedule_deadline_ms(s) == due_ms);
	while (s->due.count > 0) {
		size_t before = s->due.count;
		struct schedule_act act = schedule_next(s, due_ms);

		CHECK(before - s->due.count <= SCHEDULE_WAKE_STEP);
		CHECK(s->due.count == 0 || schedule_deadline_ms(s) <= due_ms); /* it goes on */
		acts += act.kind == SCHEDULE_RESOLVE;
		calls++;
	}
	CHECK(calls >= MANY / SCHEDULE_WAKE_STEP);
	CHECK(acts > 0); /* who has been woken does not wait for all the others */
	play_end(s, due_ms);
}

/* Thousands wait for their turn, and all connections are in use: a call does not ask each of them.
 */
TEST(schedule_asks_nobody_while_all_connections_are_in_use)
{
	static struct schedule_act acts[SCHEDULE_SLOTS_MAX];
	struct schedule *s = play_schedule(settings, T0);

	for (uint64_t id = 1; id <= 3 * SCHEDULE_SLOTS_MAX; id++) {
		char to[40];

		snprintf(to, sizeof to, "u@d%u.test", (unsigned)id);
		play_add(s, id, to, T0);
	}
	for (size_t i = 0; i < SCHEDULE_SLOTS_MAX; i++) {
		acts[i] = play_next(s, T0);
		CHECK_INT(acts[i].kind, SCHEDULE_START);
		CHECK(s->turns <= 1);
	}
	play_idle(s, T0);
	CHECK_INT(s->turns, 0);
	/* and it goes on when one is free */
	play_deliver(s, &acts[0], SCHEDULE_CLOSED, T0);
	acts[0] = play_next(s, T0);
	CHECK_INT(acts[0].kind, SCHEDULE_START);
	play_idle(s, T0);
	CHECK_INT(s->turns, 0);
	for (size_t i = 0; i < SCHEDULE_SLOTS_MAX; i++)
		play_deliver(s, &acts[i], SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}
