/* Laws: whatever Dovecot says, in whatever pieces, the acts are the same; each is well-formed, a
 * reason is clean, and after BROKEN nothing else comes. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "login/dovecot.h"

static bool run(struct dovecot *d, struct buf *to)
{
	for (;;) {
		struct dovecot_act act = dovecot_next(d);

		if (act.kind == DOVECOT_IDLE)
			return true;
		if (act.kind == DOVECOT_SEND)
			continue;
		buf_putf(to, "%d %u ", act.kind, act.number);
		buf_put(to, act.bytes);
		if (act.why)
			buf_put(to, str_of(act.why->text));
		LAW((act.kind == DOVECOT_NO || act.kind == DOVECOT_BROKEN) == (act.why != NULL));
		for (const char *p = act.why ? act.why->text : ""; *p; p++)
			LAW((unsigned char)*p >= ' ' && *p != 0x7f);
		if (act.kind == DOVECOT_BROKEN) {
			LAW(dovecot_next(d).kind == DOVECOT_BROKEN);
			return false;
		}
	}
}

static void play(str bytes, size_t piece, struct buf *to)
{
	struct dovecot *d = dovecot_new(1, 0);

	while (bytes.n > 0 && run(d, to)) {
		dovecot_feed(d, str_first(bytes, piece));
		bytes = str_skip(bytes, piece);
	}
	(void)run(d, to);
	dovecot_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = { 0 }, again = { 0 };

	if (size < 2 || size > DOVECOT_LINE_MAX)
		return 0;
	play(str_from(data + 1, size - 1), size, &once);
	play(str_from(data + 1, size - 1), 1U + data[0], &again);
	/* a text ends in one BROKEN, said as often as it was asked */
	LAW(str_starts(buf_str(&again), buf_str(&once)) ||
		str_starts(buf_str(&once), buf_str(&again)));
	buf_free(&once);
	buf_free(&again);
	return 0;
}
