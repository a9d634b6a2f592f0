#include "test/test.h"

#include <stdio.h>

#include "sender/dmarc_fake.h"

static const str zone_text = STR_INIT(
	"_dmarc.a.test TXT \"v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:r@a.test\"\n"
	"sub.a.test A 192.0.2.1\n"
	"_dmarc.own.a.test TXT \"v=DMARC1; p=none\"\n"
	"_dmarc.strict.test TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
	"_dmarc.trial.test TXT \"v=DMARC1; p=reject; sp=quarantine; t=y\"\n"
	"sub.trial.test A 192.0.2.1\n"
	"_dmarc.twice.test TXT \"v=DMARC1; p=reject\"\n"
	"_dmarc.twice.test TXT \"v=DMARC1; p=none\"\n"
	"_dmarc.other.test TXT \"v=DMARC2; p=reject\"\n"
	"_dmarc.other.test TXT \"v=spf1 -all\"\n"
	"_dmarc.bad.test TXT \"v=DMARC1; p=perhaps\"\n"
	"_dmarc.badrua.test TXT \"v=DMARC1; p=perhaps; rua=mailto:r@x.test\"\n"
	"_dmarc.nop.test TXT \"v=DMARC1; sp=reject\"\n"
	"_dmarc.psd TXT \"v=DMARC1; p=reject; psd=y\"\n"
	"_dmarc.org.psd TXT \"v=DMARC1; p=quarantine\"\n"
	"_dmarc.unit.big.test TXT \"v=DMARC1; p=reject; psd=n\"\n"
	"_dmarc.big.test TXT \"v=DMARC1; p=none\"\n"
	"_dmarc.sick.test SERVFAIL\n"
	"_dmarc.c.sick2.test TXT \"v=DMARC1; p=reject\"\n"
	"_dmarc.sick2.test TIMEOUT\n"
	"_dmarc.g.h.i.j.mail.deep.test TXT \"v=DMARC1; p=reject; psd=n\"\n"
	"_dmarc.f.g.h.i.j.mail.deep.test TXT \"v=DMARC1; p=none\"\n");

#define SPF(passed, domain)                            \
	{                                              \
		false, passed, false, STR_INIT(domain) \
	}
#define DKIM(passed, domain)                          \
	{                                             \
		true, passed, false, STR_INIT(domain) \
	}

struct expected {
	str from;
	struct dmarc_identifier spf, dkim;
	enum dmarc_result result;
	str policy_domain, organization;
	enum dmarc_policy policy;
	bool spf_aligned, dkim_aligned;
};

static struct dmarc *judge(const struct dmarc_request *request, uint64_t seed)
{
	struct fail why = { 0 };
	struct dns_zone *zone = dns_zone_parse(zone_text, &why);
	struct dmarc *d = dmarc_new(request);
	struct prng r;

	prng_seed(&r, seed);
	CHECK(zone);
	CHECK(dmarc_fake_run(d, zone, &r, DMARC_QUESTIONS_MAX));
	dns_zone_free(zone);
	return d;
}

static void check(const struct expected *e)
{
	struct dmarc_identifier both[] = { e->spf, e->dkim };
	struct dmarc_request request = {
		.from = &e->from, .from_count = 1, .identifiers = both, .identifier_count = 2
	};
	struct dmarc *d = judge(&request, 7);
	const struct dmarc_verdict *v = dmarc_verdict(d);

	CHECK_STR(str_of(dmarc_result_name(v->result)), str_of(dmarc_result_name(e->result)));
	CHECK_STR(str_of(v->policy_domain), e->policy_domain);
	CHECK_STR(str_of(v->organization), e->organization);
	CHECK_INT(v->policy, e->policy);
	CHECK_INT(v->spf_aligned, e->spf_aligned);
	CHECK_INT(v->dkim_aligned, e->dkim_aligned);
	CHECK(v->aligned[0] == v->spf_aligned && v->aligned[1] == v->dkim_aligned);
	dmarc_free(d);
}

