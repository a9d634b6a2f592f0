#include "sender/spf_record.h"

#include "test/test.h"

#include "base/buf.h"

TEST(spf_record_claims)
{
	CHECK(spf_record_is(S("v=spf1")));
	CHECK(spf_record_is(S("V=SPF1 -all")));
	CHECK(!spf_record_is(S("v=spf10 -all")));
	CHECK(!spf_record_is(S(" v=spf1 -all")));
	CHECK(!spf_record_is(S("v=spf1\t-all")));
	CHECK(!spf_record_is(S("")));
}

static const struct {
	const char *terms;
	bool good;
} cases[] = {
	{"",				 true },
	{ "-all",			    true },
	{ "  a   -ALL  ",                    true },
	{ "a\t-all",			 false},
	{ "all:x.test",                      false},
	{ "all/8",			   false},
	{ "include:x.test",                  true },
	{ "include",			 false},
	{ "include:",			false},
	{ "include:x.test/24",               false},
	{ "a",			       true },
	{ "a/24",			    true },
	{ "a//64",			   true },
	{ "a/24//64",			true },
	{ "a/24/64",			 false},
	{ "a/024",			   false},
	{ "a/33",			    false},
	{ "a//129",			  false},
	{ "a/",			      false},
	{ "a:x.test/0",                      true },
	{ "a:x.test/24//48",                 true },
	{ "a:/24",			   false},
	{ "mx:x.test//0",                    true },
	{ "ptr",			     true },
	{ "ptr/24",			  false},
	{ "ptr:x.test",                      true },
	{ "ip4:192.0.2.0/24",                true },
	{ "ip4:192.0.2.1/0",                 true },
	{ "ip4:192.0.2",                     false},
	{ "ip4:192.0.2.1/33",                false},
	{ "ip4:192.0.2.1//24",               false},
	{ "ip4:192.0.2.1/",                  false},
	{ "ip4:2001:db8::1",                 false},
	{ "ip4:[192.0.2.1]",                 false},
	{ "ip4",			     false},
	{ "ip6:2001:db8::/32",               true },
	{ "ip6:::1",			 true },
	{ "ip6:::ffff:1.2.3.4",              true },
	{ "ip6:192.0.2.1",                   false},
	{ "ip6:2001:db8::/129",              false},
	{ "ip6:[::1]",		       false},
	{ "exists:%{i}.x.test",              true },
	{ "exists",			  false},
	{ "exists:x.test/24",                false},
	{ "?a ~mx +ptr -exists:x.test",      true },
	{ "!a",			      false},
	{ "--all",			   false},
	{ "moo",			     false},
	{ "moo:x.test",                      false},
	{ "moo=x",			   true },
	{ "moo=%{d}%{t}",                    true },
	{ "moo=%{x}",			false},
	{ "moo.bar-baz_9=",                  true },
	{ "9moo=x",			  false},
	{ "-moo=x",			  false},
	{ "moo=x moo=y",                     true },
	{ "redirect=x.test",                 true },
	{ "redirect=",		       false},
	{ "redirect=x.test redirect=y.test", false},
	{ "exp=x.test",                      true },
	{ "EXP=x.test exp=y.test",           false},
	{ "exp=x.test redirect=y.test",      true },
	{ "a\xc3\xa9",		       false},
	{ "moo=\xc3\xa9",                    false},
};

TEST(spf_record_syntax)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf text = { 0 };
		struct spf_record record;
		struct fail why = { 0 };
		bool good;

		buf_putf(&text, "v=spf1 %s", cases[i].terms);
		good = spf_record_read(buf_str(&text), &record, &why);
		if (good != cases[i].good)
			fail_msg("%s", cases[i].terms);
		CHECK((why.kind == FAIL_NONE) == good);
		buf_free(&text);
	}
}

TEST(spf_record_terms)
{
	struct spf_record record;
	struct spf_term t;
	struct fail why;

	CHECK(spf_record_read(
		S("v=spf1 exp=e.test  ~A:h.test/24//48 op=x ip6:2001:db8::/32 redirect=r.test mx"),
		&record, &why));
	CHECK_STR(record.redirect, S("r.test"));
	CHECK_STR(record.exp, S("e.test"));
	CHECK(spf_record_next(&record.terms, &t));
	CHECK(t.mechanism == SPF_A && t.qualifier == '~' && t.bits4 == 24 && t.bits6 == 48);
	CHECK_STR(t.domain, S("h.test"));
	CHECK_STR(t.text, S("~A:h.test/24//48"));
	CHECK(spf_record_next(&record.terms, &t));
	CHECK(t.mechanism == SPF_IP6 && t.ip.family == 6 && t.bits6 == 32);
	CHECK(spf_record_next(&record.terms, &t));
	CHECK(t.mechanism == SPF_MX && t.qualifier == '+' && t.bits4 == 32 && t.bits6 == 128);
	CHECK(!spf_record_next(&record.terms, &t));
}

TEST(spf_record_faults_are_named)
{
	static char large[SPF_RECORD_MAX + 10];
	struct spf_record record;
	struct fail why = { 0 };

	CHECK(!spf_record_read(S("v=spf1 a mox -all"), &record, &why));
	CHECK(strstr(why.text, "mox") && why.kind == FAIL_PERMANENT);
	memset(large, ' ', sizeof large);
	memcpy(large, "v=spf1", 6);
	CHECK(!spf_record_read(str_from(large, sizeof large), &record, &why));
	CHECK(spf_record_read(str_from(large, SPF_RECORD_MAX), &record, &why));
}
