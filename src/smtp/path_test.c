/* Paths as clients write them. */
#include "test/test.h"

#include "smtp/path.h"

static const struct {
	str arg, address, rest;
	bool want;
} cases[] = {
	{STR_INIT("<a@b>"),                STR_INIT("a@b"),           STR_INIT(""),        true },
	{ STR_INIT("<a@b> SIZE=1"),        STR_INIT("a@b"),           STR_INIT(" SIZE=1"), true },
	{ STR_INIT("<>"),                  STR_INIT(""),              STR_INIT(""),        true },
	{ STR_INIT(" <>"),                 STR_INIT(""),              STR_INIT(""),        true },
	{ STR_INIT("a@b SIZE=1"),          STR_INIT("a@b"),           STR_INIT(" SIZE=1"), true },
	{ STR_INIT(" a@b"),                STR_INIT("a@b"),           STR_INIT(""),        true },
	{ STR_INIT("<\"a>b\"@c>"),         STR_INIT("\"a>b\"@c"),     STR_INIT(""),        true },
	{ STR_INIT("<\"a\\\">b\"@c>"),     STR_INIT("\"a\\\">b\"@c"), STR_INIT(""),        true },
	{ STR_INIT("<@x.org:a@b>"),        STR_INIT("a@b"),           STR_INIT(""),        true },
	{ STR_INIT("<@x.org,@y.org:a@b>"), STR_INIT("a@b"),           STR_INIT(""),        true },
	{ STR_INIT(""),                    STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT(" "),                   STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<"),                   STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<a@b"),                STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<a@b>x"),              STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<\"a@b>"),             STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("a@b>"),                STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("a<b>"),                STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("\"a\"@b"),             STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<@x.org:>"),           STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<@x.org,y.org:a@b>"),  STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<@:a@b>"),             STR_INIT(""),              STR_INIT(""),        false},
	{ STR_INIT("<@x.org>"),            STR_INIT(""),              STR_INIT(""),        false},
};

TEST(smtp_path_is_taken_or_not)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		str arg = cases[i].arg, address;

		if (smtp_path_take(&arg, &address) != cases[i].want)
			fail_msg("%.*s", STR(cases[i].arg));
		if (!cases[i].want)
			continue;
		CHECK_STR(address, cases[i].address);
		CHECK_STR(arg, cases[i].rest);
	}
}
