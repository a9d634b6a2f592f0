#include "sender/spf.h"

#include "test/test.h"

#include "base/buf.h"
#include "sender/spf_fake.h"
#include "sender/spf_record.h"

static const char zone_text[] =
	"pass.test TXT \"v=spf1 a mx -all\"\n"
	"pass.test A 192.0.2.1\n"
	"pass.test MX 10 mx.test\n"
	"pass.test MX 20 sick.test\n"
	"mx.test A 192.0.2.2\n"
	"mx.test AAAA 2001:db8::2\n"
	"sick.test SERVFAIL\n"
	"slow.test TIMEOUT\n"
	"net.test TXT \"v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 ~all\"\n"
	"outer.test TXT \"v=spf1 ?include:net.test include:pass.test -all exp=why.test\"\n"
	"why.test TXT \"%{c} is no host of %{d}, %{p}\"\n"
	"redirect.test TXT \"v=spf1 a:none.test redirect=outer.test exp=other.test\"\n"
	"twice.test TXT \"v=spf1 a\"\n"
	"twice.test TXT \"v=spf1 mx\"\n"
	"other.test TXT \"something else\"\n"
	"deep.test TXT \"v=spf1 include:broken.test -all\"\n"
	"broken.test TXT \"v=spf1 a mox -all\"\n"
	"gone.test TXT \"v=spf1 include:nowhere.test -all\"\n"
	"late.test TXT \"v=spf1 a:slow.test -all\"\n"
	"later.test TXT \"v=spf1 include:slow.test -all\"\n"
	"loop.test TXT \"v=spf1 include:loop.test\"\n"
	"round.test TXT \"v=spf1 redirect=round.test\"\n"
	"void.test TXT \"v=spf1 a:n1.test a:n2.test a:n3.test -all\"\n"
	"void2.test TXT \"v=spf1 a:n1.test mx:mx.test -all\"\n"
	"mail.host.test A 192.0.2.7\n"
	"7.2.0.192.in-addr.arpa PTR liar.test\n"
	"7.2.0.192.in-addr.arpa PTR slow.test\n"
	"7.2.0.192.in-addr.arpa PTR mail.host.test\n"
	"liar.test A 192.0.2.99\n"
	"host.test TXT \"v=spf1 ptr -all\"\n"
	"named.test TXT \"v=spf1 exists:%{p}.ok.test exists:%{l}.%{h}.ok.test -all\"\n"
	"mail.host.test.ok.test A 127.0.0.2\n"
	"postmaster.he.lo.ok.test A 127.0.0.2\n"
	"he.lo TXT \"v=spf1 ip4:192.0.2.9 -all\"\n"
	"xn--bcher-kva.test TXT \"v=spf1 exists:%{l}.ok.test exists:%{o}.ok.test -all\"\n"
	"xn--bcher-kva.test.ok.test A 127.0.0.2\n"
	"odd.test TXT \"v=spf1 a:%{h}.x.test include:%{h} -all\"\n"
	"mapped.test TXT \"v=spf1 ip6:::ffff:192.0.2.1 -all\"\n"
	"mute.test TXT \"v=spf1 -all exp=slow.test\"\n"
	"rude.test TXT \"v=spf1 -all exp=rude2.test\"\n"
	"rude2.test TXT \"a\\010b\"\n"
	"empty.test TXT \"v=spf1 -all exp=empty2.test\"\n"
	"empty2.test TXT \"\"\n"
	"exists.test TXT \"v=spf1 exists:he.lo.%{l}.ok.test exists:pass.test -all\"\n"
	"double.test TXT \"v=spf1 -all exp=twice.test\"\n"
	"neutral.test TXT \"v=spf1\"\n";

