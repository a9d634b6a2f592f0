#include "test/test.h"

#include <stdio.h>

#include "sender/author.h"

static const struct {
	str header, want; /* addresses with spaces between, or "!" and the fault */
} cases[] = {
	{S("From: a@x.test"),					   S("a@x.test")                          },
	{ S("FROM:a@x.test"),					   S("a@x.test")                          },
	{ S("From: A. Person <a@x.test>"),                              S("a@x.test")                          },
	{ S("From: \"b@y.test\" <a@x.test>"),                           S("a@x.test")                          },
	{ S("From: \"<b@y.test>, \\\" \" <a@x.test> (and c@z.test)"),   S("a@x.test")                          },
	{ S("From: (\\) <c@z.test> (x)) a (c) @ (d)\r\n x . test (e)"), S("a@x.test")                          },
	{ S("From: a@x.test, B <b@y.test>"),                            S("a@x.test b@y.test")                 },
	{ S("From: ,, a@x.test ,"),				     S("a@x.test")                          },
	{ S("From: Us: a@x.test, B <b@y.test>;"),                       S("a@x.test b@y.test")                 },
	{ S("From: <@r.test,@s.test:a@x.test>"),                        S("a@x.test")                          },
	{ S("From: \"a b\"@x.test"),                                    S("\"a b\"@x.test")                    },
	{ S("From: J\303\274rg <j\303\274@b\303\274.test>"),            S("j\303\274@b\303\274.test")          },
	{ S("From: a@[192.0.2.1]"),				     S("a@[192.0.2.1]")                     },
	{ S("From: Nobody:;"),					  S("!there is no address in From")      },
	{ S("From: "),						  S("!there is no address in From")      },
	{ S("Subject: x"),					      S("!there is no From field")           },
	{ S("From: a@x.test\r\nFrom: a@x.test"),                        S("!there is more than one From field")},
	{ S("From: a@x.test b@y.test"),                                 S("!From cannot be read")              },
	{ S("From: a b@x.test"),					S("!From cannot be read")              },
	{ S("From: a"),						 S("!From cannot be read")              },
	{ S("From: <a@x.test"),					 S("!From cannot be read")              },
	{ S("From: a@x.test>"),					 S("!From cannot be read")              },
	{ S("From: <a@x.test> <b@y.test>"),                             S("!From cannot be read")              },
	{ S("From: <a@x.test>b@y.test"),                                S("!From cannot be read")              },
	{ S("From: <<a@x.test>>"),				      S("!From cannot be read")              },
	{ S("From: b@y.test <a@x.test>"),                               S("a@x.test")                          },
	{ S("From: \"a@x.test"),					S("!From cannot be read")              },
	{ S("From: (a@x.test"),					 S("!From cannot be read")              },
	{ S("From: a@x.test@y.test"),                                   S("!From cannot be read")              },
	{ S("From: <>"),						S("!From cannot be read")              },
	{ S("From: 1@x,2@x,3@x,4@x,5@x,6@x,7@x,8@x,9@x,0@x,1@x"),
         S("!there are too many addresses in From")							    },
};

TEST(author_is_what_from_says_and_nothing_else)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dkim_header h = { 0 };
		struct author a;
		str text = cases[i].header;
		char got[400] = "";

		dkim_header_feed(&h, &text);
		dkim_header_end(&h);
		author_gather(&h, &a);
		for (size_t n = 0; n < a.count && !a.fault; n++)
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s",
				n > 0 ? " " : "", a.addresses[n]);
		if (a.fault)
			snprintf(got, sizeof got, "!%s", a.fault);
		CHECK_STR(str_of(got), cases[i].want);
		dkim_header_free(&h);
	}
}
