#include "sender/spf_macro.h"

#include "test/test.h"

#include <stdio.h>

static struct spf_macro_values values(const char *client)
{
	struct spf_macro_values v = {
		.local = S("strong-bad"),
		.sender_domain = S("email.example.com"),
		.domain = S("email.example.com"),
		.helo = S("mx.example.net"),
		.receiver = S("pivot.test"),
		.client_name = S("mx.example.org"),
		.wall_s = 1700000000,
	};

	CHECK(ip_parse(str_of(client), &v.client));
	return v;
}

/* RFC 7208 section 7.4, and more of the same. */
TEST(spf_macro_names)
{
	static const struct {
		const char *client, *spec, *want; /* null: no name to ask for */
	} cases[] = {
		{"192.0.2.3",       "%{o}",                               "email.example.com"                    },
		{ "192.0.2.3",      "%{d2}",                              "example.com"                          },
		{ "192.0.2.3",      "%{d9}",                              "email.example.com"                    },
		{ "192.0.2.3",      "%{dr}",                              "com.example.email"                    },
		{ "192.0.2.3",      "%{d2r}",                             "example.email"                        },
		{ "192.0.2.3",      "%{l-}.x",                            "strong.bad.x"                         },
		{ "192.0.2.3",      "%{lr-}.x",                           "bad.strong.x"                         },
		{ "192.0.2.3",      "%{l1r-}.x",                          "strong.x"                             },
		{ "192.0.2.3",      "%{ir}.%{v}._spf.%{d2}",              "3.2.0.192.in-addr._spf.example.com"   },
		{ "192.0.2.3",      "%{lr-}.lp._spf.%{d2}",               "bad.strong.lp._spf.example.com"       },
		{ "192.0.2.3",      "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
                 "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"                                              },
		{ "192.0.2.3",      "%{p2}.trusted-domains.example.net.",
                 "example.org.trusted-domains.example.net"                                                       },
		{ "192.0.2.3",      "%{h}",                               "mx.example.net"                       },
		{ "192.0.2.3",      "%{s}.x.test",                        "strong-bad@email.example.com.x.test"  },
		{ "192.0.2.3",      "%{S}.x.test",                        "strong-bad%40email.example.com.x.test"},
		{ "192.0.2.3",      "a%%b%_c%-d.test",                    "a%b c%20d.test"                       },
		{ "192.0.2.3",      "%{l}..test",                         NULL                                   },
		{ "2001:db8::cb01", "%{ir}.%{v}._spf.%{d2}",
                 "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf."
			"example.com"									    },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct spf_macro_values v = values(cases[i].client);
		str spec = str_of(cases[i].spec), name = { 0 };
		char room[DNS_NAME_MAX + 1];

		CHECK(spf_macro_domain(spec) || !cases[i].want);
		CHECK(spf_macro_name(spec, &v, room, &name) == (cases[i].want != NULL));
		if (cases[i].want)
			CHECK_STR(name, str_of(cases[i].want));
	}
}

TEST(spf_macro_domains)
{
	static const struct {
		const char *spec;
		bool good;
	} cases[] = {
		{"example.com",       true },
		{ "example.com.",     true },
		{ "%{d}",             true },
		{ "a.%{d",            false},
		{ "%{d}.",            false},
		{ "%{d}com",          false},
		{ "%{d}.com",         true },
		{ "%{i}.%%",          true },
		{ "com",              false},
		{ "example.12",       false},
		{ "example.1a",       true },
		{ "example.-a",       false},
		{ "example.a-",       false},
		{ "example.c_m",      false},
		{ "foo:bar/baz.test", true },
		{ "example.com:8080", false},
		{ "a b.test",         false},
		{ "a\xc3\xa9.test",   false},
		{ "%{d0}",            false},
		{ "%{d4294967296r}",  true },
		{ "%{d00001}",        true },
		{ "%{D2R.-+,/_=}",    true },
		{ "%{d2x}",           false},
		{ "%{x}",             false},
		{ "%{}",              false},
		{ "%{c}",             false},
		{ "%{t}.%{r}",        false},
		{ "%a.test",          false},
		{ "a.test%",          false},
		{ "",                 false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		if (spf_macro_domain(str_of(cases[i].spec)) != cases[i].good)
			fail_msg("%s", cases[i].spec);
}

TEST(spf_macro_texts)
{
	static const struct {
		const char *text, *want; /* null: not to be used at all */
	} cases[] = {
		{"%{c} is not one of %{d}'s hosts, says %{R}",
                 "192.0.2.3 is not one of email.example.com's hosts, says pivot.test"},
		{ "at %{t}: http://x/?s=%{S}",
                 "at 1700000000: http://x/?s=strong-bad%40email.example.com"         },
		{ "100%%%_",				   "100% "               },
		{ "a\x07z",				    NULL                  },
		{ "100%",				      NULL                  },
		{ "caf\xc3\xa9",                               NULL                  },
		{ "",					  ""                    },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct spf_macro_values v = values("192.0.2.3");
		char text[SPF_TEXT_MAX + 1];

		CHECK(spf_macro_check(str_of(cases[i].text), SPF_IN_EXPLANATION) ==
			(cases[i].want != NULL));
		if (cases[i].want)
			CHECK_STR(str_of(spf_macro_text(str_of(cases[i].text), &v, text)),
				str_of(cases[i].want));
	}
}

/* RFC 7208 section 7.3: labels are dropped from the left until the name fits. */
TEST(spf_macro_name_is_cut_at_dots)
{
	struct spf_macro_values v = values("192.0.2.3");
	char spec[600], room[DNS_NAME_MAX + 1];
	size_t n = 0;
	str name;

	for (unsigned i = 0; i < 100; i++)
		n += (size_t)snprintf(spec + n, sizeof spec - n, "l%02u.", i);
	snprintf(spec + n, sizeof spec - n, "%%{d}");
	CHECK(spf_macro_name(str_of(spec), &v, room, &name));
	CHECK(name.n > DNS_NAME_MAX - 4 && name.n <= DNS_NAME_MAX);
	CHECK(str_starts(name, S("l4")) && str_ends(name, S(".l99.email.example.com")));
}

/* What goes into a text is a stranger's, and so is its length. */
TEST(spf_macro_text_is_bounded_and_clean)
{
	static char large[5000];
	struct spf_macro_values v = values("192.0.2.3");
	char text[SPF_TEXT_MAX + 1];

	v.helo = S("a\r\nb\x1b[1m");
	CHECK_STR(str_of(spf_macro_text(S("%{h}"), &v, text)), S("a??b?[1m"));
	memset(large, 'x', sizeof large);
	CHECK_INT(strlen(spf_macro_text(str_from(large, sizeof large), &v, text)), SPF_TEXT_MAX);
	v.local = str_from(large, SPF_VALUE_MAX);
	CHECK_INT(strlen(spf_macro_text(S("%{l}%{l}%{l}"), &v, text)), SPF_TEXT_MAX);
}
