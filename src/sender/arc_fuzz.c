/* Laws: whatever the message and the key record are, the machine ends within its limits, and its
 * verdict depends neither on the cut nor on when the answers come; what we seal by what we found
 * passes, unless the chain before had failed, and then fails.  The first line of the input is the
 * record of every key but ours. */
#include "test/fuzz.h"

#include "sender/arc_seal.h"
#include "sender/arc_verify.h"
#include "sender/dkim_secret.h"

#define NOW_S 1700000000

static struct dkim_secret *secret;
static struct buf own_record;

static bool answer_all(struct arc_verify *v, str record)
{
	for (;;) {
		struct dns_record one = { .type = DNS_TXT, .text = record };
		struct dns_records records = { .count = 1, .records = &one };
		struct arc_verify_act act = arc_verify_next(v);

		if (act.kind != ARC_VERIFY_ASK)
			return act.kind == ARC_VERIFY_DONE;
		LAW(act.name.n > 0 && act.name.n <= DNS_NAME_MAX);
		if (str_eq(act.name, S("own._domainkey.own.test")))
			one.text = buf_str(&own_record);
		arc_verify_answer(v, act.ticket, DKIM_FOUND, &records);
	}
}

static struct arc_verify *judge(str message, str record, size_t cut, bool late)
{
	struct arc_verify *v = arc_verify_new(NOW_S);

	for (; message.n > 0; message = str_skip(message, cut)) {
		arc_verify_feed(v, str_first(message, cut));
		if (!late)
			(void)answer_all(v, record);
	}
	arc_verify_end(v);
	LAW(answer_all(v, record));
	return v;
}

static void check_seal(str message, str record, const struct arc_verify_result *before)
{
	struct arc_seal_setup setup = { .domain = S("own.test"),
		.selector = S("own"),
		.signer = dkim_secret_signer(secret),
		.now_s = NOW_S };
	struct arc_seal_found found = { .cv = before->cv, .results = S("own.test; none") };
	struct arc_seal *s = arc_seal_new(&setup);
	struct buf sealed = { 0 };
	struct fail why = { 0 };
	struct arc_verify *v;

	arc_seal_feed(s, message);
	if (arc_seal_end(s, &found, &sealed, &why)) {
		buf_put(&sealed, message);
		v = judge(buf_str(&sealed), record, SIZE_MAX, false);
		LAW(arc_verify_result(v)->count == before->count + 1);
		LAW((arc_verify_result(v)->cv == ARC_PASS) == (before->cv != ARC_FAIL));
		arc_verify_free(v);
	}
	buf_free(&sealed);
	arc_seal_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct arc_verify_result *a, *b;
	str message = str_from(data, size), record;
	struct arc_verify *whole, *cut;

	if (!secret) {
		secret = dkim_secret_make(DKIM_ED25519_SHA256, 0, NULL);
		buf_put(&own_record, S("v=DKIM1; k=ed25519; p="));
		dkim_secret_public(secret, &own_record);
	}
	str_cut(&message, '\n', &record);
	whole = judge(message, record, SIZE_MAX, false);
	cut = judge(message, record, size % 7 + 1, true);
	a = arc_verify_result(whole);
	b = arc_verify_result(cut);
	LAW(a->count <= ARC_SETS_MAX && (a->cv == ARC_FAIL) == (a->why[0] != '\0'));
	LAW(a->cv == b->cv && a->count == b->count && strcmp(a->why, b->why) == 0);
	check_seal(message, record, a);
	arc_verify_free(whole);
	arc_verify_free(cut);
	return 0;
}
