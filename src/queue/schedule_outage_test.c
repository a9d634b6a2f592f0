/* Two days without a provider, by a clock that the test holds: what waits, what is told, and that
 * nobody else is any later for it. */
#include "queue/schedule_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "test/test.h"

#define MINUTE_MS 60000
#define DAY_MS (24 * HOUR_MS)
#define OUTAGE_MS (2 * DAY_MS)
#define BIG_COUNT 100000
#define OTHER_EVERY_MS 20000 /* mail for others, */
#define SERVICE_MS 120       /* which takes so long, as all mail does */
#define CONNECTIONS 4

static const char settings[] = "hostname pivot.test\n"
			       "listen mx { on 127.0.0.1:2525; tls off }\n"
			       "transport two { smtp; connections 4; tls none }\n"
			       "route * { transport two }\n"
			       "queue { retry 5m 10m 20m 1h; warn 4h; lifetime 1d }\n";

struct running {
	struct schedule_act act;
	int64_t until_ms;
	bool big;
};

struct story {
	struct schedule *s;
	int64_t now_ms, up_ms; /* from when on the provider is there again */
	struct running running[64];
	size_t count, big_running, big_most;
	bool failed_once;
	size_t successes, warned, bounced, delivered;
	uint64_t id;
	int64_t *other_waits, *fresh_waits;
	size_t others, fresh;
};

static bool is_big(const struct promise *m)
{
	return str_ends(m->envelope.rcpts[0].address, S(".big.test"));
}

static void warn(struct story *t, const struct promise *m)
{
	int64_t age_ms = t->now_ms - m->envelope.received_ms;

	CHECK(age_ms >= 4 * HOUR_MS && age_ms < 4 * HOUR_MS + MINUTE_MS);
	t->warned++;
}

static void expire(struct story *t, struct promise *m)
{
	int64_t age_ms = t->now_ms - m->envelope.received_ms;

	CHECK(age_ms >= DAY_MS && age_ms < DAY_MS + MINUTE_MS);
	CHECK(is_big(m));
	schedule_withdraw(t->s, m, t->now_ms);
	schedule_close(t->s, m, 0, SPOOL_BOUNCED);
	t->bounced++;
}

static void begin(struct story *t, const struct schedule_act *act)
{
	const struct promise *m = act->job->message;
	struct running *r = &t->running[t->count++];
	int64_t waited_ms = t->now_ms - m->envelope.received_ms;

	CHECK(t->count < LENGTH(t->running));
	*r = (struct running){ *act, t->now_ms + SERVICE_MS, is_big(m) };
	if (!r->big)
		t->other_waits[t->others++] = waited_ms;
	else if (m->envelope.received_ms > t->up_ms + HOUR_MS)
		t->fresh_waits[t->fresh++] = waited_ms;
	t->big_running += r->big;
	/* one probe while it is away, and afterwards one connection more with each success at most
	 */
	CHECK(t->big_running <= CONNECTIONS);
	if (t->failed_once)
		CHECK(t->big_running <= 1 + t->successes);
	if (t->big_running > t->big_most)
		t->big_most = t->big_running;
}

static void finish(struct story *t, size_t i)
{
	struct running r = t->running[i];

	t->running[i] = t->running[--t->count];
	t->big_running -= r.big;
	if (r.big && t->now_ms < t->up_ms) {
		t->failed_once = true;
		t->successes = 0;
		play_trouble(t->s, &r.act, t->now_ms);
		return;
	}
	t->successes += r.big;
	t->delivered++;
	play_deliver(t->s, &r.act, SCHEDULE_KEPT, t->now_ms);
}

static void pump(struct story *t)
{
	struct schedule_act act;

	while ((act = play_next(t->s, t->now_ms)).kind != SCHEDULE_IDLE) {
		switch (act.kind) {
		case SCHEDULE_START:
			begin(t, &act);
			break;
		case SCHEDULE_HANG_UP:
			schedule_hung_up(t->s, act.slot, t->now_ms);
			break;
		case SCHEDULE_WARN:
			warn(t, act.message);
			break;
		case SCHEDULE_EXPIRE:
			expire(t, act.message);
			break;
		case SCHEDULE_IDLE:
		case SCHEDULE_RESOLVE:
		case SCHEDULE_NO_WAY:
		case SCHEDULE_LET_GO:
			CHECK(false);
		}
	}
}

