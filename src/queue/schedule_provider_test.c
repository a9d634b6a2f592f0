/* What the schedule promises of providers, with a clock that the test holds. */
#include "queue/schedule_fake.h"

#include "test/test.h"

static const char settings[] =
	"hostname pivot.test\n"
	"listen mx { on 127.0.0.1:2525; tls off }\n"
	"transport slow { smtp; connections 1; delay-between 1s; messages-per-connection 3 }\n"
	"transport fast { smtp; connections 4 }\n"
	"transport hourly { smtp; messages-per-hour 60 }\n"
	"provider big { mx .big.test mx.big; domains listed.test; connections 2; delay-between 5s "
	"}\n"
	"route slow.test .slow.test { transport slow }\n"
	"route hourly.test { transport hourly }\n"
	"route * { transport fast }\n"
	"queue { retry 5m 10m; lifetime 5d }\n";

/* Three domains, one MX: never two connections, never two mails within the delay, each in turn. */
TEST(schedule_counts_all_domains_of_a_provider)
{
	static const char *const domains[] = { "a@a.slow.test", "b@b.slow.test", "c@c.slow.test" };
	struct schedule *s = play_schedule(settings, T0);
	unsigned mails = 0, connections = 0, seen[3] = { 0 };
	struct schedule_slot *open = NULL;
	int64_t now_ms = T0, ended_ms = 0;

	for (uint64_t id = 1; id <= 30; id++)
		play_add(s, id, domains[id % 3], T0);
	for (int i = 0; i < 1000 && mails < 30; i++) {
		struct schedule_act act = play_next(s, now_ms);

		if (act.kind == SCHEDULE_IDLE) {
			now_ms = schedule_deadline_ms(s);
			continue;
		}
		if (act.kind == SCHEDULE_HANG_UP) {
			CHECK(act.slot == open);
			open = NULL;
			CHECK_INT(play_next(s, now_ms).kind, SCHEDULE_IDLE);
			schedule_hung_up(s, act.slot, now_ms);
			continue;
		}
		CHECK_INT(act.kind, SCHEDULE_START);
		CHECK(!open || open == act.slot);
		CHECK(mails == 0 || now_ms - ended_ms >= 1000);
		connections += open == NULL;
		open = act.slot;
		CHECK(open->mails <= 3);
		seen[act.slot->destination->nexthop.p[0] - 'a']++;
		mails++;
		CHECK_INT(play_next(s, now_ms + 50).kind, SCHEDULE_IDLE);
		now_ms += 100;
		ended_ms = now_ms;
		play_deliver(s, &act, SCHEDULE_KEPT, now_ms);
	}
	CHECK_INT(mails, 30);
	for (int i = 0; i < 3; i++)
		CHECK_INT(seen[i], 10);
	CHECK(connections >= 10 && connections <= 15); /* not one for each mail */
	play_end(s, now_ms);
}

TEST(schedule_gives_a_turn_to_other_providers)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act slow, fast;

	for (uint64_t id = 1; id <= 5; id++)
		play_add(s, id, "a@a.slow.test", T0);
	slow = play_start(s, "slow:a.slow.test", T0);
	play_add(s, 6, "x@elsewhere.test", T0);
	fast = play_start(s, "fast:elsewhere.test", T0);
	play_deliver(s, &fast, SCHEDULE_CLOSED, T0);
	play_deliver(s, &slow, SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}

/* Those whose MX hosts overlap are one; the last one is met by its second host. */
TEST(schedule_groups_by_any_shared_host)
{
	static const str hosts[][2] = {
		{STR_INIT("mx1.test"),   STR_INIT("mx2.test") },
		{ STR_INIT("mx2.test"),  STR_INIT("mx3.test") },
		{ STR_INIT("own.test"),  STR_INIT("mx3.test") },
		{ STR_INIT("else.test"), STR_INIT("none.test")},
	};
	static const char *const to[] = { "a@a.slow.test", "a@b.slow.test", "a@c.slow.test",
		"a@d.slow.test" };
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act first, other;

	for (size_t i = 0; i < LENGTH(to); i++) {
		struct schedule_act act;

		play_add(s, i + 1, to[i], T0);
		act = schedule_next(s, T0);
		CHECK_INT(act.kind, SCHEDULE_RESOLVE);
		schedule_resolved(s, act.ticket, hosts[i], 2, 0, T0);
		if (i == 0)
			first = play_start(s, "slow:a.slow.test", T0);
		else if (i < 3)
			CHECK_INT(schedule_next(s, T0).kind, SCHEDULE_IDLE);
	}
	other = play_start(s, "slow:d.slow.test", T0);
	CHECK_STR(first.slot->destination->provider->name, S("mx1.test"));
	play_deliver(s, &first, SCHEDULE_CLOSED, T0);
	play_deliver(s, &other, SCHEDULE_CLOSED, T0);
	for (size_t i = 0; i < 2; i++) {
		first = play_next(s, T0 + 1000 + 1000 * (int64_t)i);
		CHECK_INT(first.kind, SCHEDULE_START);
		play_deliver(s, &first, SCHEDULE_CLOSED, T0 + 1000 + 1000 * (int64_t)i);
	}
	play_end(s, T0 + 3000);
}

