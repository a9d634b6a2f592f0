/* LAW: whatever the note of the spool says, as much of it as was believed is written down and read
 * back equal; no limit is exceeded by it; and mail for who is not paused by hand is tried within
 * the time for which anything is remembered, and a pause that goes with it.
 *
 * The input is a note, or, as its first byte says, changes to a true one: offset, value. */
#include "queue/schedule_fake.h"

#include "base/buf.h"
#include "test/fuzz.h"

#define CONNECTIONS 2
#define MAILS 8

static const char settings[] = "hostname pivot.test\n"
			       "listen mx { on 127.0.0.1:2525; tls off }\n"
			       "transport two { smtp; connections 2; tls none }\n"
			       "transport fixed { smtp 127.0.0.1:2526; connections 2; tls none }\n"
			       "route fixed.test { transport fixed }\n"
			       "route * { transport two }\n"
			       "queue { retry 5m 10m; lifetime 5d }\n";

static const char *const to[MAILS] = { "a@x.test", "b@fixed.test", "c@x.test", "d@fixed.test",
	"e@x.test", "f@fixed.test", "g@x.test", "h@fixed.test" };

static struct schedule *begin(int64_t now_ms)
{
	static struct router *router; /* once: it takes long */

	if (!router)
		router = play_router(settings);
	return schedule_new(router, 2, 1, now_ms);
}

/* A host that is down, one that asks for less, and one that is paused. */
static void true_note(struct buf *note)
{
	struct schedule *s = begin(T0 - HOUR_MS);
	struct fail less;

	fail_reply(&less, 421, "4.7.0", "slow down");
	play_idle(s, T0 - HOUR_MS); /* what comes is new */
	for (uint64_t id = 0; id < MAILS; id++)
		play_add(s, id + 1, to[id], T0);
	for (unsigned n = 0; n < MAILS; n++) {
		struct schedule_act act = play_next(s, T0);

		if (act.kind != SCHEDULE_START)
			break;
		if (act.slot->destination->transport->host.n > 0)
			(void)!schedule_throttled(s, act.slot, &less, T0);
		play_trouble(s, &act, T0);
	}
	(void)!schedule_pause(s, S("paused.test"));
	schedule_note(s, note, T0);
	play_end(s, T0);
}

static void change(struct buf *note, str changes)
{
	char *p = note->p + note->start;
	size_t n = note->end - note->start;

	for (; changes.n >= 2 && n > 0; changes = str_skip(changes, 2))
		p[(unsigned char)changes.p[0] % n] = changes.p[1];
}

/* What was believed is a fixed point.  (In which order it is written does not matter.) */
static void same_again(struct schedule *s)
{
	struct buf first = { 0 }, second = { 0 };
	struct schedule *again = begin(T0);

	schedule_note(s, &first, T0);
	LAW(schedule_recall(again, buf_str(&first), T0));
	schedule_note(again, &second, T0);
	LAW(buf_str(&first).n == buf_str(&second).n);
	play_end(again, T0);
	buf_free(&first);
	buf_free(&second);
}

static bool paused(struct schedule *s)
{
	return schedule_paused(s)->count > 0;
}

static void lives(struct schedule *s)
{
	int64_t now_ms = T0, until_ms = T0 + SCHEDULE_REMEMBER_MS + HOUR_MS;
	unsigned delivered = 0;

	while (delivered < MAILS && now_ms <= until_ms) {
		struct schedule_act acts[MAILS], act;
		unsigned count = 0, fixed = 0;

		while ((act = play_next(s, now_ms)).kind == SCHEDULE_START) {
			LAW(count < MAILS);
			acts[count++] = act;
			fixed += act.slot->destination->transport->host.n > 0;
		}
		LAW(fixed <= CONNECTIONS && count - fixed <= CONNECTIONS);
		for (unsigned i = 0; i < count; i++)
			play_deliver(s, &acts[i], SCHEDULE_CLOSED, now_ms);
		delivered += count;
		if (act.kind == SCHEDULE_HANG_UP)
			schedule_hung_up(s, act.slot, now_ms);
		else if (count == 0 && schedule_deadline_ms(s) > now_ms)
			now_ms = schedule_deadline_ms(s);
	}
	LAW(delivered == MAILS || paused(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_from(data, size);
	struct schedule *s = begin(T0);
	static struct buf truth;
	struct buf note = { 0 };

	if (!truth.p)
		true_note(&truth);
	if (input.n > 0 && input.p[0] & 1) {
		buf_put(&note, buf_str(&truth));
		change(&note, str_skip(input, 1));
	} else {
		buf_put(&note, str_skip(input, 1));
	}
	for (uint64_t id = 0; id < MAILS / 2; id++) /* found at the start */
		play_add(s, id + 1, to[id], T0);
	(void)!schedule_recall(s, buf_str(&note), T0);
	same_again(s);
	schedule_clock_set(s, 0);
	for (uint64_t id = MAILS / 2; id < MAILS; id++)
		play_add(s, id + 1, to[id], T0);
	lives(s);
	play_end(s, T0);
	buf_free(&note);
	return 0;
}
