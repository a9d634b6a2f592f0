/* What we sign verifies, and nothing else does: every form, both algorithms, any cut. */
#include "test/test.h"

#include <stdio.h>

#include "base/arena.h"
#include "sender/dkim_fake.h"
#include "sender/dkim_secret.h"
#include "sender/dkim_sign.h"

#define NOW_S 1700000000

static const str messages[] = {
	STR_INIT("From: a@x.test\r\nTo: b@y.test\r\nSubject: plain\r\n\r\nWords.\r\n"),
	STR_INIT("From: a@x.test\r\nSubject: no body\r\n\r\n"),
	STR_INIT("From: a@x.test\r\nSubject:  odd \t white\r\n\t space  \r\n\r\n \t\r\n\r\n\r\n"),
	STR_INIT("from : a@x.test\r\nReceived: one\r\nReceived: two\r\nTo: \r\n\r\n.\r\n..\r\nend"),
	STR_INIT("From: \xc3\xa9@x.test\r\nX-Long: 1\r\n\r\n\xff\xfe 8 bit  \t bytes \r\n\r\n"),
};

/* One key of each kind, made once. */
static struct dkim_secret *rsa, *ed25519;

static void make_keys(void)
{
	struct fail why;

	if (!rsa)
		rsa = dkim_secret_make(DKIM_RSA_SHA256, 1024, &why);
	if (!ed25519)
		ed25519 = dkim_secret_make(DKIM_ED25519_SHA256, 0, &why);
	assert_non_null(rsa);
	assert_non_null(ed25519);
}

static void drop_keys(void)
{
	dkim_secret_free(rsa);
	dkim_secret_free(ed25519);
	rsa = ed25519 = NULL;
}

static str record_of(struct arena *a, const struct dkim_secret *k, const char *kind)
{
	struct buf public = { 0 };
	str record;

	dkim_secret_public(k, &public);
	record = arena_printf(a, "v=DKIM1; k=%s; p=%.*s", kind, STR(buf_str(&public)));
	buf_free(&public);
	return record;
}

static void publish(struct arena *a, struct dkim_fake *keys)
{
	dkim_fake_key(keys, S("r._domainkey.x.test"), record_of(a, rsa, "rsa"));
	dkim_fake_key(keys, S("e._domainkey.x.test"), record_of(a, ed25519, "ed25519"));
}

/* The message with our two fields on top. */
static void sign(
	enum dkim_canon header, enum dkim_canon body, str message, size_t cut, struct buf *to)
{
	const struct dkim_sign_key keys[] = {
		{S("x.test"),  S("r"), S(""),        dkim_secret_signer(rsa)    },
		{ S("x.test"), S("e"), S("@x.test"), dkim_secret_signer(ed25519)},
	};
	struct dkim_sign_setup setup = { .header = header,
		.body = body,
		.keys = keys,
		.key_count = LENGTH(keys),
		.now_s = NOW_S,
		.expires_s = 3600 };
	struct dkim_sign *s = dkim_sign_new(&setup);
	struct fail why = { 0 };

	for (str rest = message; rest.n > 0; rest = str_skip(rest, cut))
		dkim_sign_feed(s, str_first(rest, cut));
	CHECK(dkim_sign_end(s, to, &why));
	dkim_sign_free(s);
	buf_put(to, message);
}

static void must_be(struct dkim_fake *keys, str message, int64_t now_s, enum dkim_verdict verdict)
{
	struct dkim_verify *v = dkim_fake_verify(keys, message, now_s, 13, true);

	CHECK_INT(dkim_verify_count(v), 2);
	for (size_t i = 0; i < dkim_verify_count(v); i++)
		CHECK_INT(dkim_verify_result(v, i)->verdict, verdict);
	dkim_verify_free(v);
}

TEST(dkim_sign_verifies_in_every_form_and_cut)
{
	static const size_t cuts[] = { 1, 3, 50, SIZE_MAX };
	struct dkim_fake keys = { 0 };
	struct arena a;

	make_keys();
	arena_init(&a, ARENA_UNLIMITED);
	publish(&a, &keys);
	for (size_t i = 0; i < LENGTH(messages) * 4 * LENGTH(cuts); i++) {
		struct buf first = { 0 };

		sign((enum dkim_canon)(i & 1), (enum dkim_canon)(i >> 1 & 1),
			messages[(i >> 2) / LENGTH(cuts)], cuts[(i >> 2) % LENGTH(cuts)], &first);
		must_be(&keys, buf_str(&first), NOW_S, DKIM_PASS);
		buf_free(&first);
	}
	arena_free(&a);
	drop_keys();
}