TEST(schedule_does_not_wait_for_a_name_server_in_trouble)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act ask, act;
	struct fail why;

	play_add(s, 1, "a@mute.test", T0);
	ask = schedule_next(s, T0);
	CHECK_INT(ask.kind, SCHEDULE_RESOLVE);
	CHECK_STR(ask.name, S("mute.test"));
	CHECK_INT(schedule_next(s, T0).kind, SCHEDULE_IDLE); /* asked once */
	play_add(s, 2, "a@other.test", T0);
	act = play_start(s, "fast:other.test", T0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	fail_with(&why, FAIL_TEMPORARY, "4.4.3", "no answer");
	schedule_unresolved(s, ask.ticket, &why, T0 + 30000);
	schedule_unresolved(s, ask.ticket, &why, T0 + 30000); /* answered twice: nothing */
	play_idle(s, T0 + 30000 + 299999); /* it backs off as after any trouble */
	CHECK_INT(schedule_destinations(s)->count, 1);
	act = play_start(s, "fast:mute.test", T0 + 30000 + 330000);
	CHECK_INT(schedule_destination_failures(act.slot->destination), 1);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 400000);
	play_end(s, T0 + 400000);
}

TEST(schedule_asks_again_when_an_answer_is_old)
{
	struct schedule *s = play_schedule(settings, T0);
	str host = S("mx.old.test"), moved = S("mx.new.test");
	struct schedule_act act, first;

	play_add(s, 1, "a@a.slow.test", T0);
	play_add(s, 2, "a@a.slow.test", T0);
	act = schedule_next(s, T0);
	schedule_resolved(s, act.ticket, &host, 1, 0, T0);
	first = play_start(s, "slow:a.slow.test", T0);
	play_deliver(s, &first, SCHEDULE_CLOSED, T0 + SCHEDULE_KNOWN_MS_MIN);
	act = schedule_next(s, T0 + SCHEDULE_KNOWN_MS_MIN);
	CHECK_INT(act.kind, SCHEDULE_RESOLVE);
	schedule_resolved(s, act.ticket, &moved, 1, 0, T0 + SCHEDULE_KNOWN_MS_MIN);
	/* its last mail counts where it goes */
	CHECK_INT(schedule_next(s, T0 + SCHEDULE_KNOWN_MS_MIN + 999).kind, SCHEDULE_IDLE);
	first = play_start(s, "slow:a.slow.test", T0 + SCHEDULE_KNOWN_MS_MIN + 1000);
	CHECK_STR(first.slot->destination->provider->name, S("mx.new.test"));
	play_deliver(s, &first, SCHEDULE_CLOSED, T0 + SCHEDULE_KNOWN_MS_MIN + 1000);
	play_end(s, T0 + SCHEDULE_KNOWN_MS_MIN + 1000);
}

TEST(schedule_spreads_mails_over_the_hour)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	for (uint64_t id = 1; id <= 3; id++)
		play_add(s, id, "a@hourly.test", T0);
	for (int64_t i = 0; i < 3; i++) {
		act = play_start(s, "hourly:hourly.test", T0 + i * 60000);
		play_deliver(s, &act, SCHEDULE_CLOSED, T0 + i * 60000 + 20000);
		if (i < 2)
			CHECK_INT(play_next(s, T0 + i * 60000 + 59999).kind, SCHEDULE_IDLE);
	}
	play_end(s, T0 + 200000);
}

TEST(schedule_serves_configured_providers)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act[2];

	play_add(s, 1, "a@listed.test", T0);  /* by its name: no look-up */
	play_add(s, 2, "a@one.big.test", T0); /* by its MX: big.test is not below .big.test */
	play_add(s, 3, "a@tenant.test", T0);
	act[0] = play_start(s, "fast:listed.test", T0);
	CHECK_STR(act[0].slot->destination->provider->name, S("big"));
	act[1] = play_next(s, T0); /* tenant.test and big.test have MX hosts of their own */
	CHECK_INT(act[1].kind, SCHEDULE_START);
	CHECK(!act[1].slot->destination->provider->configured);
	play_deliver(s, &act[1], SCHEDULE_CLOSED, T0);
	act[1] = play_next(s, T0);
	CHECK_INT(act[1].kind, SCHEDULE_START);
	play_deliver(s, &act[1], SCHEDULE_CLOSED, T0);
	play_deliver(s, &act[0], SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}

