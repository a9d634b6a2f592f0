#include "test/test.h"

#include "sender/arc_seal.h"
#include "sender/arc_verify.h"
#include "sender/dkim_secret.h"

#define NOW_S 1700000000

static const str message = STR_INIT("From: a@x.test\r\nTo: b@y.test\r\nSubject: chains\r\n\r\n"
				    "One link holds the next.\r\n");

struct forwarder {
	str domain;
	struct dkim_secret *secret;
	struct buf record;
};

static struct forwarder forwarders[2];

static void make_forwarders(void)
{
	static const str names[] = { STR_INIT("one.test"), STR_INIT("two.test") };
	struct fail why = { 0 };

	for (size_t i = 0; i < LENGTH(forwarders); i++) {
		struct forwarder *f = &forwarders[i];

		f->domain = names[i];
		f->secret = dkim_secret_make(
			i == 0 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256, 1024, &why);
		assert_non_null(f->secret);
		buf_put(&f->record, i == 0 ? S("v=DKIM1; p=") : S("v=DKIM1; k=ed25519; p="));
		dkim_secret_public(f->secret, &f->record);
	}
}

static void drop_forwarders(void)
{
	for (size_t i = 0; i < LENGTH(forwarders); i++) {
		dkim_secret_free(forwarders[i].secret);
		buf_free(&forwarders[i].record);
	}
}

static void answer(struct arc_verify *v, const struct arc_verify_act *act, bool trouble)
{
	struct dns_record record = { .type = DNS_TXT };
	struct dns_records records = { .count = 1, .records = &record };
	enum dkim_answer found = DKIM_MISSING;

	for (size_t i = 0; i < LENGTH(forwarders); i++)
		if (str_ends(act->name, forwarders[i].domain)) {
			record.text = buf_str(&forwarders[i].record);
			found = trouble ? DKIM_TROUBLE : DKIM_FOUND;
		}
	arc_verify_answer(v, act->ticket, found, &records);
	arc_verify_answer(v, act->ticket, DKIM_TROUBLE, NULL);
}

static bool drive(struct arc_verify *v, bool trouble)
{
	for (;;) {
		struct arc_verify_act act = arc_verify_next(v);

		if (act.kind != ARC_VERIFY_ASK)
			return act.kind == ARC_VERIFY_DONE;
		answer(v, &act, trouble);
	}
}

static struct arc_verify *verify(str text, size_t cut, bool trouble)
{
	struct arc_verify *v = arc_verify_new(NOW_S);

	for (; text.n > 0; text = str_skip(text, cut)) {
		arc_verify_feed(v, str_first(text, cut));
		(void)drive(v, trouble);
	}
	arc_verify_end(v);
	CHECK(drive(v, trouble));
	return v;
}

/* False: it refused, and the message stays as it was. */
static bool seal(struct buf *text, const struct forwarder *f, enum arc_cv cv, size_t cut)
{
	struct arc_seal_setup setup = { .domain = f->domain,
		.selector = S("arc"),
		.signer = dkim_secret_signer(f->secret),
		.now_s = NOW_S };
	struct arc_seal_found found = { .cv = cv,
		.results = S("mx.test; spf=pass smtp.mailfrom=x.test") };
	struct arc_seal *s = arc_seal_new(&setup);
	struct fail why = { 0 };
	struct buf sealed = { 0 };
	str rest = buf_str(text);
	bool ok;

	for (; rest.n > 0; rest = str_skip(rest, cut))
		arc_seal_feed(s, str_first(rest, cut));
	ok = arc_seal_end(s, &found, &sealed, &why);
	CHECK(ok == (buf_str(&sealed).n > 0));
	buf_put(&sealed, buf_str(text));
	buf_free(text);
	*text = sealed;
	arc_seal_free(s);
	return ok;
}

static void check(str text, enum arc_cv cv, unsigned count, str why)
{
	for (size_t cut = 1; cut < 2000; cut = cut * 7 + 1) {
		struct arc_verify *v = verify(text, cut, false);
		const struct arc_verify_result *r = arc_verify_result(v);

		CHECK_STR(str_of(r->why), why);
		CHECK_INT(r->cv, cv);
		CHECK_INT(r->count, count);
		arc_verify_free(v);
	}
}

