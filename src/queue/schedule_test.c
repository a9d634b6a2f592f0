/* What the schedule promises, with a clock that the test holds. */
#include "queue/schedule.h"

#include <stdio.h>

#include "base/mem.h"
#include "test/test.h"

#define T0 1000000000000

static const char settings[] =
	"hostname pivot.test\n"
	"listen mx { on 127.0.0.1:2525; tls off }\n"
	"transport one { smtp 127.0.0.1:2599; connections 1; delay-between 1s }\n"
	"transport two { smtp; connections 2; tls none }\n"
	"route slow.test { transport one }\n"
	"route * { transport two }\n"
	"queue { retry 5m 10m; warn 4h; lifetime 5d }\n";

static struct router *router_of(const char *text)
{
	struct conf_source source = { .name = S("test.conf"), .text = str_of(text) };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/nowhere"), &source, 1, &why);
	struct router *router;
	struct alias_table *no_tables[1] = { 0 };

	if (!conf)
		fprintf(stderr, "%s\n", why.text);
	assert_non_null(conf);
	router = router_new(conf, no_tables);
	conf_drop(conf);
	return router;
}

static struct schedule *schedule_of(const char *text)
{
	struct router *router = router_of(text);
	struct schedule *s = schedule_new(router, 2, 1);

	router_drop(router);
	return s;
}

/* A message to some addresses, listed in the schedule. */
static struct promise *add(
	struct schedule *s, uint64_t id, const char *const *to, size_t count, int64_t now_ms)
{
	struct envelope_rcpt rcpts[8] = { 0 };
	struct envelope e = { .id = id,
		.received_ms = now_ms,
		.sender = S("a@sender.test"),
		.rcpts = rcpts,
		.rcpt_count = count };
	struct content_budget *budget = content_budget_new(1 << 20);
	struct content *content = content_new(budget, 0);
	struct promise *m;

	for (size_t i = 0; i < count; i++)
		rcpts[i].address = rcpts[i].original = str_of(to[i]);
	m = promise_new(&e, content);
	content_drop(content);
	content_budget_drop(budget);
	schedule_add(s, m, now_ms);
	return m;
}

static struct promise *add_one(struct schedule *s, uint64_t id, const char *to, int64_t now_ms)
{
	return add(s, id, &to, 1, now_ms);
}

/* The next act must be a start to this destination. */
static struct schedule_act must_start(struct schedule *s, const char *key, int64_t now_ms)
{
	struct schedule_act act = schedule_next(s, now_ms);

	CHECK_INT(act.kind, SCHEDULE_START);
	CHECK_STR(act.slot->destination->key, str_of(key));
	return act;
}

static void must_idle(struct schedule *s, int64_t now_ms)
{
	CHECK_INT(schedule_next(s, now_ms).kind, SCHEDULE_IDLE);
}

/* All recipients of the job are delivered, durably. */
static void deliver(
	struct schedule *s, struct schedule_act *act, enum schedule_after after, int64_t now_ms)
{
	struct promise *m = promise_keep(act->job->message);

	for (size_t i = 0; i < act->job->count; i++)
		schedule_close(s, m, act->job->rcpts[i], SPOOL_DELIVERED);
	schedule_done(s, act->slot, after, NULL, now_ms);
	schedule_job_free(act->job);
	promise_drop(m);
}

/* Nothing was tried: the destination is in trouble. */
static void trouble(struct schedule *s, struct schedule_act *act, int64_t now_ms)
{
	struct promise *m = promise_keep(act->job->message);
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.4.1", "refused");
	for (size_t i = 0; i < act->job->count; i++)
		m->rcpts[act->job->rcpts[i]].in_hand = false;
	schedule_add(s, m, now_ms);
	schedule_done(s, act->slot, SCHEDULE_TROUBLE, &why, now_ms);
	schedule_job_free(act->job);
	promise_drop(m);
}

