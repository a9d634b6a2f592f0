/* The messages and keys of others, test/vectors/dkim; each is judged in several cuts, with answers
 * that come at once and late. */
#include "test/test.h"

#include <glob.h>
#include <stdio.h>

#include <jansson.h>

#include "base/arena.h"
#include "sender/dkim_fake.h"
#include "sender/dkim_key.h"

#define FOLDER TEST_VECTORS "/dkim/"

#define NOW_2018 1528637909 /* when the signatures of RFC 8463 were made, and a few others */
#define NOW_2024 1709500000
#define NOW_2022 1667900000 /* before the x= of mail-auth/005 */

static const size_t cuts[] = { 1, 7, 100, SIZE_MAX };

/* Judge it in every way; the answers must be the same.  The last one is returned. */
static struct dkim_verify *judge(struct dkim_fake *keys, str message, int64_t now_s)
{
	struct dkim_verify *first = dkim_fake_verify(keys, message, now_s, SIZE_MAX, false),
			   *v = NULL;

	for (size_t i = 0; i < LENGTH(cuts) * 2; i++) {
		dkim_verify_free(v);
		v = dkim_fake_verify(keys, message, now_s, cuts[i / 2], i % 2);
		CHECK_INT(dkim_verify_count(v), dkim_verify_count(first));
		for (size_t k = 0; k < dkim_verify_count(v); k++) {
			CHECK_INT(dkim_verify_result(v, k)->verdict,
				dkim_verify_result(first, k)->verdict);
			CHECK_STR(str_of(dkim_verify_result(v, k)->why),
				str_of(dkim_verify_result(first, k)->why));
		}
	}
	dkim_verify_free(first);
	return v;
}

/* --- chasquid ----------------------------------------------------------------------------------
 */

/* "name: value", where a backslash continues the line; the values TEMPERROR and PERMERROR. */
static void read_keys(struct arena *a, const char *path, struct dkim_fake *keys)
{
	struct buf text = { 0 }, flat = { 0 };
	str rest, line;

	dkim_fake_read(path, &text);
	rest = buf_str(&text);
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		line = str_trim(line);
		if (str_ends(line, S("\\"))) {
			buf_put(&flat, str_first(line, line.n - 1));
			continue;
		}
		buf_put(&flat, line);
		if (buf_str(&flat).n > 0) {
			str value = arena_copy(a, buf_str(&flat)), name;

			CHECK(str_cut(&value, ':', &name));
			value = str_trim(value);
			if (str_eq(value, S("TEMPERROR")))
				dkim_fake_answer(keys, name, DKIM_TROUBLE);
			else if (str_eq(value, S("PERMERROR")))
				dkim_fake_answer(keys, name, DKIM_MISSING);
			else
				dkim_fake_key(keys, name, value);
		}
		buf_clear(&flat);
	}
	buf_free(&text);
	buf_free(&flat);
}

static bool same_state(const char *state, enum dkim_verdict verdict)
{
	if (strcmp(state, "SUCCESS") == 0)
		return verdict == DKIM_PASS;
	if (strcmp(state, "TEMPFAIL") == 0)
		return verdict == DKIM_TEMPERROR;
	return verdict != DKIM_PASS && verdict != DKIM_TEMPERROR;
}

/* Returns how many signatures were compared. */
static size_t compare_chasquid(const char *path, const struct dkim_verify *v)
{
	json_t *want = json_load_file(path, 0, NULL), *one;
	size_t i;

	if (!want) { /* a message without a result is one without a signature */
		CHECK_INT(dkim_verify_count(v), 0);
		return 0;
	}
	/* More are judged than chasquid judges. */
	CHECK(dkim_verify_count(v) >= (size_t)json_integer_value(json_object_get(want, "Found")));
	json_array_foreach(json_object_get(want, "Results"), i, one)
	{
		const struct dkim_verify_result *r = dkim_verify_result(v, i);
		const char *domain = json_string_value(json_object_get(one, "Domain"));
		const char *b = json_string_value(json_object_get(one, "B"));

		CHECK(same_state(json_string_value(json_object_get(one, "State")), r->verdict));
		if (domain[0])
			CHECK_STR(str_of(r->domain), str_of(domain));
		CHECK(str_starts(str_of(b), str_of(r->b)) || !b[0]);
	}
	json_decref(want);
	return i;
}

TEST(dkim_vectors_of_chasquid)
{
	size_t messages = 0, signatures = 0;
	glob_t found;

	CHECK_INT(glob(FOLDER "chasquid/*.msg.txt", 0, NULL, &found), 0);
	for (; messages < found.gl_pathc; messages++) {
		struct arena a = { .limit_octets = ARENA_UNLIMITED };
		struct dkim_fake keys = { 0 };
		struct buf message = { 0 };
		struct dkim_verify *v;
		str stem = str_of(found.gl_pathv[messages]);
		char path[500];
		FILE *file;

		stem.n -= sizeof ".msg.txt" - 1;
		snprintf(path, sizeof path, "%.*s.dns.txt", STR(stem));
		file = fopen(path, "rb");
		if (file)
			fclose(file);
		if (file)
			read_keys(&a, path, &keys);
		dkim_fake_read(found.gl_pathv[messages], &message);
		v = judge(&keys, buf_str(&message), NOW_2024);
		snprintf(path, sizeof path, "%.*s.result.txt", STR(stem));
		signatures += compare_chasquid(path, v);
		dkim_verify_free(v);
		buf_free(&message);
		arena_free(&a);
	}
	globfree(&found);
	print_message(
		"dkim vectors, chasquid: %zu messages, %zu signatures\n", messages, signatures);
	CHECK_INT(messages, 11);
	CHECK_INT(signatures, 23);
}