/* A dead tenant backs off alone; three in a row, and it is the provider. */
TEST(schedule_backs_off_tenant_by_tenant)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;
	int64_t now_ms = T0;

	for (uint64_t id = 1; id <= SCHEDULE_ROW; id++) {
		char to[] = "a@t0.mx.big";

		to[3] = (char)('0' + id);
		play_add(s, id, to, now_ms);
		act = play_next(s, now_ms);
		CHECK_INT(act.kind, SCHEDULE_START);
		CHECK_STR(act.slot->destination->provider->name, S("big"));
		CHECK_INT(act.slot->destination->provider->failures, 0);
		play_trouble(s, &act, now_ms);
		CHECK_INT(schedule_next(s, now_ms).kind, SCHEDULE_IDLE);
		now_ms += 5000;
	}
	play_add(s, 9, "a@listed.test", now_ms);
	CHECK_INT(schedule_next(s, now_ms + 60000).kind, SCHEDULE_IDLE);
	act = play_next(s, now_ms + 330000); /* one probe */
	CHECK_INT(act.kind, SCHEDULE_START);
	CHECK_INT(play_next(s, now_ms + 400000).kind, SCHEDULE_IDLE);
	play_deliver(s, &act, SCHEDULE_CLOSED, now_ms + 400000);
	for (int i = 0; i < 3; i++) {
		now_ms += 500000;
		act = play_next(s, now_ms);
		CHECK_INT(act.kind, SCHEDULE_START);
		play_deliver(s, &act, SCHEDULE_CLOSED, now_ms);
	}
	play_end(s, now_ms);
}

/* After an outage: one probe for all domains, then a connection more with each success. */
TEST(schedule_opens_a_provider_step_by_step)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act[5];
	int64_t now_ms = T0;

	for (uint64_t id = 1; id <= 20; id++)
		play_add(s, id, id % 2 ? "a@x.shared.test" : "a@y.shared.test", T0);
	act[0] = play_start(s, "fast:x.shared.test", T0);
	play_trouble(s, &act[0], T0);
	for (int probe = 0; probe < 2; probe++) {
		CHECK_INT(play_next(s, now_ms + 299999).kind, SCHEDULE_IDLE);
		now_ms = schedule_deadline_ms(s);
		CHECK(now_ms >= T0 + 300000);
		act[0] = play_next(s, now_ms);
		CHECK_INT(act[0].kind, SCHEDULE_START);
		CHECK_INT(play_next(s, now_ms).kind, SCHEDULE_IDLE); /* one */
		if (probe == 0)
			play_trouble(s, &act[0], now_ms);
	}
	play_deliver(s, &act[0], SCHEDULE_CLOSED, now_ms);
	for (unsigned wide = 2; wide <= 4; wide++) {
		for (unsigned i = 0; i < wide; i++) {
			act[i] = play_next(s, now_ms);
			CHECK_INT(act[i].kind, SCHEDULE_START);
		}
		CHECK_INT(play_next(s, now_ms).kind, SCHEDULE_IDLE);
		for (unsigned i = 0; i < wide; i++)
			play_deliver(s, &act[i], SCHEDULE_CLOSED, now_ms);
	}
	play_end(s, now_ms);
}

TEST(schedule_probes_once_when_the_admin_retries)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	play_add(s, 1, "a@x.shared.test", T0);
	act = play_start(s, "fast:x.shared.test", T0);
	play_trouble(s, &act, T0);
	play_add(s, 2, "a@y.shared.test", T0);
	play_idle(s, T0);
	for (uint64_t id = 1; id <= 2; id++)
		schedule_retry(s, schedule_find(s, id), NULL, T0 + 1000);
	act = play_next(s, T0 + 1001);
	CHECK_INT(act.kind, SCHEDULE_START);
	play_idle(s, T0 + 1001);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 1001);
	play_end(s, T0 + 1001);
}

