#include "gate/headers.h"

#include "base/buf.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] = "hostname p.test\nheaders rules more\n"
			   "table rules { pcre h }\ntable more { pcre m; on-failure hold }\n";

static const struct router_fake_file files[] = {
	{"h",  "/^Subject: .*forbidden/ refuse 550 5.7.1 Not this word\n"
	       "/^X-Secret:/ remove\n"
	       "/^X-Old: (.*)/ replace X-New: $1\n"
	       "/^From:/ prepend X-Seen: from\n"
	       "/^X-Hold:/ hold\n"
	       "/^X-Gone:/ discard\n"
	       "/^X-Fine:/ accept\n"
	       "/^X-Odd: (.*)/ replace $1\n"
	       "/^Received: .*folded +here/ warn folded\n"},
	{ "m", "/^(a+)+$/ warn slow\n"
	       "/^X-(Hold|Fine):/ warn more\n"           },
};

static void note(void *owner, const struct access_decision *d)
{
	buf_putf(owner, "%s;", d->failed ? "failed" : verdict_name(d->kind));
}

static const struct {
	const char *in, *out, *notes, *refusal;
} cases[] = {
	{"Subject: a\r\n",                     "",                 "",           ""             },
	{ "From: b\r\n",                       "X-Seen: from\r\n", "prepend;",   ""             },
	{ "X-Secret: a\r\n b\r\n\tc\r\n",      "-",                "remove;",    ""             },
	{ "X-Old: a\r\n b\r\n",                "-X-New: a b\r\n",  "replace;",   ""             },
	{ "Received: x folded\r\n   here\r\n", "",                 "warn;",      ""             },
	{ "X-Hold: 1\r\n",                     "",                 "hold;warn;", ""             },
	{ "X-Fine: 1\r\n",                     "",                 "accept;",    ""             },
	{ "X-Gone: 1\r\n",                     "",                 "discard;",   ""             },
	{ "Subject: a\r\n forbidden\r\n",      "",                 "refuse;",    "Not this word"},
 /* what a stranger's field makes of a rule may be none */
	{ "X-Odd: no field\r\n",               "",                 "failed;",
         "A table of this server gives no answer, try again later"                              },
};

TEST(headers_are_judged_by_rules_of_expressions)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf notes = { 0 }, out = { 0 }, seen = { 0 };
		struct fail why = { 0 };
		struct headers h;
		bool ok, stays;

		headers_init(&h, r, note, &notes);
		ok = headers_judge(&h, str_of(cases[i].in), &out, &stays, &why);
		buf_putf(&seen, "%s%.*s", stays ? "" : "-", STR(buf_str(&out)));
		CHECK(ok == (cases[i].refusal[0] == '\0'));
		CHECK_STR(buf_str(&seen), str_of(cases[i].out));
		CHECK_STR(buf_str(&notes), str_of(cases[i].notes));
		CHECK_STR(str_of(why.text), str_of(cases[i].refusal));
		buf_free(&notes);
		buf_free(&out);
		buf_free(&seen);
	}
	router_drop(r);
}

/* An expression that takes for ever ends when the message has had its share. */
TEST(headers_of_one_message_have_one_budget)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct buf notes = { 0 }, out = { 0 };
	struct fail why = { 0 };
	struct headers h;
	bool stays;

	headers_init(&h, r, note, &notes);
	for (int i = 0; i < 100; i++)
		(void)!headers_judge(
			&h, S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:"), &out, &stays, &why);
	CHECK(str_starts(buf_str(&notes), S("failed;")));
	CHECK(h.budget.steps < REGEX_STEPS_MAX);
	buf_free(&notes);
	router_drop(r);
}