static const struct {
	const char *client, *helo, *sender;
	enum spf_result want;
	const char *domain, *mechanism, *inner, *explanation;
} cases[] = {
	{"192.0.2.1",    "he.lo",       "a@pass.test",     SPF_PASS,      "pass.test",          "a",                        "",   ""},
	{ "192.0.2.2",   "he.lo",       "a@PASS.test",     SPF_PASS,      "PASS.test",          "mx",                       "",   ""},
	{ "2001:db8::2", "he.lo",       "a@pass.test",     SPF_PASS,      "pass.test",          "mx",                       "",   ""},
	{ "192.0.2.3",   "he.lo",       "a@pass.test",     SPF_TEMPERROR, "pass.test",          "mx",                       "",   ""},
	{ "192.0.2.15",  "he.lo",       "a@net.test",      SPF_PASS,      "net.test",           "ip4:192.0.2.0/28",         "",   ""},
	{ "192.0.2.16",  "he.lo",       "a@net.test",      SPF_SOFTFAIL,  "net.test",           "~all",                     "",   ""},
	{ "2001:db8::9", "he.lo",       "a@net.test",      SPF_PASS,      "net.test",           "ip6:2001:db8::/32",        "",   ""},
	{ "192.0.2.3",   "he.lo",       "a@outer.test",    SPF_NEUTRAL,   "outer.test",         "?include:net.test",
         "ip4:192.0.2.0/28",												      ""},
	{ "2001:db8::2", "he.lo",       "a@outer.test",    SPF_NEUTRAL,   "outer.test",         "?include:net.test",
         "ip6:2001:db8::/32",												     ""},
	{ "192.0.2.66",  "he.lo",       "a@redirect.test", SPF_TEMPERROR, "outer.test",
         "include:pass.test",											       "mx", ""},
	{ "192.0.2.1",   "he.lo",       "a@twice.test",    SPF_PERMERROR, "twice.test",         "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@other.test",    SPF_NONE,      "other.test",         "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@nowhere.test",  SPF_NONE,      "nowhere.test",       "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@slow.test",     SPF_TEMPERROR, "slow.test",          "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@deep.test",     SPF_PERMERROR, "deep.test",          "include:broken.test",
         "",														      ""},
	{ "192.0.2.1",   "he.lo",       "a@gone.test",     SPF_PERMERROR, "gone.test",          "include:nowhere.test",
         "",														      ""},
	{ "192.0.2.1",   "he.lo",       "a@late.test",     SPF_TEMPERROR, "late.test",          "a:slow.test",              "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@later.test",    SPF_TEMPERROR, "later.test",         "include:slow.test",
         "",														      ""},
	{ "192.0.2.1",   "he.lo",       "a@loop.test",     SPF_PERMERROR, "loop.test",          "include:loop.test",
         "include:loop.test",												     ""},
	{ "192.0.2.1",   "he.lo",       "a@round.test",    SPF_PERMERROR, "round.test",         "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@void.test",     SPF_PERMERROR, "void.test",          "a:n3.test",                "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@void2.test",    SPF_FAIL,      "void2.test",         "-all",                     "",   ""},
	{ "192.0.2.7",   "he.lo",       "a@host.test",     SPF_PASS,      "host.test",          "ptr",                      "",   ""},
	{ "192.0.2.8",   "he.lo",       "a@host.test",     SPF_FAIL,      "host.test",          "-all",                     "",   ""},
	{ "192.0.2.7",   "he.lo",       "a@named.test",    SPF_PASS,      "named.test",         "exists:%{p}.ok.test",      "",
         ""															 },
	{ "192.0.2.8",   "he.lo",       "@named.test",     SPF_PASS,      "named.test",         "exists:%{l}.%{h}.ok.test",
         "",														      ""},
	{ "192.0.2.9",   "he.lo",       "",                SPF_PASS,      "he.lo",              "ip4:192.0.2.9",            "",   ""},
	{ "192.0.2.8",   "he.lo",       "",                SPF_FAIL,      "he.lo",              "-all",                     "",   ""},
	{ "192.0.2.8",   "localhost",   "",                SPF_NONE,      "localhost",          "",                         "",   ""},
	{ "192.0.2.8",   "[192.0.2.8]", "",                SPF_NONE,      "[192.0.2.8]",        "",                         "",   ""},
	{ "192.0.2.8",   "he.lo",
         "\xc3\xa9@b\xc3\xbc"
		"cher.test",			       SPF_PASS,      "xn--bcher-kva.test", "exists:%{o}.ok.test",      "",   ""},
	{ "192.0.2.1",   "..",          "a@odd.test",      SPF_PERMERROR, "odd.test",           "include:%{h}",             "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@mapped.test",   SPF_FAIL,      "mapped.test",        "-all",                     "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@mute.test",     SPF_FAIL,      "mute.test",          "-all",                     "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@rude.test",     SPF_FAIL,      "rude.test",          "-all",                     "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@empty.test",    SPF_FAIL,      "empty.test",         "-all",                     "",   ""},
	{ "2001:db8::9", "he.lo",       "a@exists.test.",  SPF_PASS,      "exists.test",        "exists:pass.test",         "",
         ""															 },
	{ "192.0.2.9",   "he.lo",       "a@double.test",   SPF_FAIL,      "double.test",        "-all",                     "",   ""},
	{ "192.0.2.1",   "he.lo",       "a@neutral.test",  SPF_NEUTRAL,   "neutral.test",       "",                         "",   ""},
	{ "192.0.2.1",   "he.lo",       "nobody",          SPF_NONE,      "",                   "",                         "",   ""},
};