TEST(schedule_groups_recipients_by_destination)
{
	static const char *const to[] = { "a@x.test", "b@y.test", "c@X.test" };
	struct schedule *s = schedule_of(settings);
	struct schedule_act act;

	add(s, 1, to, 3, T0);
	act = must_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 2);
	CHECK_INT(act.job->rcpts[0], 0);
	CHECK_INT(act.job->rcpts[1], 2);
	deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(schedule_find(s, 1));
	act = must_start(s, "two:y.test", T0);
	deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(!schedule_find(s, 1));
	must_idle(s, T0);
	CHECK_INT(schedule_destinations(s)->count, 0);
	schedule_free(s);
}

TEST(schedule_keeps_the_limits_of_a_transport)
{
	struct schedule *s = schedule_of(settings);
	struct schedule_act act;

	for (uint64_t id = 1; id <= 3; id++)
		add_one(s, id, "a@slow.test", T0);
	act = must_start(s, "one:127.0.0.1", T0);
	must_idle(s, T0); /* one connection */
	deliver(s, &act, SCHEDULE_KEPT, T0 + 100);
	must_idle(s, T0 + 1099); /* one second from end to start */
	act = must_start(s, "one:127.0.0.1", T0 + 1100);
	CHECK_INT(act.slot->mails, 2); /* over the same connection */
	deliver(s, &act, SCHEDULE_CLOSED, T0 + 1200);
	act = must_start(s, "one:127.0.0.1", T0 + 2200);
	CHECK_INT(act.slot->mails, 1);
	deliver(s, &act, SCHEDULE_CLOSED, T0 + 2300);
	schedule_free(s);
}

TEST(schedule_backs_off_per_destination_and_probes_once)
{
	struct schedule *s = schedule_of(settings);
	struct schedule_act act;
	int64_t now_ms = T0;

	for (uint64_t id = 1; id <= 4; id++)
		add_one(s, id, "a@dead.test", now_ms);
	for (unsigned n = 0; n < 2; n++) { /* two connections, both fail */
		act = must_start(s, "two:dead.test", now_ms);
		if (n == 0) {
			struct schedule_act other = must_start(s, "two:dead.test", now_ms);

			trouble(s, &other, now_ms);
			must_idle(s, now_ms); /* the other one may still work: one connection */
		}
		trouble(s, &act, now_ms);
		must_idle(s, now_ms);
		now_ms = schedule_deadline_ms(s);
		CHECK(now_ms >= T0 + (n + 1) * 300000);
	}
	add_one(s, 9, "a@alive.test", now_ms);
	act = must_start(s, "two:alive.test", now_ms); /* the dead one delays nobody */
	deliver(s, &act, SCHEDULE_CLOSED, now_ms);
	act = must_start(s, "two:dead.test", now_ms);
	must_idle(s, now_ms);                      /* one probe */
	deliver(s, &act, SCHEDULE_CLOSED, now_ms); /* alive again */
	for (unsigned n = 0; n < 3; n++) {
		act = must_start(s, "two:dead.test", now_ms);
		deliver(s, &act, SCHEDULE_CLOSED, now_ms);
	}
	must_idle(s, now_ms);
	schedule_free(s);
}

TEST(schedule_lets_destinations_take_turns)
{
	struct schedule *s = schedule_of(settings);
	struct schedule_act big[2], small;

	for (uint64_t id = 1; id <= 10; id++)
		add_one(s, id, "a@big.test", T0);
	big[0] = must_start(s, "two:big.test", T0);
	add_one(s, 11, "a@small.test", T0);
	big[1] = must_start(s, "two:big.test", T0);
	small = must_start(s, "two:small.test", T0);
	deliver(s, &big[0], SCHEDULE_KEPT, T0);
	deliver(s, &big[1], SCHEDULE_KEPT, T0);
	deliver(s, &small, SCHEDULE_KEPT, T0);
	add_one(s, 12, "a@small.test", T0);
	big[0] = must_start(s, "two:big.test", T0);
	small = must_start(s, "two:small.test", T0); /* not behind the other eight */
	deliver(s, &big[0], SCHEDULE_CLOSED, T0);
	deliver(s, &small, SCHEDULE_CLOSED, T0);
	schedule_stop(s);
	while (schedule_next(s, T0).kind == SCHEDULE_HANG_UP)
		;
	schedule_free(s);
}

