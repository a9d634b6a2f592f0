/* Laws: whatever the message and the key record are, the machine ends within its limits; the
 * verdicts depend neither on the cut nor on when the answers come.  The first line of the input is
 * the record of every key. */
#include "test/fuzz.h"

#include "sender/dkim_key.h"
#include "sender/dkim_verify.h"

#define NOW_S 1700000000

static void answer_all(struct dkim_verify *v, str record, bool *done)
{
	struct dns_record one = { .type = DNS_TXT, .text = record };
	struct dns_records records = { .count = 1, .records = &one };

	for (;;) {
		struct dkim_verify_act act = dkim_verify_next(v);

		switch (act.kind) {
		case DKIM_VERIFY_WAIT:
			return;
		case DKIM_VERIFY_DONE:
			*done = true;
			return;
		case DKIM_VERIFY_ASK:
			LAW(act.name.n > 0 && act.name.n <= DNS_NAME_MAX);
			dkim_verify_answer(v, act.ticket, DKIM_FOUND, &records);
			break;
		}
	}
}

static struct dkim_verify *judge(str message, str record, size_t cut, bool late)
{
	struct dkim_verify *v = dkim_verify_new(NOW_S);
	bool done = false;

	for (; message.n > 0; message = str_skip(message, cut)) {
		dkim_verify_feed(v, str_first(message, cut));
		if (!late)
			answer_all(v, record, &done);
	}
	dkim_verify_end(v);
	answer_all(v, record, &done);
	LAW(done);
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str message = str_from(data, size), record;
	struct dkim_verify *whole, *cut;

	str_cut(&message, '\n', &record);
	dkim_key_free(dkim_key_new(record));
	whole = judge(message, record, SIZE_MAX, false);
	cut = judge(message, record, size % 7 + 1, true);
	LAW(dkim_verify_count(whole) <= DKIM_VERIFY_SIGNATURES_MAX);
	LAW(dkim_verify_count(whole) == dkim_verify_count(cut));
	LAW(dkim_verify_ignored(whole) == dkim_verify_ignored(cut));
	for (size_t i = 0; i < dkim_verify_count(whole); i++)
		LAW(dkim_verify_result(whole, i)->verdict == dkim_verify_result(cut, i)->verdict);
	dkim_verify_free(whole);
	dkim_verify_free(cut);
	return 0;
}
