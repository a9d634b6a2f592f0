/* LAW: whatever comes is read in bounded memory, a message that is said to be whole has the
 * envelope that is written and read back equal, and how the input is cut makes no difference. */
#include "base/mem.h"
#include "queue/parcel.h"
#include "test/fuzz.h"

struct seen {
	unsigned messages, unreadable;
	uint64_t octets;
	bool end, bad;
};

static void whole(const struct parcel *p)
{
	const struct envelope *e = parcel_envelope(p);
	struct buf bytes = { 0 }, again = { 0 };
	struct envelope read;
	struct arena a;
	struct fail why;

	LAW(e->rcpt_count > 0 && e->received_ms > 0);
	arena_init(&a, ARENA_UNLIMITED);
	envelope_write(e, &bytes);
	LAW(envelope_read(buf_str(&bytes), &a, &read, &why));
	envelope_write(&read, &again);
	LAW(str_eq(buf_str(&bytes), buf_str(&again)));
	arena_free(&a);
	buf_free(&bytes);
	buf_free(&again);
}

static struct seen play(str input, size_t portion)
{
	struct parcel *p = parcel_new();
	struct seen seen = { 0 };

	while (input.n > 0 && !seen.end && !seen.bad) {
		str some = str_first(input, portion), bytes, rest = some;
		struct fail why = { 0 };
		enum parcel_step step = PARCEL_OCTETS;

		while (step != PARCEL_MORE && step != PARCEL_BAD && step != PARCEL_END) {
			step = parcel_next(p, &rest, &bytes, &why);
			if (step == PARCEL_OCTETS)
				seen.octets += bytes.n;
			if (step == PARCEL_MESSAGE)
				whole(p);
			seen.messages += step == PARCEL_MESSAGE;
			seen.unreadable += step == PARCEL_UNREADABLE;
		}
		seen.end = step == PARCEL_END;
		seen.bad = step == PARCEL_BAD;
		LAW(seen.bad == (why.kind != FAIL_NONE));
		input = str_skip(input, some.n);
	}
	parcel_free(p);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen at_once = play(str_from(data, size), size ? size : 1);
	struct seen cut = play(str_from(data, size), 3);

	LAW(at_once.messages == cut.messages && at_once.unreadable == cut.unreadable);
	LAW(at_once.octets == cut.octets && at_once.end == cut.end && at_once.bad == cut.bad);
	return 0;
}
