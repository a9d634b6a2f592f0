/* MAIL, RCPT, BDAT and HELO, each with what it becomes or the reply that it gets. */
#include "test/test.h"

#include <stdio.h>

#include "smtp/command.h"

/* What was read, in one line. */
static char *show_mail(const struct smtp_mail *m, char *to, size_t size)
{
	snprintf(to, size, "<%.*s> %llu %d %d %d '%.*s' '%.*s'", STR(m->sender),
		(unsigned long long)m->size_octets, m->body, m->smtputf8, m->ret, STR(m->envid),
		STR(m->auth));
	return to;
}

static const struct {
	str arg, want; /* want: as shown, or code and status */
} mails[] = {
	{STR_INIT("FROM:<a@b>"),						     STR_INIT("<a@b> 0 0 0 0 '' ''")       },
	{ STR_INIT("from:<>"),						       STR_INIT("<> 0 0 0 0 '' ''")          },
	{ STR_INIT("FROM: <a@b>  "),						 STR_INIT("<a@b> 0 0 0 0 '' ''")       },
	{ STR_INIT("FROM:<a@b> SIZE=17 BODY=8bitmime RET=HDRS ENVID=a+2Bb AUTH=<>"),
         STR_INIT("<a@b> 17 1 0 2 'a+2Bb' '<>'")									   },
	{ STR_INIT("FROM:<a@b> body=7BIT ret=full smtputf8"),                        STR_INIT("<a@b> 0 0 1 1 '' ''")       },
	{ STR_INIT("FROM:<\303\274@b> SMTPUTF8"),                                    STR_INIT("<\303\274@b> 0 0 1 0 '' ''")},
	{ STR_INIT("FROM:<\303\274@b>"),					     STR_INIT("553 5.6.7")                 },
	{ STR_INIT("FROM:<\303@b> SMTPUTF8"),                                        STR_INIT("501 5.1.7")                 },
	{ STR_INIT("FROM:<pepe>"),						   STR_INIT("501 5.1.7")                 },
	{ STR_INIT("FROM:<a@xn--->"),						STR_INIT("501 5.1.7")                 },
	{ STR_INIT("FROM:"),							 STR_INIT("501 5.5.4")                 },
	{ STR_INIT(""),							      STR_INIT("501 5.5.4")                 },
	{ STR_INIT("LALA:<a@b>"),						    STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b"),						     STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b>SIZE=1"),					      STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SIZE"),					       STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SIZE="),					      STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SIZE=-1"),					    STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SIZE=99999999999999999999"),                          STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SIZE=1 SIZE=1"),                                      STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SMTPUTF8=1"),                                         STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> SMTPUTF8="),                                          STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> BODY=BINARYMIME"),                                    STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> RET=ALL"),					    STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> ENVID=a=b"),                                          STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> ENVID=a+2b"),                                         STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> ENVID=a+2"),                                          STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> ENVID="),					     STR_INIT("501 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> NOTIFY=NEVER"),                                       STR_INIT("555 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> HOLDFOR=1"),                                          STR_INIT("555 5.5.4")                 },
	{ STR_INIT("FROM:<a@b> =1"),						 STR_INIT("555 5.5.4")                 },
};

static char *show_rcpt(const struct smtp_rcpt *r, char *to, size_t size)
{
	snprintf(to, size, "<%.*s> %u '%.*s'", STR(r->recipient), r->notify, STR(r->orcpt));
	return to;
}