/* A byte of the body, a signed field, a second From, a second Subject, time: each breaks both. */
TEST(dkim_sign_covers_what_it_says)
{
	static const struct {
		str find, replace;
	} changes[] = {
		{STR_INIT("Words."), STR_INIT("Words!")                 },
		{ STR_INIT("plain"), STR_INIT("plane")                  },
		{ STR_INIT("To: b"), STR_INIT("From: c@z.test\r\nTo: b")},
		{ STR_INIT("To: b"), STR_INIT("Subject: other\r\nTo: b")},
		{ STR_INIT("To: b"), STR_INIT("Cc: c@z.test\r\nTo: b")  },
	};
	struct dkim_fake keys = { 0 };
	struct buf whole = { 0 };
	struct arena a;

	make_keys();
	arena_init(&a, ARENA_UNLIMITED);
	publish(&a, &keys);
	sign(DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, messages[0], SIZE_MAX, &whole);
	must_be(&keys, buf_str(&whole), NOW_S, DKIM_PASS);
	must_be(&keys, buf_str(&whole), NOW_S + 3601, DKIM_FAIL);
	for (size_t i = 0; i < LENGTH(changes); i++) {
		size_t at = str_find_str(buf_str(&whole), changes[i].find);
		struct buf changed = { 0 };

		CHECK(at < buf_str(&whole).n);
		buf_put(&changed, str_first(buf_str(&whole), at));
		buf_put(&changed, changes[i].replace);
		buf_put(&changed, str_skip(buf_str(&whole), at + changes[i].find.n));
		must_be(&keys, buf_str(&changed), NOW_S, DKIM_FAIL);
		buf_free(&changed);
	}
	buf_free(&whole);
	arena_free(&a);
	drop_keys();
}

TEST(dkim_sign_refuses_what_nobody_could_verify)
{
	struct dkim_sign_key key = { .domain = S("x.test"), .selector = S("r") };
	struct dkim_sign_setup setup = { .keys = &key, .key_count = 1 };
	struct buf fields = { 0 };
	struct dkim_sign *s;
	struct fail why;

	make_keys();
	key.signer = dkim_secret_signer(rsa);
	s = dkim_sign_new(&setup);
	dkim_sign_feed(s, S("Subject: no From\r\n\r\n"));
	CHECK(!dkim_sign_end(s, &fields, &why));
	dkim_sign_free(s);
	key.domain = S("no name");
	s = dkim_sign_new(&setup);
	dkim_sign_feed(s, S("From: a@x.test\r\n\r\n"));
	CHECK(!dkim_sign_end(s, &fields, &why));
	CHECK_INT(buf_str(&fields).n, 0);
	dkim_sign_free(s);
	drop_keys();
}

TEST(dkim_secret_is_read_as_it_was_printed)
{
	const struct dkim_secret *all[2];

	make_keys();
	all[0] = rsa;
	all[1] = ed25519;
	for (size_t i = 0; i < LENGTH(all); i++) {
		struct buf pem = { 0 }, before = { 0 }, after = { 0 };
		struct dkim_secret *again, *bare;
		str inner;
		struct fail why;

		dkim_secret_print(all[i], &pem);
		again = dkim_secret_read(buf_str(&pem), &why);
		assert_non_null(again);
		dkim_secret_public(all[i], &before);
		dkim_secret_public(again, &after);
		CHECK_STR(buf_str(&after), buf_str(&before));
		dkim_secret_free(again);
		inner = str_skip(buf_str(&pem), sizeof "-----BEGIN PRIVATE KEY-----\n" - 1);
		bare = dkim_secret_read(str_first(inner, str_find(inner, '-')), &why);
		assert_non_null(bare);
		buf_clear(&after);
		dkim_secret_public(bare, &after);
		CHECK_STR(buf_str(&after), buf_str(&before));
		dkim_secret_free(bare);
		CHECK(!dkim_secret_read(str_first(buf_str(&pem), buf_str(&pem).n / 2), &why));
		buf_free(&pem);
		buf_free(&before);
		buf_free(&after);
	}
	drop_keys();
}

TEST(dkim_secret_refuses_keys_that_nobody_accepts)
{
	struct fail why;

	CHECK(!dkim_secret_make(DKIM_RSA_SHA256, 512, &why));
	CHECK(!dkim_secret_make(DKIM_RSA_SHA256, 8192, &why));
	CHECK(!dkim_secret_read(S(""), &why));
	CHECK(!dkim_secret_read(S("-----BEGIN PRIVATE KEY-----\n"), &why));
}
