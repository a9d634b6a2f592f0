/* Peers that ask for less, destinations paused by hand, and what is remembered of both. */
#include "queue/schedule_fake.h"

#include <stdio.h>

#include "base/buf.h"
#include "test/test.h"

static const char settings[] = "hostname pivot.test\n"
			       "listen mx { on 127.0.0.1:2525; tls off }\n"
			       "transport two { smtp; connections 8; tls none }\n"
			       "provider big { mx big.test; throttle XY_104 4.7.28 }\n"
			       "route * { transport two }\n"
			       "queue { retry 5m 10m; warn 4h; lifetime 5d }\n";

static struct fail reply(int code, const char *status, const char *text)
{
	struct fail why;

	fail_reply(&why, code, status, "%s", text);
	return why;
}

TEST(schedule_knows_replies_that_ask_for_less)
{
	const struct {
		struct fail reply;
		const char *to;
		bool throttles, ruled;
	} cases[] = {
		{reply(421,  "4.3.2",  "closing"),                       "a@x.other.test", true,  false},
		{ reply(450, "4.7.0",  "Too many CONNECTIONS from you"), "a@x.other.test", true,
                 false										 },
		{ reply(450, "4.2.1",  "mailbox busy"),                  "a@x.other.test", false, false},
		{ reply(550, "5.7.1",  "too many connections"),          "a@x.other.test", false, false},
		{ reply(450, "4.2.1",  "ofr xy_104 later"),              "a@x.big.test",   true,  true },
		{ reply(450, "4.2.1",  "ofr xy_104 later"),              "a@x.other.test", false, false},
		{ reply(451, "4.7.28", "unusual rate"),                  "a@x.big.test",   true,  true },
		{ reply(451, "4.7.2",  "unusual rate"),                  "a@x.big.test",   false, false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct schedule *s = play_schedule(settings, T0);
		struct schedule_act act;
		struct conf_origin rule;

		play_add(s, 1, cases[i].to, T0);
		act = play_next(s, T0);
		CHECK_INT(act.kind, SCHEDULE_START);
		CHECK(schedule_throttles(s, act.slot->destination, &cases[i].reply, &rule) ==
			cases[i].throttles);
		CHECK((rule.line > 0) == cases[i].ruled);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0);
		play_end(s, T0);
	}
}

/* Half the connections, a pause, a pause between mails; and back, step by step. */
TEST(schedule_slows_down_and_comes_back)
{
	struct schedule *s = play_schedule(settings, T0);
	struct fail why = reply(421, "4.7.0", "slow down");
	const struct schedule_provider *p;
	struct schedule_act act[8], one;
	int64_t now_ms = T0;
	unsigned rounds = 0;

	for (uint64_t id = 1; id <= 60; id++)
		play_add(s, id, "a@x.other.test", now_ms);
	for (int i = 0; i < 8; i++)
		act[i] = play_start(s, "two:x.other.test", now_ms);
	p = act[0].slot->destination->provider;
	CHECK(schedule_throttled(s, act[0].slot, &why, now_ms));
	CHECK(!schedule_throttled(s, act[1].slot, &why, now_ms)); /* it counts once */
	for (int i = 0; i < 8; i++)
		play_deliver(s, &act[i], SCHEDULE_CLOSED, now_ms);
	CHECK_INT(p->throttle, 1);
	CHECK_INT(p->slots_max, 4);
	play_idle(s, now_ms);
	CHECK(schedule_deadline_ms(s) >= now_ms + SCHEDULE_THROTTLE_MS);
	while (p->throttle > 0) {
		now_ms = schedule_deadline_ms(s);
		one = play_next(s, now_ms);
		if (one.kind == SCHEDULE_IDLE)
			continue;
		CHECK_INT(one.kind, SCHEDULE_START);
		play_deliver(s, &one, SCHEDULE_CLOSED, now_ms + 5);
		if (p->throttle > 0)
			play_idle(s, now_ms + 999); /* a second between its mails */
		rounds++;
	}
	CHECK_INT(rounds, SCHEDULE_CALM - 6); /* six of the eight went through, too */
	play_end(s, now_ms + 5);
}

TEST(schedule_pauses_by_any_name_and_resumes)
{
	static const char *const names[] = { "big", "two:x.big.test", "X.Big.Test" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct schedule *s = play_schedule(settings, T0);
		struct schedule_act act;

		CHECK(schedule_pause(s, str_of(names[i])));
		CHECK(!schedule_pause(s, str_of(names[i])));
		play_add(s, 1, "a@x.big.test", T0);
		play_add(s, 2, "a@x.other.test", T0);
		act = play_start(s, "two:x.other.test", T0);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0);
		play_idle(s, T0 + HOUR_MS);
		CHECK(schedule_backs_off(schedule_find(s, 1)));
		CHECK(schedule_resume(s, str_of(names[i])));
		act = play_start(s, "two:x.big.test", T0 + HOUR_MS);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0 + HOUR_MS);
		CHECK(!schedule_resume(s, str_of(names[i])));
		play_end(s, T0 + HOUR_MS);
	}
}

