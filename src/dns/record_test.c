#include "dns/record.h"

#include "test/test.h"

static const struct {
	enum dns_type type;
	str wire;
	bool good;
	const char *data; /* the name, text or address */
} cases[] = {
	{DNS_A,      STR_INIT("\177\0\0\1"),                             true,  "127.0.0.1"     },
	{ DNS_A,     STR_INIT("\177\0\0"),                               false, ""              },
	{ DNS_A,     STR_INIT("\177\0\0\1\1"),                           false, ""              },
	{ DNS_AAAA,  STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),       true,  "::1"           },
	{ DNS_AAAA,  STR_INIT("\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1"), true,  "192.0.2.1"     },
	{ DNS_AAAA,  STR_INIT("\0\0\0\1"),                               false, ""              },
	{ DNS_MX,    STR_INIT("\0\12\2Mx\7eXample\3net\0"),              true,  "mx.example.net"},
	{ DNS_MX,    STR_INIT("\0\0\0"),                                 true,  ""              },
	{ DNS_MX,    STR_INIT("\0\0"),                                   false, ""              },
	{ DNS_CNAME, STR_INIT("\1a\0"),                                  true,  "a"             },
	{ DNS_CNAME, STR_INIT("\1a"),                                    false, ""              },
	{ DNS_CNAME, STR_INIT("\1a\0\0"),                                false, ""              },
	{ DNS_CNAME, STR_INIT("\5a\0"),                                  false, ""              },
	{ DNS_CNAME, STR_INIT("\300\14"),                                false, ""              },
	{ DNS_CNAME, STR_INIT("\3a.b\0"),                                false, ""              },
	{ DNS_CNAME, STR_INIT("\3a\nb\0"),                               false, ""              },
	{ DNS_PTR,   STR_INIT("\11localhost\0"),                         true,  "localhost"     },
	{ DNS_TXT,   STR_INIT("\3abc\0\2de"),                            true,  "abcde"         },
	{ DNS_TXT,   STR_INIT("\0"),				     true,  ""              },
	{ DNS_TXT,   STR_INIT(""),				       false, ""              },
	{ DNS_TXT,   STR_INIT("\4abc"),                                  false, ""              },
};

TEST(dns_record_wire)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dns_builder *b = dns_builder_new();
		bool good = dns_builder_add_wire(b, cases[i].type, 60, cases[i].wire);
		struct dns_records *all = dns_builder_finish(b);
		struct dns_record *r = all->records;
		char text[IP_TEXT_MAX];

		CHECK(good == cases[i].good);
		CHECK_INT(all->count, good);
		if (good) {
			CHECK(r->type == cases[i].type && r->ttl_s == 60);
			CHECK_INT(r->preference,
				cases[i].type == DNS_MX && cases[i].wire.p[1] ? 10 : 0);
			if (r->ip.family)
				CHECK_STR(str_of(ip_print(&r->ip, text)), str_of(cases[i].data));
			else
				CHECK_STR(r->name.n ? r->name : r->text, str_of(cases[i].data));
		}
		dns_records_free(all);
	}
}

TEST(dns_record_name_has_a_longest_form)
{
	char wire[300];

	for (size_t last = 1; last <= 63; last++) {
		struct dns_builder *b = dns_builder_new();
		size_t n = 0;

		for (size_t label = 0; label < 4; label++) {
			size_t size = label < 3 ? 63 : last;

			wire[n] = (char)size;
			memset(wire + n + 1, 'x', size);
			n += size + 1;
		}
		wire[n++] = 0;
		/* 255 octets in wire form are 253 in ours (RFC 1035 section 2.3.4). */
		CHECK(dns_builder_add_wire(b, DNS_PTR, 0, str_from(wire, n)) == (n <= 255));
		dns_records_free(dns_builder_finish(b));
	}
}

TEST(dns_record_answers_are_bounded)
{
	struct dns_builder *b = dns_builder_new();
	struct dns_records *all;

	for (size_t i = 0; i < DNS_RECORDS_MAX * 2; i++)
		CHECK(dns_builder_add_wire(b, DNS_A, 0, S("\1\2\3\4")));
	all = dns_builder_finish(b);
	CHECK_INT(all->count, DNS_RECORDS_MAX);
	dns_records_free(all);
	dns_records_free(NULL);
}

TEST(dns_record_types_have_names)
{
	enum dns_type type;

	CHECK(dns_type_parse(S("mx"), &type) && type == DNS_MX);
	CHECK(dns_type_parse(S("AAAA"), &type) && type == DNS_AAAA);
	CHECK(!dns_type_parse(S("MXX"), &type) && !dns_type_parse(S(""), &type));
	CHECK_STR(str_of(dns_type_name(DNS_CNAME)), S("CNAME"));
}
