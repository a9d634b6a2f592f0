#include "gate/table_check.h"

#include "route/router_fake.h"
#include "test/test.h"

#include <stdio.h>

static const char conf[] =
	"hostname p.test\ndomain a.test { virtual-table hash:v; transport-table hash:t }\nmailbox "
	"jo@a.test { discard }\n"
	"access sender hash:s\nheaders pcre:h\n"
	"rewrite { sender pcre:p; header-recipient hash:w }\n"
	"copy-to { always jo@a.test no@a.test; sender hash:c; recipient pcre:cp }\n";

static const struct router_fake_file files[] = {
	{"s",   "a@b.test refuse\nc nonsense\nd copy jo@a.test\ne copy nobody\n"      },
	{ "h",  "if /^X/\n/^X-A:/ remove\nendif\n/^B: (.*)/ copy x@$1\n"              },
	{ "p",  "/(.*)@b.test/ $1@c.test\n"					   },
	{ "w",  "a@b.test @c.test\nb@b.test user\n"                                   },
	{ "c",  "a@b.test jo@a.test, else@where.test\nb@b.test jo@a.test no@a.test\n" },
	{ "cp", "/^(.*)@a.test/ $1@back.test\n"                                       },
	{ "v",  "a@a.test jo@a.test, @else.test\nb@a.test |/bin/x\nc@a.test @b.test\n"},
	{ "t",  "a@a.test nowhere:\nb@a.test error:5.1.1 gone\nc@a.test smtp:\n"      },
};

TEST(table_check_names_each_row_that_means_nothing)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct buf report = { 0 };

	CHECK_INT(table_check(r, &report), 10);
	CHECK_STR(buf_str(&report),
		S("s:2:3: 'nonsense' is no verdict: accept, refuse, defer, hold, discard, copy, "
		  "redirect, warn, prepend, filter or dunno\n"
		  "s:4:3: 'copy' is followed by an address, such as archive@example.org\n"
		  "h:4:1: 'copy' is followed by an address, such as archive@example.org\n"
		  "w:2:10: 'user' is no address such as jo@example.org, nor @example.org, the same "
		  "user there\n"
		  "c:2:10: 'jo@a.test no@a.test' is no address such as archive@example.org\n"
		  "v:1:10: value:1:12: \"@domain\" may be the first target of a virtual line only\n"
		  "v:2:10: value:1:1: a table that is asked may name neither programs nor files\n"
		  "t:1:10: unknown transport 'nowhere'; the nearest known one is 'error'\n"
		  "t:3:10: a next hop is expected behind 'smtp:': else it is the MX hosts of "
		  "'a.test', and those are this server\n"
		  "a.conf:7:28: <no@a.test>: nobody here has this address, so it gets no mail\n"));
	buf_free(&report);
	router_drop(r);
}

TEST(table_check_names_each_client_that_nobody_can_be)
{
	static const struct router_fake_file clients[] = {
		{"cl", "192.0.2.1 refuse\n192.0.2 refuse\n10 refuse\n2001:db8::1 refuse\n2001:db8 "
			"refuse\n"
			"example.com refuse\n192.0.2.0/24 refuse\n[192.0.2.1] refuse\n"
			"2001:db8:0:0:0:0:0:1 refuse\n192.0.256 refuse\n192.00 refuse\n"},
	};
	struct router *r = router_fake_new("hostname p.test\naccess client hash:cl\n", clients, 1);
	struct buf report = { 0 };
	str text, line;

	CHECK_INT(table_check(r, &report), 6);
	text = buf_str(&report);
	for (unsigned row = 6; str_cut(&text, '\n', &line); row++) {
		char start[40];

		snprintf(start, sizeof start, "cl:%u:1: no client is looked up as '", row);
		CHECK(str_starts(line, str_of(start)));
	}
	buf_free(&report);
	router_drop(r);
}