static void bring(struct story *t, bool big)
{
	char to[40];

	t->id++;
	snprintf(to, sizeof to, big ? "u%d@d%d.big.test" : "u%d@d%d.other.test", (int)t->id,
		(int)(t->id % 50));
	play_add(t->s, t->id, to, t->now_ms);
}

/* To the next thing that happens; false: that is not before end_ms. */
static bool step(struct story *t, int64_t end_ms)
{
	int64_t next_ms = schedule_deadline_ms(t->s);

	for (size_t i = 0; i < t->count; i++)
		if (t->running[i].until_ms < next_ms)
			next_ms = t->running[i].until_ms;
	if (next_ms > end_ms) {
		t->now_ms = end_ms;
		return false;
	}
	if (next_ms > t->now_ms)
		t->now_ms = next_ms;
	for (size_t i = t->count; i-- > 0;)
		if (t->running[i].until_ms <= t->now_ms)
			finish(t, i);
	pump(t);
	return true;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t p99(int64_t *waits, size_t count)
{
	qsort(waits, count, sizeof *waits, by_size);
	return waits[count * 99 / 100];
}

/* Three days of mail; the provider is away for the first two of them, if at all.  The p99 of how
 * long others wait for their start. */
static int64_t live(struct story *t, bool outage)
{
	int64_t big_every_ms = OUTAGE_MS / BIG_COUNT, big_ms, other_ms;

	*t = (struct story){ .s = play_schedule(settings, T0), .now_ms = T0 };
	t->up_ms = outage ? T0 + OUTAGE_MS : 0;
	t->other_waits = mem_alloc(3 * DAY_MS / OTHER_EVERY_MS * sizeof(int64_t) + 64);
	t->fresh_waits = mem_alloc(2 * BIG_COUNT * sizeof(int64_t));
	big_ms = other_ms = T0;
	while (t->now_ms < T0 + OUTAGE_MS + DAY_MS) {
		bool big = big_ms <= other_ms;
		int64_t *at_ms = big ? &big_ms : &other_ms;

		while (step(t, *at_ms))
			;
		bring(t, big);
		pump(t);
		/* behind the outage it gets a tenth of it: what waits is to go meanwhile */
		*at_ms += !big                      ? OTHER_EVERY_MS
			  : *at_ms < T0 + OUTAGE_MS ? big_every_ms
						    : 10 * big_every_ms;
	}
	return p99(t->other_waits, t->others);
}

static void end(struct story *t)
{
	while (t->count > 0) {
		t->now_ms += SERVICE_MS;
		for (size_t i = t->count; i-- > 0;)
			finish(t, i);
	}
	play_end(t->s, t->now_ms);
	mem_free(t->other_waits);
	mem_free(t->fresh_waits);
}

TEST(schedule_lives_through_an_outage_of_two_days)
{
	static struct story t;
	int64_t with_ms, without_ms;
	struct schedule_sum left;

	without_ms = live(&t, false);
	CHECK(t.warned == 0 && t.bounced == 0);
	end(&t);
	with_ms = live(&t, true);
	CHECK(with_ms <= without_ms);
	CHECK(t.failed_once && t.big_most == CONNECTIONS);
	/* who came on the first day was given up after a day; all but the last four hours were
	 * warned of; who came on the second day was delivered on the third */
	CHECK(t.bounced >= BIG_COUNT / 2 && t.bounced <= BIG_COUNT / 2 + BIG_COUNT / 40);
	CHECK(t.warned >= BIG_COUNT * 44 / 48 && t.warned <= BIG_COUNT * 46 / 48);
	left = schedule_sum(t.s);
	CHECK(left.messages < 10);
	/* fifty destinations take turns: fresh mail waits for a turn, not for what has waited */
	CHECK(t.fresh > 0 && p99(t.fresh_waits, t.fresh) < MINUTE_MS);
	end(&t);
}
