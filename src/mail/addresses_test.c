#include "mail/addresses.h"

#include "base/buf.h"
#include "test/test.h"

static const struct {
	str list, want;
} cases[] = {
	{S(" a@b.test\r\n"),					   S("a@b.test|")                     },
	{ S(" A B <a@b.test>, c@d.test (C, D <x@y.test>)\r\n"),        S("a@b.test|c@d.test|")            },
	{ S(" \"B, A <x@y.test>\" <a@b.test>"),                        S("a@b.test|")                     },
	{ S(" \"a b\"@c.test,<\"x>y\"@d.test>"),                       S("\"a b\"@c.test|\"x>y\"@d.test|")},
	{ S(" Friends: a@b.test,\r\n\tC <c@d.test>; , e@[192.0.2.1]"),
         S("a@b.test|c@d.test|e@[192.0.2.1]|")							    },
	{ S(" undisclosed-recipients:;"),                              S("")                              },
	{ S(" a@b.test\r\n (at\r\n work) , c@d.test"),                 S("a@b.test|c@d.test|")            },
	{ S(" (nested (a@b.test) \\) x) c@d.test"),                    S("c@d.test|")                     },
	{ S(" < a@b.test >, <>, <c@d.test"),                           S("a@b.test|")                     },
 /* what is no address, or none that mail is sent to, stays as it is */
	{ S(" a @ b.test, a@b .test, c d@e.test, root, x@, f@g.test"), S("f@g.test|")                     },
	{ S(" <@r.test:a@b.test>, <a@b.test (c)>, c@d.test"),          S("c@d.test|")                     },
	{ S(" a@b.test, \"open <c@d.test>, e@f.test"),                 S("a@b.test|")                     },
	{ S(" a@b.test, (open c@d.test"),                              S("a@b.test|")                     },
	{ S("j\xc3\xb6@b.test"),				       S("j\xc3\xb6@b.test|")             },
};

TEST(addresses_are_found_among_what_stands_around_them)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct addresses a = { .list = cases[i].list };
		struct buf found = { 0 };
		str address;

		while (addresses_next(&a, &address))
			buf_putf(&found, "%.*s|", STR(address));
		CHECK_STR(buf_str(&found), cases[i].want);
		buf_free(&found);
	}
}