/* Neither a reload nor a start forgets that there may have been a mail just now. */
TEST(schedule_keeps_limits_over_reload_and_start)
{
	struct schedule *s = play_schedule(settings, T0);
	struct router *router = play_router(settings);
	struct schedule_act act;

	for (uint64_t id = 1; id <= 3; id++)
		play_add(s, id, "a@a.slow.test", T0);
	act = play_start(s, "slow:a.slow.test", T0);
	schedule_reroute(s, router, T0 + 10);
	CHECK_INT(play_next(s, T0 + 5000).kind, SCHEDULE_IDLE); /* the one connection is busy */
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 5000);
	schedule_reroute(s, router, T0 + 5500);
	CHECK_INT(play_next(s, T0 + 5999).kind, SCHEDULE_IDLE);
	act = play_start(s, "slow:a.slow.test", T0 + 6000);
	play_trouble(s, &act, T0 + 6000);
	schedule_reroute(s, router, T0 + 7000);
	CHECK_INT(play_next(s, T0 + 305999).kind, SCHEDULE_IDLE); /* it backs off all the same */
	CHECK(schedule_deadline_ms(s) <= T0 + 6000 + 330000);
	router_drop(router);
	play_end(s, T0 + 306000);

	s = play_begin(settings, T0); /* this one starts now, and mail waits for it */
	play_add(s, 4, "a@a.slow.test", T0);
	play_add(s, 5, "a@quick.test", T0);
	play_add(s, 6, "a@quick.test", T0);
	act = play_start(s, "fast:quick.test", T0);
	CHECK_INT(play_next(s, T0 + 999).kind, SCHEDULE_IDLE); /* a probe first: no second one */
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 999);
	act = play_start(s, "fast:quick.test", T0 + 999);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 999);
	act = play_start(s, "slow:a.slow.test", T0 + 1000);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + 1000);
	play_end(s, T0 + 3000);
}

TEST(schedule_limits_do_not_go_by_the_clock_on_the_wall)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;

	play_add(s, 1, "a@a.slow.test", T0);
	play_add(s, 2, "a@a.slow.test", T0);
	play_add(s, 3, "a@a.slow.test", T0);
	act = play_start(s, "slow:a.slow.test", T0);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0);
	schedule_clock_set(s, HOUR_MS);
	CHECK_INT(play_next(s, T0 + HOUR_MS + 999).kind, SCHEDULE_IDLE);
	act = play_start(s, "slow:a.slow.test", T0 + HOUR_MS + 1000);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 + HOUR_MS + 1000);
	schedule_clock_set(s, -2 * HOUR_MS);
	CHECK_INT(play_next(s, T0 - HOUR_MS + 1999).kind, SCHEDULE_IDLE);
	act = play_start(s, "slow:a.slow.test", T0 - HOUR_MS + 2000);
	play_deliver(s, &act, SCHEDULE_CLOSED, T0 - HOUR_MS + 2000);
	play_end(s, T0 - HOUR_MS + 9000);
}

/* One dead tenant, however often it is tried, is no reason to leave the others alone. */
TEST(schedule_counts_each_tenant_once)
{
	struct schedule *s = play_schedule(settings, T0);
	struct schedule_act act;
	int64_t now_ms = T0;

	play_add(s, 1, "a@t1.mx.big", now_ms);
	for (int i = 0; i <= SCHEDULE_ROW; i++) {
		act = play_next(s, now_ms);
		CHECK_INT(act.kind, SCHEDULE_START);
		CHECK_STR(act.slot->destination->provider->name, S("big"));
		CHECK_INT(act.slot->destination->provider->failures, 0);
		play_trouble(s, &act, now_ms);
		now_ms += 2 * HOUR_MS;
	}
	schedule_free(s);
}

/* Two servers on one machine are two, as their ports are. */
TEST(schedule_tells_fixed_next_hops_apart_by_their_ports)
{
	static const char two_ports[] = "hostname pivot.test\n"
					"listen mx { on 127.0.0.1:2525; tls off }\n"
					"route a.test { smtp 127.0.0.1:2599; connections 1 }\n"
					"route b.test { smtp 127.0.0.1:2600; connections 1 }\n"
					"route c.test { smtp [::1]:2599; connections 1 }\n"
					"route d.test { smtp 127.0.0.1:2599; connections 1 }\n";
	struct schedule *s = play_schedule(two_ports, T0);
	struct schedule_act acts[3];
	const struct schedule_provider *a, *b, *c;

	play_add(s, 1, "x@a.test", T0);
	play_add(s, 2, "x@b.test", T0);
	play_add(s, 3, "x@c.test", T0);
	play_add(s, 4, "x@d.test", T0);
	for (size_t i = 0; i < 3; i++) {
		acts[i] = play_next(s, T0);
		CHECK_INT(acts[i].kind, SCHEDULE_START);
	}
	play_idle(s, T0); /* the fourth waits for the first: it is the same server */
	a = acts[0].slot->destination->provider;
	b = acts[1].slot->destination->provider;
	c = acts[2].slot->destination->provider;
	CHECK(a != b && b != c && a != c);
	CHECK_STR(a->name, S("127.0.0.1:2599"));
	CHECK_STR(b->name, S("127.0.0.1:2600"));
	CHECK_STR(c->name, S("[::1]:2599"));
	/* one of them in trouble is no news of the others */
	play_trouble(s, &acts[0], T0);
	CHECK(a->failures == 1 && b->failures == 0 && c->failures == 0);
	play_deliver(s, &acts[1], SCHEDULE_CLOSED, T0);
	play_deliver(s, &acts[2], SCHEDULE_CLOSED, T0);
	play_end(s, T0);
}