static struct spf *judge(const struct dns_zone *zone, const char *client, str helo, str sender)
{
	struct spf_request request = { .helo = helo, .sender = sender };
	struct prng r;
	struct spf *s;

	prng_seed(&r, helo.n + sender.n);
	CHECK(ip_parse(str_of(client), &request.client));
	s = spf_new(&request);
	CHECK(spf_fake_run(s, zone, &r, SPF_QUESTIONS_MAX));
	return s;
}

static struct dns_zone *parse(str text)
{
	struct fail why = { 0 };
	struct dns_zone *zone = dns_zone_parse(text, &why);

	CHECK_STR(str_of(why.text), S(""));
	return zone;
}

TEST(spf_verdicts)
{
	struct dns_zone *zone = parse(S(zone_text));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct spf *s = judge(
			zone, cases[i].client, str_of(cases[i].helo), str_of(cases[i].sender));
		const struct spf_verdict *v = spf_verdict(s);

		if (v->result != cases[i].want)
			fail_msg("%s from %s: %s, not %s (%s)", cases[i].sender, cases[i].client,
				spf_result_name(v->result), spf_result_name(cases[i].want),
				v->why.text);
		CHECK_STR(v->domain, str_of(cases[i].domain));
		CHECK_STR(v->mechanism, str_of(cases[i].mechanism));
		CHECK_STR(v->inner, str_of(cases[i].inner));
		CHECK_STR(str_of(v->explanation), str_of(cases[i].explanation));
		CHECK((v->why.kind != FAIL_NONE) ==
			(v->result == SPF_TEMPERROR || v->result == SPF_PERMERROR));
		spf_free(s);
	}
	dns_zone_free(zone);
}

/* The explanation is that of the record that was redirected to, with the client's name in it; an
 * error names the record that is wrong. */