static const struct {
	str arg, want;
	bool smtputf8;
} rcpts[] = {
	{STR_INIT("TO:<a@b>"),                               STR_INIT("<a@b> 0 ''"),                 false},
	{ STR_INIT("TO:<PostMaster>"),                       STR_INIT("<PostMaster> 0 ''"),          false},
	{ STR_INIT("TO:<@x.org:a@b>"),                       STR_INIT("<a@b> 0 ''"),                 false},
	{ STR_INIT("TO:<a@b> NOTIFY=NEVER"),                 STR_INIT("<a@b> 1 ''"),                 false},
	{ STR_INIT("TO:<a@b> NOTIFY=success,DELAY,FAILURE"), STR_INIT("<a@b> 14 ''"),                false},
	{ STR_INIT("TO:<a@b> ORCPT=rfc822;a+3Db@c"),         STR_INIT("<a@b> 0 'rfc822;a+3Db@c'"),   false},
	{ STR_INIT("TO:<a@b> ORCPT=utf-8;\\x{FC}@c"),        STR_INIT("<a@b> 0 'utf-8;\\x{FC}@c'"),
         false											    },
	{ STR_INIT("TO:<a@b> ORCPT=utf-8;\303\274@c"),       STR_INIT("<a@b> 0 'utf-8;\303\274@c'"),
         true											     },
	{ STR_INIT("TO:<a@b> ORCPT=utf-8;\303\274@c"),       STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> ORCPT=utf-8;\\x{@c"),           STR_INIT("501 5.5.4"),                  true },
	{ STR_INIT("TO:<a@b> ORCPT=rfc822;\303\274@c"),      STR_INIT("501 5.5.4"),                  true },
	{ STR_INIT("TO:<a@b> ORCPT=rfc822;"),                STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> ORCPT=;a@b"),                   STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> ORCPT=a@b"),                    STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> NOTIFY=NEVER,SUCCESS"),         STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> NOTIFY=SUCCESS,"),              STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> NOTIFY="),                      STR_INIT("501 5.5.4"),                  false},
	{ STR_INIT("TO:<a@b> SIZE=1"),                       STR_INIT("555 5.5.4"),                  false},
	{ STR_INIT("TO:<>"),				 STR_INIT("501 5.1.3"),                  false},
	{ STR_INIT("TO:<pepe>"),                             STR_INIT("501 5.1.3"),                  false},
	{ STR_INIT("TO:<\303\274@b>"),                       STR_INIT("553 5.6.7"),                  false},
	{ STR_INIT("TO:<\303\274@b>"),                       STR_INIT("<\303\274@b> 0 ''"),          true },
	{ STR_INIT("FROM:<a@b>"),                            STR_INIT("501 5.5.4"),                  false},
};

static void check(str arg, bool ok, char *shown, size_t size, const struct fail *why, str want)
{
	if (!ok)
		snprintf(shown, size, "%d %s", fail_code(why), why->status);
	if (!str_eq(str_of(shown), want))
		fail_msg("%.*s: got %s (%s)", STR(arg), shown, ok ? "" : why->text);
}

TEST(smtp_command_mail_cases)
{
	for (size_t i = 0; i < LENGTH(mails); i++) {
		struct smtp_mail mail;
		struct fail why = { 0 };
		bool ok = smtp_command_mail(mails[i].arg, &mail, &why);
		char shown[200];

		check(mails[i].arg, ok, show_mail(&mail, shown, sizeof shown), sizeof shown, &why,
			mails[i].want);
	}
}

TEST(smtp_command_rcpt_cases)
{
	for (size_t i = 0; i < LENGTH(rcpts); i++) {
		struct smtp_rcpt rcpt;
		struct fail why = { 0 };
		bool ok = smtp_command_rcpt(rcpts[i].arg, rcpts[i].smtputf8, &rcpt, &why);
		char shown[200];

		check(rcpts[i].arg, ok, show_rcpt(&rcpt, shown, sizeof shown), sizeof shown, &why,
			rcpts[i].want);
	}
}

TEST(smtp_command_bdat_cases)
{
	static const struct {
		str arg;
		bool want, last;
		uint64_t octets;
	} cases[] = {
		{STR_INIT("0"),                     true,  false, 0         },
		{ STR_INIT("86 LAST"),              true,  true,  86        },
		{ STR_INIT("86  last"),             true,  true,  86        },
		{ STR_INIT("18446744073709551615"), true,  false, UINT64_MAX},
		{ STR_INIT("18446744073709551616"), false, false, 0         },
		{ STR_INIT(""),                     false, false, 0         },
		{ STR_INIT("-1"),                   false, false, 0         },
		{ STR_INIT("8x"),                   false, false, 0         },
		{ STR_INIT("8 FIRST"),              false, false, 0         },
		{ STR_INIT("8 LAST 9"),             false, false, 0         },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct smtp_bdat bdat;
		struct fail why = { 0 };

		CHECK(smtp_command_bdat(cases[i].arg, &bdat, &why) == cases[i].want);
		CHECK_INT(fail_code(&why), cases[i].want ? 451 : 501);
		if (cases[i].want)
			CHECK(bdat.octets == cases[i].octets && bdat.last == cases[i].last);
	}
}

TEST(smtp_command_helo_cases)
{
	static const struct {
		str arg, name; /* "": refused */
	} cases[] = {
		{STR_INIT("example.org"),    STR_INIT("example.org")  },
		{ STR_INIT("[192.0.2.1]"),   STR_INIT("[192.0.2.1]")  },
		{ STR_INIT("[IPv6:::1] "),   STR_INIT("[IPv6:::1]")   },
		{ STR_INIT("DESKTOP_17"),    STR_INIT("DESKTOP_17")   },
		{ STR_INIT("anna's-laptop"), STR_INIT("anna's-laptop")},
		{ STR_INIT(""),              STR_INIT("")             },
		{ STR_INIT("a b"),           STR_INIT("")             },
		{ STR_INIT("a(b"),           STR_INIT("")             },
		{ STR_INIT("a\001b"),        STR_INIT("")             },
		{ STR_INIT("a\0b"),          STR_INIT("")             },
		{ STR_INIT("\303\274.org"),  STR_INIT("")             },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		str name = S("");
		struct fail why = { 0 };
		bool ok = smtp_command_helo(cases[i].arg, &name, &why);

		CHECK_STR(ok ? name : S(""), cases[i].name);
		CHECK_INT(fail_code(&why), ok ? 451 : 501);
	}
}
