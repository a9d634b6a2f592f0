/* Which names are taken, and what they become. */
#include "test/test.h"

#include "dns/name.h"

static const struct {
	str name;
	str ascii; /* "": refused */
} names[] = {
	{STR_INIT("Example.ORG"),						       STR_INIT("example.org")             },
	{ STR_INIT("localhost"),							STR_INIT("localhost")               },
	{ STR_INIT("_dmarc.example.org"),					       STR_INIT("_dmarc.example.org")      },
	{ STR_INIT("a--b.c"),							   STR_INIT("a--b.c")                  },
	{ STR_INIT("123.456"),							  STR_INIT("123.456")                 },
	{ STR_INIT("b\303\274cher.example"),                                            STR_INIT("xn--bcher-kva.example")   },
	{ STR_INIT("B\303\234CHER.example"),                                            STR_INIT("xn--bcher-kva.example")   },
	{ STR_INIT("fa\303\237.de"),						    STR_INIT("xn--fa-hia.de")           }, /* non-transitional */
	{ STR_INIT("XN--bcher-KVA.example"),                                            STR_INIT("xn--bcher-kva.example")   },
	{ STR_INIT("_x.b\303\274cher.example"),                                         STR_INIT("_x.xn--bcher-kva.example")},
	{ STR_INIT(""),								 STR_INIT("")                        },
	{ STR_INIT("."),								STR_INIT("")                        },
	{ STR_INIT("example.org."),						     STR_INIT("")                        },
	{ STR_INIT(".example.org"),						     STR_INIT("")                        },
	{ STR_INIT("a..b"),							     STR_INIT("")                        },
	{ STR_INIT("-a.b"),							     STR_INIT("")                        },
	{ STR_INIT("a-.b"),							     STR_INIT("")                        },
	{ STR_INIT("a b.c"),							    STR_INIT("")                        },
	{ STR_INIT("a\0b.c"),							   STR_INIT("")                        },
	{ STR_INIT("xn---"),							    STR_INIT("")                        },
	{ STR_INIT("xn--"),							     STR_INIT("")                        },
	{ STR_INIT("xn--abc-.org"),						     STR_INIT("")                        },
	{ STR_INIT("xn--0.org"),							STR_INIT("")                        },
	{ STR_INIT("\377.org"),							 STR_INIT("")                        },
	{ STR_INIT("a\343\200\202b.org"),					       STR_INIT("")                        }, /* an ideographic full stop */
	{ STR_INIT("a\357\274\240b.org"),					       STR_INIT("")                        }, /* a full-width @ */
	{ STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
         STR_INIT("")												       },
};

TEST(dns_name_becomes_ascii_or_is_refused)
{
	for (size_t i = 0; i < LENGTH(names); i++) {
		char to[DNS_NAME_MAX + 1];
		bool ok = dns_name_ascii(names[i].name, to);

		CHECK_STR(ok ? str_of(to) : S(""), names[i].ascii);
		if (ok)
			CHECK(dns_name_valid(str_of(to)));
	}
}

TEST(dns_name_has_at_most_253_bytes)
{
	char name[256], to[DNS_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 2 ? '.' : 'a';
	CHECK(dns_name_valid(str_from(name, 253)));
	CHECK(dns_name_ascii(str_from(name, 253), to));
	CHECK(!dns_name_valid(str_from(name, 255)));
	CHECK(!dns_name_ascii(str_from(name, 255), to));
}

TEST(dns_name_below_knows_labels)
{
	CHECK(dns_name_below(S("a.example.org"), S("example.org")));
	CHECK(dns_name_below(S("EXAMPLE.org"), S("example.ORG")));
	CHECK(dns_name_below(S("org"), S("")));
	CHECK(!dns_name_below(S("badexample.org"), S("example.org")));
	CHECK(!dns_name_below(S(".example.org"), S("example.org")));
	CHECK(!dns_name_below(S("org"), S("example.org")));
}

TEST(dns_name_askable_takes_what_people_write)
{
	static const struct {
		const char *name;
		bool good;
	} askables[] = {
		{"example.com",							    true },
		{ "foo:bar/baz.example.com",					       true },
		{ "a b.-x-.test",							  true },
		{ "test",								  true },
		{ "",								      false},
		{ ".test",								 false},
		{ "a..test",							       false},
		{ "a.test.",							       false},
		{ "a\\.test",							      false},
		{ "a\tb.test",							     false},
		{ "caf\xc3\xa9.test",						      false},
		{ "123456789012345678901234567890123456789012345678901234567890123.test",  true },
		{ "1234567890123456789012345678901234567890123456789012345678901234.test", false},
	};
	char longest[DNS_NAME_MAX + 2];

	for (size_t i = 0; i < LENGTH(askables); i++)
		if (dns_name_askable(str_of(askables[i].name)) != askables[i].good)
			fail_msg("%s", askables[i].name);
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = i % 2 ? '.' : 'a';
	CHECK(dns_name_askable(str_from(longest, DNS_NAME_MAX)));
	longest[DNS_NAME_MAX] = 'b';
	longest[DNS_NAME_MAX - 1] = 'b';
	CHECK(!dns_name_askable(str_from(longest, DNS_NAME_MAX + 1)));
}
