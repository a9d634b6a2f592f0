/* What is a next hop, and where a transport sends then. */
#include "route/nexthop.h"

#include <stdio.h>

#include "test/test.h"

static const struct {
	const char *text, *parsed; /* kind, host, port; or "" where it is none */
} cases[] = {
	{"a.test",           "mx a.test 0"          },
	{ "a.test:2525",     "mx a.test 2525"       },
	{ "[a.test]",        "host a.test 0"        },
	{ "[a.test]:26",     "host a.test 26"       },
	{ "[127.0.0.1]",     "literal [127.0.0.1] 0"},
	{ "[127.0.0.1]:26",  "host 127.0.0.1 26"    },
	{ "[::1]",           "literal [::1] 0"      },
	{ "[IPv6:::1]",      "literal [IPv6:::1] 0" },
	{ "[ipv6:::1]:26",   "host ::1 26"          },
	{ "unix:/run/lmtp",  "host unix:/run/lmtp 0"},
	{ "a.123",           "mx a.123 0"           },
	{ "",		""		     },
	{ ":25",             ""		     },
	{ "[]",              ""		     },
	{ "[",	       ""		     },
	{ "[127.0.0.1",      ""                     },
	{ "[127.0.0.1]:abc", ""                     },
	{ "[127.0.0.1]:0",   ""                     },
	{ "[127.0.0.1]:",    ""                     },
	{ "[127.0.0.1]25",   ""                     },
	{ "[[::1]]:25",      ""                     },
	{ "a.test:99999",    ""                     },
	{ "a.test:",         ""                     },
	{ "a.test:25:26",    ""                     },
	{ "127.0.0.1:25",    ""                     },
	{ "::1",             ""		     },
	{ "a b",             ""		     },
	{ "a.test, b.test",  ""                     },
	{ "unix:",           ""                     },
};

static const char *const kinds[] = {
	[NEXTHOP_MX] = "mx",
	[NEXTHOP_LITERAL] = "literal",
	[NEXTHOP_HOST] = "host",
};

static void print(const struct nexthop *hop, char to[100])
{
	snprintf(to, 100, "%s %.*s %u", kinds[hop->kind], STR(hop->host), hop->port);
}

TEST(nexthop_is_read_as_in_postfix)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[100] = "";
		struct nexthop hop;

		if (nexthop_parse(str_of(cases[i].text), &hop))
			print(&hop, text);
		CHECK_STR(str_of(text), str_of(cases[i].parsed));
	}
}

TEST(nexthop_of_a_transport)
{
	static const struct conf_transport direct = { .kind = CONF_SMTP, .port = 25 },
					   fixed = { .kind = CONF_SMTP,
						   .host = STR_INIT("h.test"),
						   .port = 26 },
					   lmtp = { .kind = CONF_LMTP,
						   .host = STR_INIT("unix:/l"),
						   .port = 24 };
	static const struct {
		const struct conf_transport *t;
		const char *text, *where;
	} ways[] = {
		{&direct,  "a.test",         "mx a.test 25"          },
		{ &direct, "a.test:27",      "mx a.test 27"          },
		{ &direct, "[192.0.2.1]",    "literal [192.0.2.1] 25"},
		{ &direct, "[192.0.2.1]:25", "host 192.0.2.1 25"     },
		{ &direct, "no name",        "mx no name 25"         },
		{ &fixed,  "",               "host h.test 26"        },
		{ &fixed,  "[192.0.2.1]",    "host 192.0.2.1 26"     },
		{ &lmtp,   "",               "host unix:/l 24"       },
		{ &lmtp,   "a.test",         "host a.test 24"        },
		{ &lmtp,   "[IPv6:::1]",     "host ::1 24"           },
	};

	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct nexthop hop = nexthop_of(ways[i].t, str_of(ways[i].text));
		char text[100];

		print(&hop, text);
		CHECK_STR(str_of(text), str_of(ways[i].where));
	}
}
