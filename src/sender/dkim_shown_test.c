#include "test/test.h"

#include "base/base64.h"
#include "sender/dkim_publish.h"
#include "sender/dkim_shown.h"

static enum dkim_shown judge(const struct dkim_secret *secret, const char *record, str domain)
{
	struct dns_record one = { .type = DNS_TXT, .text = str_of(record) };
	struct dns_records records = { .count = 1, .records = &one };
	const char *why = "";

	return dkim_shown_judge(
		dkim_secret_signer(secret), domain, S("s"), DKIM_FOUND, &records, &why);
}

static void put_record(const struct dkim_secret *secret, const char *tags, struct buf *to)
{
	buf_clear(to);
	buf_put(to, str_of(tags));
	dkim_secret_public(secret, to);
	buf_put_char(to, '\0');
}

TEST(dkim_shown_is_what_verifies)
{
	struct fail why = { 0 };
	struct dkim_secret *rsa = dkim_secret_make(DKIM_RSA_SHA256, 1024, &why);
	struct dkim_secret *other = dkim_secret_make(DKIM_RSA_SHA256, 1024, &why);
	struct dkim_secret *ed = dkim_secret_make(DKIM_ED25519_SHA256, 0, &why);
	struct buf record = { 0 };
	const char *text = "";

	put_record(rsa, "v=DKIM1; p=", &record);
	CHECK_INT(judge(rsa, buf_str(&record).p, S("a.test")), DKIM_SHOWN_YES);
	CHECK_INT(judge(other, buf_str(&record).p, S("a.test")), DKIM_SHOWN_OTHER);
	CHECK_INT(judge(ed, buf_str(&record).p, S("a.test")), DKIM_SHOWN_OTHER);
	CHECK_INT(judge(rsa, "v=DKIM1; p=", S("a.test")), DKIM_SHOWN_OTHER);
	put_record(ed, "v=DKIM1; k=ed25519; p=", &record);
	CHECK_INT(judge(ed, buf_str(&record).p, S("a.test")), DKIM_SHOWN_YES);
	CHECK_INT(dkim_shown_judge(
			  dkim_secret_signer(ed), S("a.test"), S("s"), DKIM_MISSING, NULL, &text),
		DKIM_SHOWN_MISSING);
	CHECK_INT(dkim_shown_judge(
			  dkim_secret_signer(ed), S("a.test"), S("s"), DKIM_TROUBLE, NULL, &text),
		DKIM_SHOWN_UNKNOWN);
	buf_free(&record);
	dkim_secret_free(rsa);
	dkim_secret_free(other);
	dkim_secret_free(ed);
}

/* RFC 6376 says one form and shows the other. */
TEST(dkim_key_is_read_in_both_forms_and_whole)
{
	static const size_t wrapping = 22; /* octets before the RSAPublicKey, for 1024 bits */
	struct fail why = { 0 };
	struct dkim_secret *rsa = dkim_secret_make(DKIM_RSA_SHA256, 1024, &why);
	struct buf base64 = { 0 }, der = { 0 }, record = { 0 };
	str forms[4];

	dkim_secret_public(rsa, &base64);
	CHECK(base64_decode(buf_str(&base64), &der));
	buf_put_char(&der, '\0');
	forms[0] = str_first(buf_str(&der), buf_str(&der).n - 1);
	forms[1] = str_skip(forms[0], wrapping);
	forms[2] = buf_str(&der);
	forms[3] = str_skip(buf_str(&der), wrapping);
	for (size_t i = 0; i < LENGTH(forms); i++) {
		buf_clear(&record);
		buf_put(&record, S("v=DKIM1; p="));
		CHECK(base64_encode(forms[i], &record));
		buf_put_char(&record, '\0');
		CHECK_INT(judge(rsa, buf_str(&record).p, S("a.test")),
			i < 2 ? DKIM_SHOWN_YES : DKIM_SHOWN_OTHER);
	}
	buf_free(&base64);
	buf_free(&der);
	buf_free(&record);
	dkim_secret_free(rsa);
}

#define R DKIM_RSA_SHA256
#define E DKIM_ED25519_SHA256
#define Y DKIM_SHOWN_YES
#define M DKIM_SHOWN_MISSING
#define U DKIM_SHOWN_UNKNOWN

TEST(dkim_shown_new_keys_wait_for_the_dns)
{
	static const struct {
		enum dkim_algorithm algorithms[3];
		enum dkim_shown shown[3];
		bool signs[3];
	} cases[] = {
		{{ R, R, E },  { Y, Y, Y }, { true, false, true } },
		{ { R, R, E }, { M, Y, M }, { false, true, false }},
		{ { R, R, E }, { U, Y, Y }, { false, true, true } },
		{ { R, E, R }, { M, M, M }, { false, false, true }},
		{ { E, R, R }, { M, U, U }, { false, false, true }},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bool signs[3];

		dkim_shown_choose(cases[i].algorithms, cases[i].shown, 3, signs);
		for (size_t k = 0; k < 3; k++)
			CHECK_INT(signs[k], cases[i].signs[k]);
	}
}

TEST(dkim_publish_refuses_what_would_break_the_record)
{
	static const struct {
		struct dkim_publish p;
		bool good;
	} cases[] = {
		{{ .domain = STR_INIT("a.test"), .selector = STR_INIT("s") },     true },
		{ { .domain = STR_INIT("a.test"),
			  .selector = STR_INIT("s"),
			  .hashes = STR_INIT("sha256:sha512"),
			  .note = STR_INIT("a note") },
                 true								  },
		{ { .domain = STR_INIT("a..test"), .selector = STR_INIT("s") },   false},
		{ { .domain = STR_INIT("a.test"), .selector = STR_INIT("../s") }, false},
		{ { .domain = STR_INIT("a.test"),
			  .selector = STR_INIT("s"),
			  .hashes = STR_INIT("sha256;") },
                 false								 },
		{ { .domain = STR_INIT("a.test"),
			  .selector = STR_INIT("s"),
			  .note = STR_INIT("a\"b") },
                 false								 },
		{ { .domain = STR_INIT("a.test"),
			  .selector = STR_INIT("s"),
			  .note = STR_INIT("a;p=") },
                 false								 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };

		CHECK_INT(dkim_publish_check(&cases[i].p, &why), cases[i].good);
	}
}
