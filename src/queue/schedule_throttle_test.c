/* Peers that ask for less, destinations paused by hand, and what is remembered of both. */
#include "queue/schedule_fake.h"

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

		CHECK(schedule_pause(s, str_of(names[i]), T0));
		CHECK(!schedule_pause(s, str_of(names[i]), T0));
		play_add(s, 1, "a@x.big.test", T0);
		play_add(s, 2, "a@x.other.test", T0);
		act = play_start(s, "two:x.other.test", T0);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0);
		play_idle(s, T0 + HOUR_MS);
		CHECK(schedule_backs_off(schedule_find(s, 1)));
		CHECK(schedule_resume(s, str_of(names[i]), T0 + HOUR_MS));
		act = play_start(s, "two:x.big.test", T0 + HOUR_MS);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0 + HOUR_MS);
		CHECK(!schedule_resume(s, str_of(names[i]), T0));
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
	CHECK(schedule_pause(s, S("paused.test"), T0));
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