TEST(spf_verdicts_are_explained)
{
	struct dns_zone *zone =
		parse(S("a.test TXT \"v=spf1 include:b.test redirect=c.test exp=x.test\"\n"
			"b.test TXT \"v=spf1 -ip4:192.0.2.7 exp=x.test\"\n"
			"c.test TXT \"v=spf1 -all exp=why.%{d}\"\n"
			"why.c.test TXT \"%{c} is not ours: \" \"it is %{p}, for %{d} not %{o}\"\n"
			"7.2.0.192.in-addr.arpa PTR h.test\n"
			"h.test A 192.0.2.7\n"
			"d.test TXT \"v=spf1 include:e.test -all\"\n"
			"e.test TXT \"v=spf1 ip5:1.2.3.4\"\n"));
	struct spf *s = judge(zone, "192.0.2.7", S("x.test"), S("u@a.test"));
	const struct spf_verdict *v = spf_verdict(s);

	CHECK_INT(v->result, SPF_FAIL);
	CHECK_STR(v->domain, S("c.test"));
	CHECK_STR(v->record, S("v=spf1 -all exp=why.%{d}"));
	CHECK_STR(str_of(v->explanation),
		S("192.0.2.7 is not ours: it is h.test, for c.test not a.test"));
	CHECK_INT(v->lookups, 2);
	CHECK_INT(v->questions, 6);
	spf_free(s);
	s = judge(zone, "192.0.2.7", S("x.test"), S("u@d.test"));
	v = spf_verdict(s);
	CHECK_INT(v->result, SPF_PERMERROR);
	CHECK_STR(v->inner_domain, S("e.test"));
	CHECK_STR(str_of(v->why.status), S("5.7.24"));
	CHECK_STR(str_of(v->why.text), S("the SPF record has a faulty term: ip5:1.2.3.4 (e.test)"));
	spf_free(s);
	dns_zone_free(zone);
}

/* Exactly the limit is still good. */
TEST(spf_limits)
{
	static const struct {
		unsigned lookups, hosts;
		enum spf_result want;
	} limits[] = {
		{SPF_LOOKUPS_MAX,      1,                 SPF_FAIL     },
		{ SPF_LOOKUPS_MAX + 1, 1,                 SPF_PERMERROR},
		{ 1,                   SPF_HOSTS_MAX,     SPF_FAIL     },
		{ 1,                   SPF_HOSTS_MAX + 1, SPF_PERMERROR},
		{ SPF_LOOKUPS_MAX,     SPF_HOSTS_MAX,     SPF_FAIL     },
	};

	for (size_t i = 0; i < LENGTH(limits); i++) {
		struct buf text = { 0 };
		struct dns_zone *zone;
		struct spf *s;

		buf_put(&text, S("d.test TXT \"v=spf1"));
		for (unsigned n = 0; n < limits[i].lookups; n++)
			buf_put(&text, S(" mx:m.test"));
		buf_put(&text, S(" -all\"\n"));
		for (unsigned n = 0; n < limits[i].hosts; n++)
			buf_putf(&text, "m.test MX %u h%u.test\nh%u.test A 192.0.2.1\n", n, n, n);
		zone = parse(buf_str(&text));
		s = judge(zone, "192.0.2.7", S("x.test"), S("u@d.test"));
		CHECK_INT(spf_verdict(s)->result, limits[i].want);
		CHECK(spf_verdict(s)->questions <= SPF_QUESTIONS_MAX);
		spf_free(s);
		dns_zone_free(zone);
		buf_free(&text);
	}
}

/* Of the client's names the first ten are looked at. */
TEST(spf_names_beyond_the_limit_are_ignored)
{
	for (unsigned before = SPF_HOSTS_MAX - 1; before <= SPF_HOSTS_MAX; before++) {
		struct buf text = { 0 };
		struct dns_zone *zone;
		struct spf *s;

		buf_put(&text, S("d.test TXT \"v=spf1 ptr -all\"\nh.d.test A 192.0.2.7\n"));
		for (unsigned n = 0; n < before; n++)
			buf_putf(&text, "7.2.0.192.in-addr.arpa PTR h%u.d.test\n", n);
		buf_put(&text, S("7.2.0.192.in-addr.arpa PTR h.d.test\n"));
		zone = parse(buf_str(&text));
		s = judge(zone, "192.0.2.7", S("x.test"), S("u@d.test"));
		CHECK_INT(spf_verdict(s)->result, before < SPF_HOSTS_MAX ? SPF_PASS : SPF_FAIL);
		spf_free(s);
		dns_zone_free(zone);
		buf_free(&text);
	}
}

