/* What is quarantined is let go when its time is over, and nothing else is. */
#include "queue/schedule_fake.h"

#include "test/test.h"

#define DAY_MS (24LL * HOUR_MS)

#define SETTINGS                                                                       \
	"hostname pivot.test\nlisten mx { on 127.0.0.1:2525; tls off }\n"              \
	"transport two { smtp; connections 2; tls none }\nroute * { transport two }\n" \
	"queue { warn 4h; lifetime 5d }\ndmarc { quarantine; quarantined hold }\n"

static void quarantine(struct promise *m, size_t rcpt)
{
	m->rcpts[rcpt].held = m->rcpts[rcpt].quarantined = true;
}

/* As dispatch finds it: it is quarantined before it is listed. */
static struct promise *add(struct schedule *s, uint64_t id, size_t count, int64_t received_ms)
{
	struct envelope_rcpt rcpts[2] = {
		{.address = S("a@x.test"),  .original = S("a@x.test")},
		{ .address = S("b@x.test"), .original = S("b@x.test")}
	};
	struct envelope e = { .id = id,
		.received_ms = received_ms,
		.flags = ENVELOPE_HELD | ENVELOPE_QUARANTINED,
		.sender = S("a@sender.test"),
		.rcpts = rcpts,
		.rcpt_count = count };
	struct content_budget *budget = content_budget_new(1 << 20);
	struct content *content = content_new(budget, 0);
	struct promise *m = promise_new(&e, content);

	content_drop(content);
	content_budget_drop(budget);
	for (size_t i = 0; i < count; i++)
		quarantine(m, i);
	schedule_add(s, m, received_ms);
	return m;
}

/* The act for this message; nothing else is there to do. */
static void lets_go(struct schedule *s, uint64_t id, size_t count, int64_t now_ms)
{
	struct schedule_act act = play_next(s, now_ms);
	struct promise *m;

	CHECK_INT(act.kind, SCHEDULE_LET_GO);
	CHECK(act.message->envelope.id == id);
	m = promise_keep(act.message);
	for (size_t i = 0; i < count; i++)
		schedule_close(s, m, i, SPOOL_DISCARDED);
	promise_drop(m);
}

/* A warning is no notice where all are held (flow/dispatch). */
static void warns(struct schedule *s, int64_t now_ms)
{
	CHECK_INT(play_next(s, now_ms).kind, SCHEDULE_WARN);
}

TEST(schedule_lets_go_what_was_quarantined_for_long_enough)
{
	struct schedule *s = play_schedule(SETTINGS "quarantine { keep 1h }\n", T0);

	add(s, 1, 1, T0);
	add(s, 2, 2, T0 + 1000);
	play_idle(s, T0 + HOUR_MS - 1);
	lets_go(s, 1, 1, T0 + HOUR_MS);
	CHECK(!schedule_find(s, 1));
	play_idle(s, T0 + HOUR_MS + 999);
	lets_go(s, 2, 2, T0 + HOUR_MS + 1000);
	CHECK(schedule_deadline_ms(s) == INT64_MAX);
	play_end(s, T0 + HOUR_MS + 1000);
}

TEST(schedule_keeps_what_is_quarantined_beyond_the_lifetime_of_mail)
{
	struct schedule *s = play_schedule(SETTINGS, T0);

	add(s, 1, 1, T0);
	warns(s, T0 + 4 * HOUR_MS);
	play_idle(s, T0 + 5 * DAY_MS);
	play_idle(s, T0 + 14 * DAY_MS - 1);
	lets_go(s, 1, 1, T0 + 14 * DAY_MS);
	play_end(s, T0 + 14 * DAY_MS);
}

TEST(schedule_does_not_let_go_what_was_released)
{
	struct schedule *s = play_schedule(SETTINGS "quarantine { keep 1h }\n", T0);
	struct promise *m = add(s, 1, 2, T0);
	struct schedule_act act;

	m = schedule_find(s, 1);
	m->rcpts[0].held = m->rcpts[0].quarantined = false; /* the other one stays */
	schedule_add(s, m, T0 + 1000);
	act = play_start(s, "two:x.test", T0 + 1000);
	CHECK_INT(act.job->count, 1);
	m = promise_keep(act.job->message);
	m->rcpts[0].in_hand = false;
	m->rcpts[0].attempts = 1;
	m->rcpts[0].next_ms = T0 + 2 * HOUR_MS;
	schedule_done(s, act.slot, SCHEDULE_CLOSED, NULL, T0 + 1000);
	schedule_job_free(act.job);
	schedule_add(s, m, T0 + 1000);
	act = play_next(s, T0 + HOUR_MS);
	CHECK_INT(act.kind, SCHEDULE_LET_GO);
	schedule_close(s, m, 1, SPOOL_DISCARDED);
	promise_drop(m);
	CHECK(schedule_find(s, 1));
	/* it looks again, too early to warn, and does so in time */
	play_idle(s, T0 + HOUR_MS + 1);
	act = play_start(s, "two:x.test", T0 + 2 * HOUR_MS);
	CHECK_INT(act.job->rcpts[0], 0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 2 * HOUR_MS);
	CHECK(!schedule_find(s, 1));
	play_end(s, T0 + 2 * HOUR_MS);
}

TEST(schedule_warns_in_time_of_what_was_released)
{
	struct schedule *s = play_schedule(SETTINGS "quarantine { keep 1h }\n", T0);
	struct promise *m;

	add(s, 1, 1, T0);
	m = schedule_find(s, 1);
	m->rcpts[0].quarantined = false; /* the admin holds it himself */
	schedule_add(s, m, T0 + 1000);
	play_idle(s, T0 + HOUR_MS);
	play_idle(s, T0 + 4 * HOUR_MS - 1);
	warns(s, T0 + 4 * HOUR_MS);
	play_idle(s, T0 + 30 * DAY_MS);
	CHECK(schedule_find(s, 1));
	play_end(s, T0 + 30 * DAY_MS);
}

TEST(schedule_takes_a_new_time_for_what_is_quarantined)
{
	struct schedule *s = play_schedule(SETTINGS "quarantine { keep 2h }\n", T0);
	struct router *sooner = play_router(SETTINGS "quarantine { keep 1h }\n");

	add(s, 1, 1, T0);
	play_idle(s, T0 + HOUR_MS);
	schedule_reroute(s, sooner, T0 + HOUR_MS);
	router_drop(sooner);
	while (schedule_deadline_ms(s) <= T0 + HOUR_MS && schedule_has(s, 1)) {
		struct schedule_act act = play_next(s, T0 + HOUR_MS);

		if (act.kind == SCHEDULE_LET_GO)
			schedule_close(s, act.message, 0, SPOOL_DISCARDED);
	}
	CHECK(!schedule_find(s, 1));
	play_end(s, T0 + HOUR_MS);
}
