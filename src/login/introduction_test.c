#include "login/introduction.h"

#include "test/test.h"

static const char file[] = "# of our smarthosts\n"
			   "\n"
			   "[mx.a.test]:587  jo@a.test:a b:c \n"
			   "mx.a.test\tother:x\n"
			   "[2001:db8::1]:submission v6:x\n"
			   "b.test:465 b:x\r\n"
			   "2001:db8::2 six:x\n";

/* Who is meant at this host? "": nobody. */
static const struct {
	struct credentials_for whom;
	const char *name, *password;
} cases[] = {
	{{ STR_INIT("mx.a.test"), STR_INIT(""), 587 },       "jo@a.test", "a b:c "},
	{ { STR_INIT("MX.A.test"), STR_INIT(""), 25 },       "other",     "x"     },
	{ { STR_INIT("2001:db8::1"), STR_INIT(""), 587 },    "v6",        "x"     },
	{ { STR_INIT("2001:db8::1"), STR_INIT(""), 25 },     "",          ""      },
	{ { STR_INIT("2001:db8::2"), STR_INIT(""), 25 },     "six",       "x"     },
	{ { STR_INIT("10.0.0.1"), STR_INIT("b.test"), 465 }, "b",         "x"     },
	{ { STR_INIT("10.0.0.1"), STR_INIT("b.test"), 466 }, "",          ""      },
	{ { STR_INIT("a.test"), STR_INIT(""), 587 },         "",          ""      },
	{ { STR_INIT("*"), STR_INIT(""), 587 },              "",          ""      },
};

TEST(credentials_are_those_of_the_first_line_that_fits)
{
	struct credentials found;
	struct fail why;

	CHECK(credentials_check(S("f"), str_of(file), &why));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bool there = credentials_find(S("f"), str_of(file), &cases[i].whom, &found, &why);

		CHECK(there == (cases[i].name[0] != '\0'));
		if (!there)
			continue;
		CHECK_STR(found.name, str_of(cases[i].name));
		CHECK_STR(found.password, str_of(cases[i].password));
	}
	CHECK(credentials_find(S("f"), S("* any:x\nmx.a.test jo:x"), &cases[0].whom, &found, &why));
	CHECK_STR(found.name, S("any"));
}

TEST(credentials_say_which_line_is_wrong)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{"a jo:x\nb jo\n",     "f:2: behind the host stands NAME:PASSWORD"  },
		{ "a :x\n",            "f:1: behind the host stands NAME:PASSWORD"  },
		{ "a jo:\n",           "f:1: behind the host stands NAME:PASSWORD"  },
		{ "a jo:x\n b jo:x\n",
                 "f:2: a line that continues the one before it is not taken here"   },
		{ "[a jo:x\n",
                 "f:1: a line begins with HOST, HOST:PORT, [HOST], [HOST]:PORT or *"},
		{ "[a]587 jo:x\n",
                 "f:1: a line begins with HOST, HOST:PORT, [HOST], [HOST]:PORT or *"},
		{ "a:0 jo:x\n",
                 "f:1: a line begins with HOST, HOST:PORT, [HOST], [HOST]:PORT or *"},
		{ "a jo:x\x01\n",      "f:1: a control character"                   },
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct fail why = { 0 };

		CHECK(!credentials_check(S("f"), str_of(bad[i].text), &why));
		CHECK_STR(str_of(why.text), str_of(bad[i].want));
	}
}

/* The whole of an exchange, each step asked anew, over the wire. */
TEST(introduction_needs_no_memory)
{
	struct introduction_question q = {
		.whom = {S("mx.a.test"),     S("a.test"),           587                   },
		.offered = S("LOGIN XOAUTH2"),
		.binding = { .exporter = { 7 }, .exporter_octets = 32, .end_point_octets = 64}
	};
	struct introduction_answer answer;
	struct buf said = { 0 }, to = { 0 }, wire = { 0 };
	struct fail why;

	for (int step = 0; step < 3; step++) {
		struct introduction_question read;

		q.challenges = buf_str(&said);
		buf_clear(&wire);
		introduction_put_question(&q, &wire);
		CHECK(introduction_take_question(buf_str(&wire), &read));
		CHECK_STR(read.whom.host, q.whom.host);
		CHECK(memcmp(&read.binding, &q.binding, sizeof q.binding) == 0);
		buf_clear(&to);
		CHECK(introduction_make(S("f"), str_of(file), &read, &to, &answer, &why));
		CHECK_INT(answer.mechanism, SASL_LOGIN);
		CHECK_STR(answer.name, S("jo@a.test"));
		CHECK(answer.silent == (step == 0) && answer.last == (step == 2));
		CHECK_STR(answer.bytes, step == 0   ? S("")
					: step == 1 ? S("jo@a.test")
						    : S("a b:c "));
		CHECK(introduction_add(&said, S("Username:")));
	}
	q.challenges = buf_str(&said);
	buf_clear(&to);
	CHECK(!introduction_make(S("f"), str_of(file), &q, &to, &answer, &why));
	CHECK_STR(str_of(why.text), S("the server asks for more than there is"));
	CHECK(introduction_add(&said, S("")));
	CHECK(!introduction_add(&said, S("")));
	buf_free(&said);
	buf_free(&to);
	buf_free(&wire);
}

TEST(introduction_says_why_there_is_none)
{
	struct introduction_question q = {
		.whom = {S("else.test"), S(""), 25},
                  .offered = S("PLAIN")
	};
	struct introduction_answer answer;
	struct buf to = { 0 };
	struct fail why;

	CHECK(!introduction_make(S("f"), str_of(file), &q, &to, &answer, &why));
	CHECK_STR(str_of(why.text), S("f has no login for else.test:25"));
	q.whom.host = S("mx.a.test");
	q.offered = S("XOAUTH2");
	CHECK(!introduction_make(S("f"), str_of(file), &q, &to, &answer, &why));
	CHECK_STR(str_of(why.text), S("The peer offers no way to log in that we know: XOAUTH2"));
	buf_free(&to);
}