TEST(dmarc_alignment_is_of_organizations_unless_strict)
{
	static const struct expected cases[] = {
		{S("a.test"),       SPF(true,  "a.test"),        DKIM(false, ""),              DMARC_PASS, S("a.test"),
                 S("a.test"),														  DMARC_POLICY_REJECT, true,  false},
		{ S("A.TEST"),      SPF(false, "a.test"),        DKIM(true,  "A.test"),        DMARC_PASS, S("a.test"),
                 S("a.test"),														  DMARC_POLICY_REJECT, false, true },
		{ S("a.test"),      SPF(true,  "x.y.a.test"),    DKIM(true,  "b.test"),        DMARC_PASS,
                 S("a.test"),												S("a.test"),      DMARC_POLICY_REJECT, true,  false},
		{ S("a.test"),      SPF(true,  "b.test"),        DKIM(false, "a.test"),        DMARC_FAIL, S("a.test"),
                 S("a.test"),														  DMARC_POLICY_REJECT, false, false},
		{ S("a.test"),      SPF(true,  "xa.test"),       DKIM(true,  "test"),          DMARC_FAIL, S("a.test"),
                 S("a.test"),														  DMARC_POLICY_REJECT, false, false},
		{ S("own.a.test"),  SPF(true,  "a.test"),        DKIM(false, ""),              DMARC_PASS,
                 S("own.a.test"),											    S("a.test"),      DMARC_POLICY_NONE,   true,  false},
		{ S("strict.test"), SPF(true,  "m.strict.test"), DKIM(true,  "m.strict.test"),
                 DMARC_FAIL,									       S("strict.test"), S("strict.test"), DMARC_POLICY_REJECT, false,
                 false																			  },
		{ S("strict.test"), SPF(true,  "strict.test"),   DKIM(true,  "m.strict.test"),
                 DMARC_PASS,									       S("strict.test"), S("strict.test"), DMARC_POLICY_REJECT, true,
                 false																			  },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check(&cases[i]);
}

TEST(dmarc_policy_is_found_by_walking_up)
{
	static const struct expected cases[] = {
		{S("sub.a.test"),                          SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("a.test"),
                 S("a.test"),																				 DMARC_POLICY_QUARANTINE, false, false},
		{ S("gone.a.test"),                        SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("a.test"),
                 S("a.test"),																				 DMARC_POLICY_NONE,       false, false},
		{ S("trial.test"),                         SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("trial.test"),
                 S("trial.test"),																			     DMARC_POLICY_QUARANTINE, false, false},
		{ S("sub.trial.test"),                     SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("trial.test"),
                 S("trial.test"),																			     DMARC_POLICY_NONE,       false, false},
		{ S("b.test"),                             SPF(true,  "b.test"),        DKIM(false, ""),                DMARC_NONE, S(""),                       S("b.test"),
                 DMARC_POLICY_NONE,																						    false, false},
		{ S("twice.test"),                         SPF(true,  "twice.test"),    DKIM(false, ""),                DMARC_NONE, S(""),
                 S("twice.test"),																			     DMARC_POLICY_NONE,       false, false},
		{ S("other.test"),                         SPF(true,  "other.test"),    DKIM(false, ""),                DMARC_NONE, S(""),
                 S("other.test"),																			     DMARC_POLICY_NONE,       false, false},
		{ S("bad.test"),                           SPF(true,  "bad.test"),      DKIM(false, ""),                DMARC_NONE, S(""),
                 S("bad.test"),																			       DMARC_POLICY_NONE,       false, false},
		{ S("badrua.test"),                        SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("badrua.test"),
                 S("badrua.test"),																			    DMARC_POLICY_NONE,       false, false},
		{ S("nop.test"),                           SPF(false, ""),              DKIM(false, ""),                DMARC_FAIL, S("nop.test"),
                 S("nop.test"),																			       DMARC_POLICY_NONE,       false, false},
		{ S("x.free.psd"),                         SPF(true,  "y.free.psd"),    DKIM(true,  "other.psd"),       DMARC_PASS,
                 S("psd"),																       S("free.psd"),               DMARC_POLICY_REJECT,     true,  false},
		{ S("x.org.psd"),                          SPF(true,  "psd"),           DKIM(true,  "free.psd"),        DMARC_FAIL,
                 S("org.psd"),																   S("org.psd"),                DMARC_POLICY_QUARANTINE, false, false},
		{ S("psd"),				SPF(true,  "free.psd"),      DKIM(false, ""),                DMARC_FAIL, S("psd"),                    S("psd"),
                 DMARC_POLICY_REJECT,																						  false, false},
		{ S("m.unit.big.test"),                    SPF(true,  "big.test"),      DKIM(true,  "n.unit.big.test"),
                 DMARC_PASS,													S("unit.big.test"),          S("unit.big.test"),          DMARC_POLICY_REJECT,
                 false,																								       true },
		{ S("m.big.test"),                         SPF(true,  "unit.big.test"), DKIM(false, ""),                DMARC_FAIL,
                 S("big.test"),																  S("big.test"),               DMARC_POLICY_NONE,       false, false},
		{ S("a.b.c.d.e.f.g.h.i.j.mail.deep.test"), SPF(false, ""),              DKIM(false, ""),
                 DMARC_FAIL,													S("g.h.i.j.mail.deep.test"), S("g.h.i.j.mail.deep.test"),
                 DMARC_POLICY_REJECT,																						  false, false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check(&cases[i]);
}

TEST(dmarc_trouble_is_no_failure_and_no_pass)
{
	static const struct expected cases[] = {
		{S("sick.test"),     SPF(false, ""),               DKIM(true,  "sick.test"),    DMARC_TEMPERROR, S(""),
                 S("sick.test"),													   DMARC_POLICY_NONE,   false, false},
		{ S("m.sick.test"),  SPF(false, ""),               DKIM(true,  "m.sick.test"),  DMARC_TEMPERROR,
                 S(""),												 S("m.sick.test"),  DMARC_POLICY_NONE,   false, false},
		{ S("c.sick2.test"), SPF(false, ""),               DKIM(true,  "c.sick2.test"), DMARC_PASS,
                 S("c.sick2.test"),										     S("c.sick2.test"), DMARC_POLICY_REJECT, false, true },
		{ S("c.sick2.test"), SPF(true,  "x.c.sick2.test"), DKIM(false, ""),             DMARC_TEMPERROR,
                 S("c.sick2.test"),										     S("c.sick2.test"), DMARC_POLICY_REJECT, false, false},
	};
	static const str from = STR_INIT("a.test");
	struct dmarc_identifier unknown = {
		.dkim = true, .unknown = true, .domain = S("x.a.test")
	};
	struct dmarc_request request = {
		.from = &from, .from_count = 1, .identifiers = &unknown, .identifier_count = 1
	};
	struct dmarc *d;

	for (size_t i = 0; i < LENGTH(cases); i++)
		check(&cases[i]);
	d = judge(&request, 1);
	CHECK_INT(dmarc_verdict(d)->result, DMARC_TEMPERROR);
	dmarc_free(d);
	unknown.domain = S("b.test");
	d = judge(&request, 1);
	CHECK_INT(dmarc_verdict(d)->result, DMARC_FAIL);
	CHECK_STR(str_of(dmarc_verdict(d)->why.text),
		S("nothing that a.test sent or signed passed (the policy of a.test is reject)"));
	dmarc_free(d);
}

TEST(dmarc_wants_one_author)
{
	static const str two[] = { STR_INIT("a.test"), STR_INIT("b.test") };
	static const str same[] = { STR_INIT("a.test"), STR_INIT("A.Test") };
	static const str none[] = { STR_INIT("") };
	static const struct {
		const str *from;
		size_t count;
		enum dmarc_result result;
	} cases[] = {
		{two,   2, DMARC_PERMERROR},
		{ same, 2, DMARC_FAIL     },
		{ none, 1, DMARC_PERMERROR},
		{ none, 0, DMARC_PERMERROR},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dmarc_request request = { .from = cases[i].from,
			.from_count = cases[i].count };
		struct dmarc *d = judge(&request, i);

		CHECK_INT(dmarc_verdict(d)->result, cases[i].result);
		dmarc_free(d);
	}
}

/* The example of section 4.10. */
TEST(dmarc_asks_eight_names_at_most)
{
	static const str from = STR_INIT("a.b.c.d.e.f.g.h.i.j.mail.example.com");
	static const char *const want[] = { "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
		"_dmarc.g.h.i.j.mail.example.com", "_dmarc.h.i.j.mail.example.com",
		"_dmarc.i.j.mail.example.com", "_dmarc.j.mail.example.com",
		"_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com" };
	struct dmarc_request request = { .from = &from, .from_count = 1 };
	struct dmarc *d = dmarc_new(&request);

	for (size_t i = 0; i < LENGTH(want); i++) {
		struct dmarc_act act = dmarc_next(d);

		CHECK_INT(act.kind, DMARC_ASK);
		CHECK_INT(act.type, DNS_TXT);
		CHECK_STR(act.name, str_of(want[i]));
	}
	CHECK_INT(dmarc_next(d).kind, DMARC_WAIT);
	CHECK_INT(dmarc_deadline_ms(d), DMARC_MS_MAX);
	dmarc_tick(d, DMARC_MS_MAX - 1);
	CHECK_INT(dmarc_next(d).kind, DMARC_WAIT);
	dmarc_tick(d, DMARC_MS_MAX);
	CHECK_INT(dmarc_next(d).kind, DMARC_DONE);
	CHECK_INT(dmarc_verdict(d)->result, DMARC_TEMPERROR);
	CHECK(dmarc_deadline_ms(d) == INT64_MAX);
	dmarc_free(d);
}

TEST(dmarc_record_takes_what_it_understands)
{
	static const struct {
		str text;
		bool usable;
		enum dmarc_policy p, sp, np;
	} cases[] = {
		{S("v=DMARC1"),					  true,  0, 0, 0},
		{ S("v=DMARC1;p=reject"),                                true,  2, 2, 2},
		{ S("v = DMARC1 ; p = Reject ; sp=none ;"),              true,  2, 0, 0},
		{ S("v=DMARC1; p=reject; np=none"),                      true,  2, 2, 0},
		{ S("v=DMARC1; p=reject; p=none"),                       true,  2, 2, 2},
		{ S("v=DMARC1; p=reject; sp=what"),                      false, 0, 0, 0},
		{ S("v=DMARC1; p=what; rua=mailto:x"),                   false, 0, 0, 0},
		{ S("v=DMARC1; p=what; rua=x, https://r.test/x"),        true,  0, 0, 0},
		{ S("v=DMARC1; junk; =; p=quarantine; pct=10; adkim=x"), true,  1, 1, 1},
	};
	static const str others[] = { STR_INIT("v=DMARC2"), STR_INIT("p=none; v=DMARC1"),
		STR_INIT("v=dmarc1"), STR_INIT(""), STR_INIT("v=DMARC1 p=none"),
		STR_INIT(";v=DMARC1") };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dmarc_record r;

		CHECK(dmarc_record_is(cases[i].text));
		dmarc_record_read(cases[i].text, &r);
		CHECK_INT(r.usable, cases[i].usable);
		CHECK_INT(r.p, cases[i].p);
		CHECK_INT(r.sp, cases[i].sp);
		CHECK_INT(r.np, cases[i].np);
		CHECK(!r.strict_dkim && !r.strict_spf && !r.testing);
	}
	for (size_t i = 0; i < LENGTH(others); i++)
		CHECK(!dmarc_record_is(others[i]));
}