TEST(schedule_hangs_up_on_idle_connections)
{
	struct schedule *s = schedule_of(settings);
	struct schedule_act act;
	int driver;

	add_one(s, 1, "a@x.test", T0);
	act = must_start(s, "two:x.test", T0);
	act.slot->driver = &driver;
	deliver(s, &act, SCHEDULE_KEPT, T0);
	must_idle(s, T0);
	CHECK(schedule_deadline_ms(s) == T0 + SCHEDULE_IDLE_MS);
	act = schedule_next(s, T0 + SCHEDULE_IDLE_MS);
	CHECK_INT(act.kind, SCHEDULE_HANG_UP);
	CHECK(act.driver == &driver);
	must_idle(s, T0 + SCHEDULE_IDLE_MS);
	CHECK_INT(schedule_destinations(s)->count, 0);
	schedule_free(s);
}

TEST(schedule_waits_for_a_recipient_that_was_put_off)
{
	struct schedule *s = schedule_of(settings);
	struct promise *m = add_one(s, 1, "a@x.test", T0);
	struct schedule_act act = must_start(s, "two:x.test", T0);

	m->rcpts[0].in_hand = false;
	m->rcpts[0].next_ms = T0 + 5000;
	schedule_add(s, m, T0);
	schedule_done(s, act.slot, SCHEDULE_CLOSED, NULL, T0);
	schedule_job_free(act.job);
	must_idle(s, T0 + 4999);
	CHECK(schedule_deadline_ms(s) == T0 + 5000);
	schedule_retry(s, m, T0 + 1000); /* the admin does not wait */
	act = must_start(s, "two:x.test", T0 + 1000);
	deliver(s, &act, SCHEDULE_CLOSED, T0 + 1000);
	schedule_free(s);
}

TEST(schedule_warns_and_expires)
{
	struct schedule *s = schedule_of(settings);
	struct promise *m = add_one(s, 1, "a@dead.test", T0);
	struct schedule_act act = must_start(s, "two:dead.test", T0);
	int64_t hour_ms = 3600000;

	trouble(s, &act, T0);
	act = schedule_next(s, T0 + 4 * hour_ms);
	CHECK_INT(act.kind, SCHEDULE_WARN);
	CHECK(act.message == m);
	act = must_start(s, "two:dead.test", T0 + 4 * hour_ms);
	trouble(s, &act, T0 + 4 * hour_ms);
	must_idle(s, T0 + 4 * hour_ms);
	act = schedule_next(s, T0 + 120 * hour_ms);
	CHECK_INT(act.kind, SCHEDULE_EXPIRE);
	CHECK(schedule_expired(s, m, T0 + 120 * hour_ms));
	schedule_withdraw(s, m, T0 + 120 * hour_ms);
	schedule_close(s, m, 0, SPOOL_BOUNCED);
	must_idle(s, T0 + 120 * hour_ms);
	CHECK(!schedule_find(s, 1));
	schedule_free(s);
}

TEST(schedule_reroutes_what_waits)
{
	struct schedule *s = schedule_of(settings);
	struct router *router;
	struct schedule_act act;

	add_one(s, 1, "a@slow.test", T0);
	act = must_start(s, "one:127.0.0.1", T0);
	add_one(s, 2, "a@slow.test", T0);
	router = router_of("hostname pivot.test\n"
			   "listen mx { on 127.0.0.1:2525; tls off }\n"
			   "transport quick { smtp 127.0.0.1:2600 }\n"
			   "route * { transport quick }\n");
	schedule_reroute(s, router, T0);
	router_drop(router);
	deliver(s, &act, SCHEDULE_CLOSED, T0);
	act = must_start(s, "quick:127.0.0.1", T0);
	deliver(s, &act, SCHEDULE_CLOSED, T0);
	must_idle(s, T0 + 60000);
	schedule_free(s);
}

TEST(schedule_splits_what_has_different_senders)
{
	struct schedule *s = schedule_of(settings);
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
	act = must_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 1);
	deliver(s, &act, SCHEDULE_KEPT, T0);
	act = must_start(s, "two:x.test", T0);
	CHECK_INT(act.job->count, 1);
	deliver(s, &act, SCHEDULE_CLOSED, T0);
	schedule_free(s);
}