/* A restart in the middle of an outage, of a pause by hand, and of throttling. */
TEST(schedule_remembers_over_a_restart)
{
	struct schedule *s = play_schedule(settings, T0);
	struct fail why = reply(421, "4.7.0", "slow down");
	struct schedule_act act;
	struct buf note = { 0 };
	int64_t dead_ms;

	CHECK(!schedule_changed(s));
	play_add(s, 1, "a@dead.test", T0);
	act = play_start(s, "two:dead.test", T0);
	play_trouble(s, &act, T0);
	dead_ms =
		schedule_destination_not_before_ms(map_next(schedule_destinations(s), NULL)->value);
	play_add(s, 2, "a@x.big.test", T0);
	act = play_start(s, "two:x.big.test", T0);
	CHECK(schedule_throttled(s, act.slot, &why, T0));
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	CHECK(schedule_pause(s, S("paused.test")));
	CHECK(schedule_changed(s));
	schedule_note(s, &note, T0);
	CHECK(!schedule_changed(s));
	play_end(s, T0);

	s = play_begin(settings, T0 + 1000);
	play_add(s, 1, "a@dead.test", T0); /* found: before what was remembered is read */
	CHECK(schedule_recall(s, buf_str(&note), T0 + 1000));
	play_add(s, 3, "a@paused.test", T0 + 1000);
	play_add(s, 4, "a@x.big.test", T0 + 1000);
	play_idle(s, T0 + SCHEDULE_THROTTLE_MS - 1);
	act = play_start(s, "two:x.big.test", T0 + 2 * SCHEDULE_THROTTLE_MS);
	CHECK_INT(act.slot->destination->provider->throttle, 1);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 2 * SCHEDULE_THROTTLE_MS);
	play_idle(s, dead_ms - 1);
	act = play_start(s, "two:dead.test", dead_ms);
	play_deliver(s, &act, SCHEDULE_CLOSED, dead_ms);
	play_idle(s, dead_ms + HOUR_MS);
	CHECK(schedule_find(s, 3)); /* paused still */
	for (size_t n = 0; n < buf_str(&note).n; n++)
		CHECK(!schedule_recall(s, str_first(buf_str(&note), n), dead_ms) || n == 0);
	play_end(s, dead_ms + HOUR_MS);
	buf_free(&note);
}

/* The administrator allows fewer connections than were open before the restart; the next hop is
 * fixed, so its provider is known before the note is read. */
TEST(schedule_remembers_no_more_connections_than_are_allowed)
{
	static const char format[] =
		"hostname pivot.test\n"
		"listen mx { on 127.0.0.1:2525; tls off }\n"
		"transport one { smtp 127.0.0.1:2526; connections %d; tls none }\n"
		"route * { transport one }\n";
	struct fail why = reply(421, "4.7.0", "slow down");
	struct schedule_act act;
	struct buf note = { 0 };
	struct schedule *s;
	char text[256];

	snprintf(text, sizeof text, format, 8);
	s = play_schedule(text, T0);
	play_add(s, 1, "a@x.test", T0);
	act = play_start(s, "one:127.0.0.1", T0);
	CHECK(schedule_throttled(s, act.slot, &why, T0));
	CHECK_INT(act.slot->destination->provider->slots_max, 4);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	schedule_note(s, &note, T0);
	play_end(s, T0);

	snprintf(text, sizeof text, format, 2);
	s = play_begin(text, T0 + 1000);
	play_add(s, 1, "a@x.test", T0);
	CHECK(schedule_recall(s, buf_str(&note), T0 + 1000));
	act = play_start(s, "one:127.0.0.1", T0 + HOUR_MS);
	CHECK_INT(act.slot->destination->provider->throttle, 1);
	CHECK(act.slot->destination->provider->slots_max <= 2);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + HOUR_MS);
	play_end(s, T0 + HOUR_MS);
	buf_free(&note);
}

static const char slow[] = "hostname pivot.test\n"
			   "listen mx { on 127.0.0.1:2525; tls off }\n"
			   "transport one { smtp; connections 1; tls none }\n"
			   "route * { transport one }\n"
			   "queue { retry 5m 10m; lifetime 2h }\n";

/* Eight letters for a host that takes a quarter of an hour a mail and has asked for less: the last
 * one is older than its lifetime when its turn comes, and was put back once. */