TEST(arc_chains_that_we_seal_pass)
{
	struct buf text = { 0 };
	struct arc_verify *v;

	make_forwarders();
	buf_put(&text, message);
	check(buf_str(&text), ARC_NONE, 0, S(""));
	for (unsigned i = 1; i <= 4; i++) {
		CHECK(seal(&text, &forwarders[i % 2], i == 1 ? ARC_NONE : ARC_PASS, i * 11));
		check(buf_str(&text), ARC_PASS, i, S(""));
	}
	v = verify(buf_str(&text), 1000, false);
	CHECK_STR(str_of(arc_verify_result(v)->domain), S("one.test"));
	CHECK_STR(arc_verify_result(v)->results, S("mx.test; spf=pass smtp.mailfrom=x.test"));
	arc_verify_free(v);
	v = verify(buf_str(&text), 1000, true);
	CHECK_INT(arc_verify_result(v)->cv, ARC_FAIL);
	CHECK(arc_verify_result(v)->temporary);
	arc_verify_free(v);
	buf_free(&text);
	drop_forwarders();
}

TEST(arc_chains_break_where_something_changed)
{
	struct buf text = { 0 };
	str all;

	make_forwarders();
	buf_put(&text, message);
	CHECK(seal(&text, &forwarders[0], ARC_NONE, 100));
	CHECK(seal(&text, &forwarders[1], ARC_PASS, 100));
	all = buf_str(&text);
	for (size_t i = str_find_str(all, S("One link")); i + 2 < all.n; i += 3) {
		text.p[text.start + i] ^= 1;
		check(all, ARC_FAIL, 2, S("the body is not as it was signed"));
		text.p[text.start + i] ^= 1;
	}
	text.p[text.start + str_find_str(all, S("chains"))] = 'C';
	check(all, ARC_FAIL, 2, S("what was signed is not as it was"));
	text.p[text.start + str_find_str(all, S("Chains"))] = 'c';
	check(all, ARC_PASS, 2, S(""));
	text.p[text.start + str_find_str(all, S("spf=pass"))] = 'S';
	check(all, ARC_FAIL, 2, S("what was signed is not as it was"));
	buf_free(&text);
	drop_forwarders();
}

TEST(arc_chain_that_failed_is_sealed_once_more_and_never_again)
{
	struct buf text = { 0 };

	make_forwarders();
	buf_put(&text, message);
	CHECK(seal(&text, &forwarders[0], ARC_NONE, 100));
	CHECK(!seal(&text, &forwarders[1], ARC_NONE, 100));
	buf_put(&text, S("A line more.\r\n"));
	check(buf_str(&text), ARC_FAIL, 1, S("the body is not as it was signed"));
	CHECK(seal(&text, &forwarders[1], ARC_FAIL, 100));
	check(buf_str(&text), ARC_FAIL, 2, S("a seal says that the chain had failed"));
	CHECK(!seal(&text, &forwarders[1], ARC_FAIL, 100));
	buf_free(&text);
	drop_forwarders();
}

TEST(arc_sets_must_be_whole)
{
	static const struct {
		str fields, why;
		unsigned count;
	} cases[] = {
		{S("ARC-Seal: i=1; cv=none\r\n"),                            S("a set is not whole"),                       1},
		{ S("ARC-Seal: i=0; cv=none\r\n"),                           S("a field of a set says no i= from 1 to 50"),
                 0													   },
		{ S("ARC-Seal: i=51; cv=none\r\n"),                          S("a field of a set says no i= from 1 to 50"),
                 0													   },
		{ S("ARC-Seal: i=01; cv=none\r\n"),                          S("a field of a set says no i= from 1 to 50"),
                 0													   },
		{ S("ARC-Seal: i=1; cv=what\r\n"),                           S("a seal says no cv="),                       1},
		{ S("ARC-Seal: i=2; cv=pass\r\n"),                           S("a set is not whole"),                       2},
		{ S("ARC-Authentication-Results: mx.test; none\r\n"),
                 S("a field of a set says no i= from 1 to 50"),                                                             0},
		{ S("ARC-Seal: i=1; cv=none\r\nARC-Seal: i=1; cv=none\r\n"),
                 S("a field of a set is there twice"),								      1},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf text = { 0 };

		buf_put(&text, cases[i].fields);
		buf_put(&text, message);
		check(buf_str(&text), ARC_FAIL, cases[i].count, cases[i].why);
		buf_free(&text);
	}
}