/* --- mail-auth ---------------------------------------------------------------------------------
 */

TEST(dkim_vectors_of_mail_auth)
{
	/* 005 has an x=: judged before it and after it. */
	static const struct {
		const char *file;
		int64_t now_s;
		size_t signatures;
		enum dkim_verdict want;
	} cases[] = {
		{"001.txt",  NOW_2022, 2, DKIM_PASS},
		{ "002.txt", NOW_2022, 1, DKIM_PASS},
		{ "003.txt", NOW_2022, 2, DKIM_PASS},
		{ "004.txt", NOW_2022, 1, DKIM_PASS},
		{ "005.txt", NOW_2022, 1, DKIM_PASS},
		{ "005.txt", NOW_2024, 1, DKIM_FAIL},
		{ "006.txt", NOW_2022, 1, DKIM_PASS},
	};
	size_t total = 0;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dkim_fake keys = { 0 };
		struct buf all = { 0 };
		struct dkim_verify *v;
		char path[500];
		str rest, line, name;

		snprintf(path, sizeof path, FOLDER "mail-auth/%s", cases[i].file);
		dkim_fake_read(path, &all);
		rest = buf_str(&all);
		while (str_cut(&rest, '\n', &line) && str_trim(line).n > 0) {
			CHECK(str_cut(&line, ' ', &name));
			dkim_fake_key(&keys, name, str_trim(line));
		}
		v = judge(&keys, rest, cases[i].now_s);
		CHECK_INT(dkim_verify_count(v), cases[i].signatures);
		for (size_t k = 0; k < dkim_verify_count(v); k++, total++)
			CHECK_STR(str_of(dkim_verify_name(dkim_verify_result(v, k)->verdict)),
				str_of(dkim_verify_name(cases[i].want)));
		dkim_verify_free(v);
		buf_free(&all);
	}
	print_message(
		"dkim vectors, mail-auth: %zu messages, %zu signatures\n", LENGTH(cases), total);
}

/* --- dkimpy ------------------------------------------------------------------------------------
 */

static void read_text(const char *file, struct buf *to)
{
	char path[500];

	snprintf(path, sizeof path, FOLDER "dkimpy/%s", file);
	dkim_fake_read(path, to);
}

TEST(dkim_vectors_of_dkimpy_verify)
{
	static const struct {
		const char *message, *keys[4]; /* name, file, name, file */
		int64_t now_s;
		size_t signatures;
	} cases[] = {
		{"rfc6376.signed.msg.txt",
                 { "brisbane._domainkey.football.example.com", "rfc8463.dns.txt",
				"test._domainkey.football.example.com", "test.txt" },
                 NOW_2018,								      2},
		{ "ed25519test2.msg.txt",
                 { "sed._domainkey.test.ex", "eximtest.dns.txt", NULL, NULL },        NOW_2018, 1},
		{ "test2.message.txt",
                 { "20120113._domainkey.gmail.com", "gmail.dns.txt", NULL, NULL },    NOW_2018,
                 1									       },
	};
	size_t total = 0;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf message = { 0 }, text[2] = { { 0 } };
		struct dkim_fake keys = { 0 };
		struct dkim_verify *v;

		read_text(cases[i].message, &message);
		for (size_t k = 0; k < 2 && cases[i].keys[2 * k]; k++) {
			read_text(cases[i].keys[2 * k + 1], &text[k]);
			dkim_fake_key(&keys, str_of(cases[i].keys[2 * k]), buf_str(&text[k]));
		}
		v = judge(&keys, buf_str(&message), cases[i].now_s);
		CHECK_INT(dkim_verify_count(v), cases[i].signatures);
		for (size_t k = 0; k < dkim_verify_count(v); k++, total++)
			CHECK_STR(str_of(dkim_verify_result(v, k)->why), S(""));
		dkim_verify_free(v);
		buf_free(&message);
		buf_free(&text[0]);
		buf_free(&text[1]);
	}
	print_message("dkim vectors, dkimpy: %zu messages, %zu signatures\n", LENGTH(cases), total);
}

TEST(dkim_vectors_of_dkimpy_keys)
{
	static const struct {
		const char *file;
		enum dkim_algorithm algorithm;
		const char *why;
	} cases[] = {
		{"test.txt",             DKIM_RSA_SHA256,     ""                                       },
		{ "test2.txt",           DKIM_RSA_SHA256,     ""                                       },
		{ "ed25519test.dns.txt", DKIM_ED25519_SHA256, ""                                       },
		{ "eximtest.dns.txt",    DKIM_ED25519_SHA256, ""                                       },
		{ "rfc8463.dns.txt",     DKIM_ED25519_SHA256, ""                                       },
		{ "badk.txt",            DKIM_RSA_SHA256,     "the key is of an unknown kind"          },
		{ "badversion.txt",      DKIM_RSA_SHA256,     "the key record is of an unknown version"},
		{ "test_bad.txt",        DKIM_RSA_SHA256,     "the key is malformed"                   },
		{ "test_tlsrpt.txt",     DKIM_RSA_SHA256,     "the key is not for mail"                },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dkim_field f = { .algorithm = cases[i].algorithm };
		const char *why = "";
		struct buf text = { 0 };
		struct dkim_key *key;

		read_text(cases[i].file, &text);
		key = dkim_key_new(buf_str(&text));
		CHECK((dkim_key_allows(key, &f, &why) == DKIM_PASS) == !cases[i].why[0]);
		CHECK_STR(str_of(why ? why : ""), str_of(cases[i].why));
		dkim_key_free(key);
		buf_free(&text);
	}
	print_message("dkim vectors, dkimpy: %zu key records\n", LENGTH(cases));
}
