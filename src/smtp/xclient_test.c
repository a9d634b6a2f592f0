#include "smtp/xclient.h"

#include "test/test.h"

static const struct {
	const char *arg;
	bool forward, ok;
	const char *addr, *helo, *login;
} cases[] = {
	{"ADDR=192.0.2.1 NAME=a.test",					    false, true,  "192.0.2.1",   "",       ""         },
	{ "addr=IPV6:2001:db8::1 PORT=1234",                                      false, true,  "2001:db8::1", "",       ""         },
	{ "ADDR=[UNAVAILABLE] HELO=[TEMPUNAVAIL]",                                false, true,  "",            "",       ""         },
	{ "HELO=a.test LOGIN=jo+40a.test PROTO=ESMTP",                            false, true,  "",            "a.test", "jo@a.test"},
	{ "NAME=a.test ADDR=192.0.2.1 PROTO=SMTP HELO=x IDENT=ABC SOURCE=REMOTE", true,  true,
         "192.0.2.1",											  "x",      ""         },
	{ "DESTADDR=192.0.2.9 DESTPORT=25",                                       false, true,  "",            "",       ""         },
	{ "",								     false, false, "",            "",       ""         },
	{ "ADDR",								 false, false, "",            "",       ""         },
	{ "ADDR=nonsense",							false, false, "",            "",       ""         },
	{ "ADDR=[192.0.2.1]",						     false, false, "",            "",       ""         },
	{ "PORT=70000",							   false, false, "",            "",       ""         },
	{ "PROTO=QMTP",							   false, false, "",            "",       ""         },
	{ "WHAT=ever",							    false, false, "",            "",       ""         },
	{ "LOGIN=jo",							     true,  false, "",            "",       ""         },
	{ "IDENT=x",							      false, false, "",            "",       ""         },
	{ "HELO=a+0D+0Ab",							false, false, "",            "",       ""         },
	{ "LOGIN=a+20b",							  false, false, "",            "",       ""         },
	{ "NAME=a+00b",							   false, false, "",            "",       ""         },
};

TEST(xclient_reads_the_attributes_of_postfix)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct xclient x = { 0 };
		struct fail why = { 0 };
		char text[IP_TEXT_MAX] = "";
		bool ok = xclient_parse(str_of(cases[i].arg), cases[i].forward, &x, &why);

		if (ok != cases[i].ok)
			print_message("%s\n", cases[i].arg);
		CHECK(ok == cases[i].ok);
		CHECK(ok || fail_code(&why) == 501);
		if (!ok)
			continue;
		if (x.addr.family != 0)
			ip_print(&x.addr, text);
		CHECK_STR(str_of(text), str_of(cases[i].addr));
		CHECK_STR(str_of(x.helo), str_of(cases[i].helo));
		CHECK_STR(str_of(x.login), str_of(cases[i].login));
	}
}
