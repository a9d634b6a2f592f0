#include <stdio.h>

#include "base/buf.h"
#include "route/router_fake.h"
#include "test/test.h"

#define HEAD "hostname p.test; postmaster boss@else.test\n"

/* clang-format off */
static const struct {
	const char *conf, *aliases, *virtual, *said;
	size_t errors;
} cases[] = {
	{ HEAD "domain a.test { aliases a }\n", "root: x@else.test\n", "", "", 0 },
	/* loops: one line each, at the first line of it, however one comes into it */
	{ HEAD "domain a.test { aliases a }\n", "into: two\none: two\ntwo: x@y.test,\n three\nthree: one\n", "",
		"a:2:6: alias loop: two@a.test -> three@a.test -> one@a.test -> two@a.test\n", 1 },
	{ HEAD "domain a.test { aliases a }\ndomain b.test { virtual b }\n", "x: x@b.test\n", "x x@a.test\n",
		"a:1:4: alias loop: x@a.test -> x@b.test -> x@a.test\n", 1 },
	{ HEAD "domain a.test { catch-all x@b.test }\ndomain b.test { virtual b }\n", "", "@b.test @a.test\n",
		"a.conf:2:27: alias loop: x@b.test -> x@a.test -> x@b.test\n", 1 },
	{ HEAD "domain a.test { aliases a }\nmailbox d@a.test { discard }\nmailbox e@a.test { discard }\n",
		"d: d, e\ne: e, d\n", "", "", 0 },
	/* dangling: each one that is wrong, with the nearest known name */
	{ HEAD "domain a.test { aliases a }\nmailbox anna@a.test { discard }\n",
		"all: ana, bert@a.test, bert@b.test\nagain: all\n", "",
		"a:1:6: 'ana@a.test' is neither an alias nor a mailbox; the nearest known one is 'anna'\n"
		"a:1:11: 'bert@a.test' is neither an alias nor a mailbox\n", 2 },
	{ HEAD "domain a.test { aliases a }\n", "root: root\n", "",
		"a:1:7: <root@a.test> leads to itself, and has no mailbox\n", 1 },
	{ HEAD "domain a.test { catch-all rot; aliases a }\n", "root: x@y.test\n", "",
		"a.conf:2:27: <rot@a.test> leads to itself, and has no mailbox; the nearest known one is 'root'\n", 1 },
	{ HEAD "domain a.test { aliases a }\ndomain b.test { virtual b }\n", "x: anna+tag@b.test\ny: berta@b.test\n",
		"anna x@else.test\n",
		"a:2:4: 'berta@b.test' is neither an alias nor a mailbox\n", 1 },
	/* limits */
	{ HEAD "limits { alias-depth 1; alias-targets 2 }\ndomain a.test { aliases a }\n",
		"a: b\nb: c\nc: x@y.test\nd: 1@d.test, 2@d.test, 3@d.test\n", "",
		"a:2:4: <a@a.test>: aliases lead to aliases deeper than 1\n"
		"a:4:1: <d@a.test> stands for more than 2 addresses\n", 2 },
	/* postmaster */
	{ "hostname p.test\npostmaster root@a.test\ndomain a.test { }\n", "", "",
		"a.conf:2:12: <postmaster@a.test> leads to <root@a.test>, and nobody here has this address\n"
		"warning: a.conf:3:1: domain 'a.test' has no recipient but postmaster\n", 1 },
	{ "hostname p.test\ndomain a.test { aliases a }\n", "x: y@else.test\n", "",
		"a.conf:2:1: mail for postmaster of 'a.test' goes to 'postmaster@p.test', which would be "
		"this server: say who that is, with 'postmaster ADDRESS' or a mailbox\n", 1 },
	{ HEAD "domain a.test { aliases a }\n", "postmaster: /dev/null\n", "",
		"warning: a:1:13: mail for postmaster of 'a.test' is thrown away here\n", 0 },
	/* to our own name */
	{ HEAD "domain a.test { aliases a; catch-all all@p.test }\n", "root: x@P.Test, y@else.test\nmore: root\n", "",
		"a:1:7: 'x@P.Test' would be this server, and nothing here says who that is: "
		"it needs a 'domain P.Test' or a route\n"
		"a.conf:2:38: 'all@p.test' would be this server, and nothing here says who that is: "
		"it needs a 'domain p.test' or a route\n", 2 },
	{ HEAD "domain a.test { aliases a }\nroute p.test { smtp 192.0.2.1 }\n", "root: x@p.test\n", "", "", 0 },
	{ HEAD "domain a.test { aliases a }\ndomain p.test { catch-all root@a.test }\n", "root: x@else.test\nr: x@p.test\n",
		"", "", 0 },
	{ "hostname p.test\npostmaster ada@p.test\ndomain a.test { aliases a }\n", "postmaster: bob@p.test\n", "",
		"a:1:13: 'bob@p.test' would be this server, and nothing here says who that is: "
		"it needs a 'domain p.test' or a route\n", 1 },
	/* rules that can never apply */
	{ HEAD "mailbox x@a.test { discard }\n", "", "",
		"a.conf:2:1: mailbox 'x@a.test' can never get mail: there is no 'domain a.test'\n", 1 },
	{ HEAD "domain a.test { aliases a }\nmailbox x@a.test { discard }\n", "x: y@else.test\n", "",
		"warning: a.conf:3:1: mailbox 'x@a.test' gets no mail under its name: an alias takes all of it\n", 0 },
	{ HEAD "domain a.test { aliases a }\nroute a.test { discard }\nroute x@a.test { discard }\nroute .a.test { discard }\n",
		"x: y@else.test\n", "",
		"a.conf:3:7: this can never apply: 'a.test' is hosted, at a.conf:2; give the address a mailbox\n"
		"a.conf:4:7: this can never apply: 'a.test' is hosted, at a.conf:2; give the address a mailbox\n", 2 },
	{ HEAD "domain a.test { aliases a }\nmailbox x@a.test { error 5.2.1 closed }\nmailbox y@a.test { discard }\n",
		"z: y, x\n", "",
		"warning: a:1:7: mail for 'z@a.test' is refused, because of <x@a.test>: closed\n", 0 },
	{ HEAD "transport lonely { discard }\ntransport smtp { smtp; connections 3 }\n", "", "",
		"warning: a.conf:2:1: transport 'lonely' is never used\n", 0 },
	{ HEAD "domain a.test { virtual b }\ndomain b.test { aliases a }\n", "x: y@else.test\n",
		"x@a.test y@else.test\nx@b.test y@else.test\n",
		"b:2:1: this can never apply: the table is not one of 'b.test'\n", 1 },
	{ HEAD "domain a.test { virtual b }\ndomain b.test { virtual b }\n", "",
		"x@a.test y@else.test\nx@b.test y@else.test\n", "", 0 },
	/* open relays */
	{ HEAD "relay-for 0.0.0.0/0\n", "", "",
		"a.conf:2:11: relay-for 0.0.0.0/0 makes this an open relay: strangers are in that network\n", 1 },
	{ HEAD "relay-for 0.0.0.0/1 128.0.0.0/1 ::/0 2000::/3 ::ffff:0:0/96\n", "", "",
		"a.conf:2:11: relay-for 0.0.0.0/1 makes this an open relay: strangers are in that network\n"
		"a.conf:2:21: relay-for 128.0.0.0/1 makes this an open relay: strangers are in that network\n"
		"a.conf:2:33: relay-for ::/0 makes this an open relay: strangers are in that network\n"
		"a.conf:2:38: relay-for 2000::/3 makes this an open relay: strangers are in that network\n"
		"a.conf:2:47: relay-for 0.0.0.0/0 makes this an open relay: strangers are in that network\n", 5 },
	{ HEAD "relay-for 64:ff9b::/96 64:ff9b::c000:200/120 64:ff9b:1:2::/64\n", "", "",
		"a.conf:2:11: relay-for 64:ff9b::/96 makes this an open relay: strangers are in that network\n"
		"a.conf:2:46: relay-for 64:ff9b:1:2::/64 makes this an open relay: strangers are in that network\n", 2 },
	{ HEAD "relay-for 1.0.0.0/8 1.0.0.0/8 1.2.0.0/16 10.0.0.0/8 2.0.0.0/9\nrelay-for 2.128.0.0/9 3.0.0.0/8\n", "", "",
		"a.conf:3:11: relay-for 2.128.0.0/9 makes this an open relay, together with the other networks: "
		"strangers are in so many\n", 1 },
	{ HEAD "relay-for 2001:db8::/32 2001:db8:1::/48 2001:db9::/33 2001:db9:8000::/33\n", "", "",
		"a.conf:2:55: relay-for 2001:db9:8000::/33 makes this an open relay, together with the other networks: "
		"strangers are in so many\n", 1 },
	{ HEAD "bare-newlines { repair 0.0.0.0/0 192.0.2.1 }\n", "", "",
		"a.conf:2:24: bare-newlines repair 0.0.0.0/0 lets mail be smuggled in: strangers are in that network\n", 1 },
	{ HEAD "relay-for 127.0.0.0/8 ::1 10.0.0.0/8 fc00::/7 fe80::/10 2a01:4f8:10b:c41::/64\n", "", "", "", 0 },
};
/* clang-format on */

TEST(route_check_says_what_is_wrong)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct router_fake_file files[] = {
			{"a",  cases[i].aliases},
			{ "b", cases[i].virtual},
		};
		struct router *r = router_fake_new(cases[i].conf, files, LENGTH(files));
		struct buf errors = { 0 };
		size_t count = route_check(r, &errors);

		CHECK_STR(buf_str(&errors), str_of(cases[i].said));
		CHECK_INT(count, cases[i].errors);
		buf_free(&errors);
		router_drop(r);
	}
}