/* The largest records that are read, as many as there may be, fit into the memory of a check. */
TEST(spf_memory_holds_every_check_within_the_limits)
{
	struct buf text = { 0 };
	struct dns_zone *zone;
	struct spf *s;

	for (unsigned n = 0; n <= SPF_LOOKUPS_MAX; n++) {
		size_t begin = buf_str(&text).n;

		buf_putf(&text, "d%u.test TXT \"", n);
		buf_put(&text, n < SPF_LOOKUPS_MAX ? S("v=spf1") : S("v=spf1 -all"));
		while (buf_str(&text).n - begin < SPF_RECORD_MAX - 50)
			buf_put(&text, S(" ip4:192.0.2.1 x=yyy"));
		if (n < SPF_LOOKUPS_MAX)
			buf_putf(&text, " include:d%u.test -all", n + 1);
		buf_put(&text, S("\"\n"));
	}
	zone = parse(buf_str(&text));
	s = judge(zone, "192.0.2.7", S("x.test"), S("u@d0.test"));
	CHECK_INT(spf_verdict(s)->result, SPF_FAIL);
	CHECK_INT(spf_verdict(s)->lookups, SPF_LOOKUPS_MAX);
	spf_free(s);
	dns_zone_free(zone);
	buf_free(&text);
}

/* What is found under another type, as an alias that leads nowhere, is not found. */
TEST(spf_answers_of_another_type_count_as_void)
{
	struct dns_zone *zone = parse(S("d.test TXT \"v=spf1 exists:h.test -all\"\n"));
	struct spf_request request = { .helo = S("x.test"), .sender = S("u@d.test") };
	struct dns_record alias = { .type = DNS_CNAME, .name = S("nowhere.test") };
	struct dns_records records = { .count = 1, .records = &alias };
	struct prng r;
	struct spf *s;

	prng_seed(&r, 1);
	CHECK(ip_parse(S("192.0.2.7"), &request.client));
	s = spf_new(&request);
	CHECK(!spf_fake_run(s, zone, &r, 1));
	CHECK(spf_next(s).kind == SPF_WAIT); /* for the second one, which was asked */
	spf_answer(s, 2, SPF_FOUND, &records);
	CHECK(spf_next(s).kind == SPF_DONE);
	CHECK_INT(spf_verdict(s)->result, SPF_FAIL);
	CHECK_INT(spf_verdict(s)->voids, 1);
	spf_free(s);
	dns_zone_free(zone);
}

TEST(spf_deadline)
{
	struct spf_request request = {
		.helo = S("x.test"), .sender = S("u@d.test"), .now_ms = 5000
	};
	struct spf *s;

	CHECK(ip_parse(S("192.0.2.7"), &request.client));
	s = spf_new(&request);
	CHECK(spf_next(s).kind == SPF_ASK);
	CHECK(spf_next(s).kind == SPF_WAIT);
	CHECK(spf_deadline_ms(s) == 5000 + SPF_MS_MAX);
	spf_tick(s, 5000 + SPF_MS_MAX - 1);
	CHECK(spf_next(s).kind == SPF_WAIT);
	spf_tick(s, 5000 + SPF_MS_MAX);
	CHECK(spf_next(s).kind == SPF_DONE);
	CHECK(spf_deadline_ms(s) == INT64_MAX);
	CHECK_INT(spf_verdict(s)->result, SPF_TEMPERROR);
	CHECK_STR(spf_verdict(s)->domain, S("d.test"));
	spf_answer(s, 1, SPF_NO_NAME, NULL); /* too late */
	CHECK_INT(spf_verdict(s)->result, SPF_TEMPERROR);
	spf_free(s);
	spf_free(NULL);
}
