#include "gate/table_check.h"

#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] =
	"hostname p.test\ndomain a.test { }\nmailbox jo@a.test { discard }\n"
	"access sender hash:s\nheaders pcre:h\n"
	"rewrite { sender pcre:p; header-recipient hash:w }\n"
	"copy-to { always jo@a.test no@a.test; sender hash:c; recipient pcre:cp }\n";

static const struct router_fake_file files[] = {
	{"s",   "a@b.test refuse\nc nonsense\nd copy jo@a.test\ne copy nobody\n"     },
	{ "h",  "if /^X/\n/^X-A:/ remove\nendif\n/^B: (.*)/ copy x@$1\n"             },
	{ "p",  "/(.*)@b.test/ $1@c.test\n"                                          },
	{ "w",  "a@b.test @c.test\nb@b.test user\n"                                  },
	{ "c",  "a@b.test jo@a.test, else@where.test\nb@b.test jo@a.test no@a.test\n"},
	{ "cp", "/^(.*)@a.test/ $1@back.test\n"                                      },
};

TEST(table_check_names_each_row_that_means_nothing)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct buf report = { 0 };

	CHECK_INT(table_check(r, &report), 6);
	CHECK_STR(buf_str(&report),
		S("s:2:3: 'nonsense' is no verdict: accept, refuse, defer, hold, discard, copy, "
		  "warn or dunno\n"
		  "s:4:3: 'copy' is followed by an address, such as archive@example.org\n"
		  "h:4:1: 'copy' is followed by an address, such as archive@example.org\n"
		  "w:2:10: 'user' is no address such as jo@example.org, nor @example.org, the same "
		  "user there\n"
		  "c:2:10: 'jo@a.test no@a.test' is no address such as archive@example.org\n"
		  "a.conf:7:28: <no@a.test>: nobody here has this address, so it gets no copy\n"));
	buf_free(&report);
	router_drop(r);
}
