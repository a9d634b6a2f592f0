#include "test/test.h"

#include "base/buf.h"
#include "dns/zone.h"
#include "sender/iprev.h"

static const str zone_text = S("1.2.0.192.in-addr.arpa PTR other.test\n"
			       "1.2.0.192.in-addr.arpa PTR host.test\n"
			       "host.test A 192.0.2.1\n"
			       "other.test A 192.0.2.9\n"
			       "2.2.0.192.in-addr.arpa PTR liar.test\n"
			       "liar.test A 192.0.2.9\n"
			       "3.2.0.192.in-addr.arpa PTR gone.test\n"
			       "5.2.0.192.in-addr.arpa SERVFAIL\n"
			       "6.2.0.192.in-addr.arpa PTR slow.test\n"
			       "slow.test TIMEOUT\n"
			       "7.2.0.192.in-addr.arpa PTR slow.test\n"
			       "7.2.0.192.in-addr.arpa PTR seven.test\n"
			       "seven.test A 192.0.2.7\n"
			       "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
			       ".ip6.arpa PTR six.test\n"
			       "six.test AAAA 2001:db8::1\n");

static void answer(struct iprev *v, struct dns_zone *zone, const struct iprev_act *act)
{
	struct dns_records *records = NULL;
	enum iprev_answer is = IPREV_NOTHING;

	switch (dns_zone_find(zone, act->name, act->type, &records)) {
	case ZONE_FOUND:
		is = IPREV_FOUND;
		break;
	case ZONE_NO_NAME:
	case ZONE_NO_DATA:
		break;
	case ZONE_SERVFAIL:
	case ZONE_TIMEOUT:
		is = IPREV_TROUBLE;
		break;
	}
	iprev_answer(v, act->ticket, is, records);
	dns_records_free(records);
}

/* All that is asked is answered, the last question first. */
static void run(struct iprev *v, const char *client, str text)
{
	struct iprev_act asked[IPREV_NAMES_MAX + 1], act;
	struct fail why;
	struct dns_zone *zone = dns_zone_parse(text, &why);
	struct ip ip;
	size_t n = 0;

	CHECK(zone && ip_parse(str_of(client), &ip));
	iprev_init(v, &ip);
	for (act = iprev_next(v); act.kind != IPREV_DONE; act = iprev_next(v)) {
		if (act.kind == IPREV_ASK) {
			CHECK(n < LENGTH(asked));
			asked[n++] = act;
		} else {
			CHECK(n > 0);
			answer(v, zone, &asked[--n]);
		}
	}
	CHECK_INT(n, 0);
	dns_zone_free(zone);
}

TEST(iprev_proves_a_name_only_by_an_address_that_leads_back)
{
	static const struct {
		const char *client;
		enum iprev_result result;
		const char *name;
	} cases[] = {
		{"192.0.2.1",    IPREV_PASS,      "host.test" },
		{ "2001:db8::1", IPREV_PASS,      "six.test"  },
		{ "192.0.2.7",   IPREV_PASS,      "seven.test"},
		{ "192.0.2.2",   IPREV_FAIL,      ""          },
		{ "192.0.2.3",   IPREV_FAIL,      ""          },
		{ "192.0.2.4",   IPREV_PERMERROR, ""          },
		{ "192.0.2.5",   IPREV_TEMPERROR, ""          },
		{ "192.0.2.6",   IPREV_TEMPERROR, ""          },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct iprev v;

		run(&v, cases[i].client, zone_text);
		CHECK_STR(str_of(iprev_result_name(v.result)),
			str_of(iprev_result_name(cases[i].result)));
		CHECK_STR(str_of(v.name), str_of(cases[i].name));
	}
}

TEST(iprev_asks_for_a_few_names_only)
{
	struct buf text = { 0 };
	struct iprev v;

	for (int i = 0; i < 50; i++)
		buf_putf(&text, "1.2.0.192.in-addr.arpa PTR h%d.test\nh%d.test A 192.0.2.%d\n", i,
			i, i == 49 ? 1 : 2);
	run(&v, "192.0.2.1", buf_str(&text));
	CHECK_INT(v.result, IPREV_FAIL);
	CHECK_INT(v.asked, IPREV_NAMES_MAX);
	buf_free(&text);
}
