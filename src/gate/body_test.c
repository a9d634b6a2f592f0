#include "gate/body.h"

#include "base/mem.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] = "hostname p.test\nbody rules more\n"
			   "table rules { pcre b }\ntable more { pcre m; on-failure accept }\n";

static const struct router_fake_file files[] = {
	{"b",  "/^lottery$/ refuse 554 5.7.1 No luck\n/^mark (.)/ warn $1\n/^fine/ accept\n"
	       "/^gone/ discard\n/^hand to (.*)/ redirect $1@a.test\n/^x{2048}$/ warn piece\n"
	       "/^last$/ warn last\n"                          },
	{ "m", "/^fine/ warn unreached\n/^mark/ hold\n/^(a+)+$/ warn slow\n"},
};

static void note(void *owner, const struct access_decision *d)
{
	buf_putf(owner, "%s %.*s;", d->failed ? "failed" : verdict_name(d->kind), STR(d->text));
}

static const struct {
	const char *in, *notes, *refusal;
} cases[] = {
	{"begin\r\nmark 1\r\nmark 2\r\n",                              "warn 1;hold ;warn 2;hold ;", ""       },
	{ "fine\r\nlast",					      "accept ;warn last;",         ""       },
	{ "begin\r\nlottery\r\nmark 1\r\n",                            "refuse No luck;",            "No luck"},
	{ "gone\r\nlottery\r\n",				       "discard ;",                  ""       },
	{ "not lottery\r\n\r\n",				       "",                           ""       },
	{ "hand to jo\r\n",					    "redirect jo@a.test;",        ""       },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\r\nlast\r\n", "failed ;warn last;",         ""       },
};

/* One cut after each octet, or after every nth. */
TEST(body_rules_judge_lines_in_any_cut)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (size_t cut = 1; cut < 40; cut += 3) {
			str rest = str_of(cases[i].in);
			struct buf notes = { 0 };
			struct body_rules b;
			const struct fail *why;

			body_rules_init(&b, r, note, &notes);
			for (; rest.n > 0; rest = str_skip(rest, cut))
				body_rules_feed(&b, str_first(rest, cut));
			body_rules_end(&b);
			why = body_rules_refusal(&b);
			CHECK_STR(buf_str(&notes), str_of(cases[i].notes));
			CHECK_STR(str_of(why ? why->text : ""), str_of(cases[i].refusal));
			body_rules_free(&b);
			buf_free(&notes);
		}
	}
	router_drop(r);
}

TEST(body_rules_have_limits)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct buf text = { 0 }, notes = { 0 };
	struct body_rules b;

	/* a line that is too long comes in pieces */
	for (int i = 0; i < 2 * BODY_LINE_MAX + 10; i++)
		buf_put(&text, S("x"));
	buf_put(&text, S("\r\n"));
	body_rules_init(&b, r, note, &notes);
	body_rules_feed(&b, buf_str(&text));
	body_rules_end(&b);
	CHECK_STR(buf_str(&notes), S("warn piece;warn piece;"));
	body_rules_free(&b);
	/* what stands behind the beginning is not looked at */
	buf_clear(&text);
	buf_clear(&notes);
	while (buf_str(&text).n < BODY_OCTETS_MAX)
		buf_put(&text, S("nothing\r\n"));
	buf_put(&text, S("lottery\r\n"));
	body_rules_init(&b, r, note, &notes);
	body_rules_feed(&b, buf_str(&text));
	body_rules_end(&b);
	CHECK(!body_rules_refusal(&b));
	body_rules_free(&b);
	buf_free(&text);
	buf_free(&notes);
	router_drop(r);
}