TEST(schedule_gives_nobody_up_who_waits_for_his_turn)
{
	struct schedule *s = play_schedule(slow, T0);
	struct fail why = reply(421, "4.7.0", "slow down");
	struct schedule_act act;
	int64_t now_ms = T0;

	for (uint64_t id = 1; id <= 12; id++)
		play_add(s, id, "a@x.test", now_ms);
	for (unsigned n = 0; n < 12; n++) {
		while ((act = play_next(s, now_ms)).kind == SCHEDULE_IDLE)
			now_ms = schedule_deadline_ms(s);
		CHECK_INT(act.kind, SCHEDULE_START);
		if (n % 4 == 0)
			CHECK(schedule_throttled(s, act.slot, &why, now_ms));
		play_idle(s, now_ms + 900000); /* it is in hand, and the others are not given up */
		now_ms += 900000;
		play_deliver(s, &act, SCHEDULE_CLOSED, now_ms);
	}
	CHECK(now_ms > T0 + 3 * HOUR_MS);
	CHECK_INT(schedule_sum(s).messages, 0);
	play_end(s, now_ms);
}

/* One that answers, only ever asks for less, and takes nothing: nobody waits for that for ever. */
TEST(schedule_gives_up_where_nothing_is_taken)
{
	struct schedule *s = play_schedule(slow, T0);
	struct fail why = reply(451, "4.7.0", "slow down");
	int64_t now_ms = T0, expired_ms = 0;
	unsigned attempts = 0;

	for (uint64_t id = 1; id <= 3; id++)
		play_add(s, id, "a@x.test", now_ms);
	while (schedule_sum(s).messages > 0) {
		struct schedule_act act = play_next(s, now_ms);
		struct promise *m;

		switch (act.kind) {
		case SCHEDULE_START:
			m = promise_keep(act.job->message);
			attempts++;
			(void)!schedule_throttled(s, act.slot, &why, now_ms);
			m->rcpts[0].in_hand = false;
			schedule_add(s, m, now_ms); /* back untried, as after a 421 at MAIL */
			schedule_done(s, act.slot, SCHEDULE_CLOSED, NULL, now_ms);
			schedule_job_free(act.job);
			promise_drop(m);
			break;
		case SCHEDULE_EXPIRE:
			CHECK(!act.message->rcpts[0].queued);
			schedule_close(s, act.message, 0, SPOOL_BOUNCED);
			expired_ms = now_ms;
			break;
		case SCHEDULE_IDLE:
			now_ms = schedule_deadline_ms(s);
			break;
		case SCHEDULE_HANG_UP:
			schedule_hung_up(s, act.slot, now_ms);
			break;
		case SCHEDULE_RESOLVE:
		case SCHEDULE_NO_WAY:
		case SCHEDULE_LET_GO:
		case SCHEDULE_WARN:
			CHECK(false);
		}
	}
	CHECK(attempts > 5);
	/* the test's schedule was born an hour before */
	CHECK(expired_ms >= T0 - HOUR_MS + SCHEDULE_PATIENCE_MS);
	CHECK(expired_ms <= T0 + SCHEDULE_PATIENCE_MS + HOUR_MS);
	play_end(s, now_ms);
}

/* Of one message, whose destination is dead ends in time; who waits for his turn does not, and who
 * was put off has his turn then. */
TEST(schedule_gives_up_recipient_by_recipient)
{
	static const char *const to[] = { "a@x.test", "b@y.test", "c@z.test" };
	struct schedule *s = play_schedule(slow, T0);
	int64_t late_ms = T0 + 2 * HOUR_MS;
	struct schedule_act busy, act;
	struct promise *m;

	play_add(s, 1, "c@y.test", T0);
	busy = play_start(s, "one:y.test", T0); /* for more than two hours */
	m = promise_keep(play_add_all(s, 2, to, 3, T0));
	act = play_start(s, "one:x.test", T0);
	play_trouble(s, &act, late_ms - 1000);
	act = play_start(s, "one:z.test", late_ms - 1000);
	m->rcpts[2].in_hand = false;
	m->rcpts[2].attempts = 1;
	m->rcpts[2].next_ms = late_ms + 60000;
	schedule_add(s, m, late_ms - 1000);
	schedule_done(s, act.slot, SCHEDULE_CLOSED, NULL, late_ms - 1000);
	schedule_job_free(act.job);
	play_idle(s, late_ms - 1);
	act = play_next(s, late_ms);
	CHECK_INT(act.kind, SCHEDULE_EXPIRE);
	CHECK(act.message == m && !m->rcpts[0].queued && m->rcpts[1].queued && m->rcpts[2].queued);
	schedule_close(s, m, 0, SPOOL_BOUNCED);
	act = play_start(s, "one:z.test", late_ms);
	CHECK(schedule_expired(s, m, late_ms));
	play_deliver(s, &act, SCHEDULE_CLOSED, late_ms);
	play_idle(s, late_ms);
	play_deliver(s, &busy, SCHEDULE_CLOSED, late_ms + 1);
	act = play_start(s, "one:y.test", late_ms + 1);
	CHECK(act.job->message == m && act.job->rcpts[0] == 1);
	play_deliver(s, &act, SCHEDULE_CLOSED, late_ms + 1);
	promise_drop(m);
	play_end(s, late_ms + 1);
}
