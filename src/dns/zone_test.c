#include "dns/zone.h"

#include "test/test.h"

#include <stdio.h>

static const str zone_text = STR_INIT("; a zone for tests\n"
				      "example.net MX 20 mx2.example.net.   # the second\r\n"
				      "Example.NET. 60 IN MX 10 MX1.example.net\n"
				      "example.net MX 10 mx1.example.net ; once more\n"
				      "\n"
				      "\tmx1.example.net A 192.0.2.1\n"
				      "mx1.example.net AAAA 2001:db8::1\n"
				      "null.test MX 0 .\n"
				      "www.test CNAME www2.test\n"
				      "www2.test CNAME mx1.example.net\n"
				      "lost.test CNAME nowhere.test\n"
				      "round.test CNAME round.test\n"
				      "_spf.test TXT \"v=spf1 ; \\\"x\\\" \" \"\\045all\" # and\n"
				      "1.2.0.192.in-addr.arpa PTR mx1.example.net\n"
				      "slow.test TIMEOUT\n"
				      "slow.test A 192.0.2.9\n"
				      "late.test CNAME slow.test\n"
				      "sick.test servfail\n"
				      "b\xc3\xbc"
				      "cher.test A 192.0.2.7\n"
				      "Foo:bar/\\032baz.test. A 192.0.2.8\n");

static const struct {
	const char *name;
	enum dns_type type;
	enum dns_zone_answer answer;
	const char *data;
} cases[] = {
	{"example.net",             DNS_MX,    ZONE_FOUND,    "20 mx2.example.net,10 mx1.example.net"},
	{ "EXAMPLE.net",            DNS_MX,    ZONE_FOUND,    "20 mx2.example.net,10 mx1.example.net"},
	{ "example.net",            DNS_A,     ZONE_NO_DATA,  ""                                     },
	{ "net",		    DNS_A,     ZONE_NO_NAME,  ""                                     },
	{ "",		       DNS_A,     ZONE_NO_NAME,  ""                                     },
	{ "mx1.example.net",        DNS_A,     ZONE_FOUND,    "192.0.2.1"                            },
	{ "mx1.example.net",        DNS_AAAA,  ZONE_FOUND,    "2001:db8::1"                          },
	{ "null.test",              DNS_MX,    ZONE_FOUND,    "0 "                                   },
	{ "www.test",               DNS_A,     ZONE_FOUND,    "192.0.2.1"                            },
	{ "www.test",               DNS_CNAME, ZONE_FOUND,    "www2.test"                            },
	{ "www.test",               DNS_MX,    ZONE_NO_DATA,  ""                                     },
	{ "lost.test",              DNS_A,     ZONE_NO_NAME,  ""                                     },
	{ "round.test",             DNS_A,     ZONE_SERVFAIL, ""                                     },
	{ "_spf.test",              DNS_TXT,   ZONE_FOUND,    "v=spf1 ; \"x\" -all"                  },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR,   ZONE_FOUND,    "mx1.example.net"                      },
	{ "slow.test",              DNS_A,     ZONE_TIMEOUT,  ""                                     },
	{ "late.test",              DNS_MX,    ZONE_TIMEOUT,  ""                                     },
	{ "sick.test",              DNS_A,     ZONE_SERVFAIL, ""                                     },
	{ "foo:BAR/ baz.test",      DNS_A,     ZONE_FOUND,    "192.0.2.8"                            },
	{ "xn--bcher-kva.test",     DNS_A,     ZONE_FOUND,    "192.0.2.7"                            },
};

static str print(const struct dns_records *all, char *to, size_t size)
{
	size_t n = 0;
	char ip[IP_TEXT_MAX];

	for (size_t i = 0; i < all->count; i++) {
		const struct dns_record *r = &all->records[i];

		n += (size_t)snprintf(to + n, size - n, "%s", i ? "," : "");
		if (r->type == DNS_MX)
			n += (size_t)snprintf(to + n, size - n, "%u ", r->preference);
		n += (size_t)snprintf(to + n, size - n, "%.*s%.*s%s", STR(r->name), STR(r->text),
			r->ip.family ? ip_print(&r->ip, ip) : "");
	}
	return str_from(to, n);
}

TEST(dns_zone_answers)
{
	struct fail why = { 0 };
	struct dns_zone *z = dns_zone_parse(zone_text, &why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK(z);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dns_records *all;
		enum dns_zone_answer got =
			dns_zone_find(z, str_of(cases[i].name), cases[i].type, &all);
		char text[500];

		CHECK_INT(got, cases[i].answer);
		CHECK((all != NULL) == (got == ZONE_FOUND));
		if (all)
			CHECK_STR(print(all, text, sizeof text), str_of(cases[i].data));
		dns_records_free(all);
	}
	dns_zone_free(z);
	dns_zone_free(NULL);
}

TEST(dns_zone_follows_eight_aliases)
{
	char text[1000];
	size_t n = 0;
	struct dns_zone *z;
	struct dns_records *all;

	for (int i = 9; i > 0; i--)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "c%d.test CNAME c%d.test\n", i, i - 1);
	snprintf(text + n, sizeof text - n, "c0.test A 192.0.2.1\n");
	z = dns_zone_parse(str_of(text), NULL);
	CHECK(z);
	CHECK_INT(dns_zone_find(z, S("c8.test"), DNS_A, &all), ZONE_FOUND);
	dns_records_free(all);
	CHECK_INT(dns_zone_find(z, S("c9.test"), DNS_A, &all), ZONE_SERVFAIL);
	dns_zone_free(z);
}

static const struct {
	const char *text, *error;
} wrongs[] = {
	{"a.test A 192.0.2.1\n  b.test AA 1",
         "2:10: \"AA\" is none of A AAAA CNAME MX PTR TXT TIMEOUT SERVFAIL"                                  },
	{ "a.test",			     "1:7: the type is missing"                                   },
	{ "a..test A 192.0.2.1",                "1:1: the name is no valid name"                             },
	{ "a.test A ::1",                       "1:10: this is no IPv4 address"                              },
	{ "a.test AAAA 192.0.2.1",              "1:13: this is no IPv6 address"                              },
	{ "a.test A 192.0.2.1 more",            "1:20: nothing more is expected here"                        },
	{ "a.test TIMEOUT 5",                   "1:16: nothing more is expected here"                        },
	{ "a.test MX mx.test",                  "1:11: a preference is a number from 0 to 65535"             },
	{ "a.test MX 65536 mx.test",            "1:11: a preference is a number from 0 to 65535"             },
	{ "a.test MX 10",                       "1:13: the mail host is missing"                             },
	{ "a.test MX 10 \"\"",                  "1:14: the mail host is no valid name"                       },
	{ "a.test TXT",			 "1:11: the text is missing"                                  },
	{ "a.test TXT \"open",                  "1:12: the quote is not closed"                              },
	{ "a.test TXT \"\\25\"",                "1:12: a backslash stands before a character or three digits"},
	{ "a.test A 192.0.2.1\na.test CNAME b", "2:14: a name with a CNAME has nothing else"                 },
};

TEST(dns_zone_errors_say_where)
{
	for (size_t i = 0; i < LENGTH(wrongs); i++) {
		struct fail why = { 0 };

		CHECK(!dns_zone_parse(str_of(wrongs[i].text), &why));
		CHECK_STR(str_of(why.text), str_of(wrongs[i].error));
	}
}
