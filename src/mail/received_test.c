#include "test/test.h"

#include "mail/received.h"

static const struct {
	str value;
	bool is_from;
	const char *client;
	str helo;
} cases[] = {
	{S(" from a.test (b.test [192.0.2.1])\r\n\tby c.test (Postfix) with ESMTPS id X\r\n\tfor "
	    "<u@c.test>; Mon, 1 Jan 2024 00:00:00 +0000"),
         true,											"192.0.2.1",   S("a.test")      },
	{ S("from a.test ([192.0.2.1])\r\n\tby us with ESMTP id 1;"),                          true,  "192.0.2.1",
         S("a.test")														  },
	{ S("from a.test ([IPv6:2001:db8::1]) by us; now"),                                    true,  "2001:db8::1", S("a.test")      },
	{ S("from b.test ([192.0.2.9]:4711 helo=a.test) by us"),                               true,  "192.0.2.9",   S("a.test")      },
	{ S("from [192.0.2.9] (helo=a.test) by us"),                                           true,  "192.0.2.9",   S("a.test")      },
	{ S("from [192.0.2.9] (port=1 helo=[10.0.0.1]) by us"),                                true,  "192.0.2.9",
         S("[10.0.0.1]")													      },
	{ S("from unknown (HELO a.test) (192.0.2.3) by us with SMTP"),                         true,  "192.0.2.3",
         S("a.test")														  },
	{ S("from a.test (192.0.2.4) by b.test (192.0.2.5) with Microsoft SMTP Server id 15"), true,
         "192.0.2.4",												S("a.test")      },
	{ S("from a.test (2001:db8::4) by b.test"),                                            true,  "2001:db8::4", S("a.test")      },
	{ S("FROM a.test ( b.test [192.0.2.1] ) BY us"),                                       true,  "192.0.2.1",   S("a.test")      },
 /* what the client calls itself is not what it is */
	{ S("from [192.0.2.66] (b.test [192.0.2.1]) by us"),                                   true,  "192.0.2.1",   S("[192.0.2.66]")},
	{ S("from unknown (HELO 192.0.2.66) (192.0.2.1) by us"),                               true,  "192.0.2.1",
         S("192.0.2.66")													      },
	{ S("from a.test (192.0.2.66 [192.0.2.1]) by us"),                                     true,  "192.0.2.1",   S("a.test")      },
	{ S("from 192.0.2.66 by us"),							  true,  "",            S("192.0.2.66")  },
 /* behind "by" nothing is believed, nor behind the semicolon */
	{ S("from localhost by b.test (192.0.2.5); x [192.0.2.6]"),                            true,  "",            S("localhost")   },
	{ S("from a.test; [192.0.2.6]"),						       true,  "",            S("a.test")      },
 /* "by" as a comment is none */
	{ S("from a.test (by 10.0.0.1) ([192.0.2.1]) by us"),                                  true,  "192.0.2.1",   S("a.test")      },
	{ S("by us (Postfix, from userid 0) id X; now"),                                       false, "",            S("")            },
	{ S("(from x) by us"),								 false, "",            S("")            },
	{ S(""),									       false, "",            S("")            },
	{ S("from"),									   true,  "",            S("")            },
};

TEST(received_names_the_client_in_all_ways_that_servers_write)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct received r;
		char text[IP_TEXT_MAX] = "";

		CHECK_INT(received_read(cases[i].value, &r), cases[i].is_from);
		if (r.client.family)
			ip_print(&r.client, text);
		CHECK_STR(str_of(text), str_of(cases[i].client));
		CHECK_STR(r.helo, cases[i].helo);
	}
}
