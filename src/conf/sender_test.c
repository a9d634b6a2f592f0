/* The words about senders: what is off until it is written, and what is refused. */
#include "test/test.h"

#include "conf/conf.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(conf_sender_is_off_until_it_is_written)
{
	struct fail why;
	struct conf *c = build("", &why);

	CHECK(c && !c->sender.spf.block.on && !c->sender.dkim.block.on);
	CHECK_INT(c->forwarders.count, 0);
	conf_drop(c);
	c = build("spf { }\ndkim fail refuse\n", &why);
	CHECK(c && c->sender.spf.block.on && c->sender.dkim.block.on);
	CHECK_INT(c->sender.spf.block.origin.line, 1);
	CHECK_INT(c->sender.spf.fail, CONF_REFUSE);
	CHECK_INT(c->sender.spf.softfail, CONF_TAG);
	CHECK_INT(c->sender.spf.temperror, CONF_TAG);
	CHECK_INT(c->sender.spf.helo_fail, CONF_REFUSE);
	CHECK_INT(c->sender.dkim.fail, CONF_REFUSE);
	CHECK_INT(c->sender.dkim.permerror, CONF_TAG);
	conf_drop(c);
}

TEST(conf_sender_reads_its_words)
{
	struct fail why;
	struct conf *c = build("spf { fail tag; temperror defer }\nspf helo-fail tag\n"
			       "forwarders 192.0.2.0/24 2001:db8::1\n"
			       "authentication-results { id MX.B\xc3\xbc"
			       "cher.test; iprev; received-spf }\n",
		&why);

	CHECK(c);
	CHECK_INT(c->sender.spf.fail, CONF_TAG);
	CHECK_INT(c->sender.spf.temperror, CONF_DEFER);
	CHECK_INT(c->sender.spf.helo_fail, CONF_TAG);
	CHECK_INT(c->forwarders.count, 2);
	CHECK_STR(c->sender.results.id, S("mx.xn--bcher-kva.test"));
	CHECK_INT(c->sender.results.iprev, CONF_ADDED);
	CHECK_INT(c->sender.results.received_spf, CONF_ADDED);
	conf_drop(c);
}

TEST(conf_sender_reads_srs)
{
	struct fail why;
	struct conf *c = build("srs { secrets srs.secrets }\n", &why);

	CHECK(c && c->sender.srs.block.on);
	CHECK_STR(c->sender.srs.secrets, S("/etc/facteur/srs.secrets"));
	CHECK_INT(c->sender.srs.domain_count, 1);
	CHECK_STR(c->sender.srs.domains[0].name, S("pivot.test"));
	CHECK_INT(c->sender.srs.valid_ms, 21LL * 86400 * 1000);
	conf_drop(c);
	c = build("srs { secrets /s; domain A.Test; domain b.test; valid 5d }\n", &why);
	CHECK(c);
	CHECK_INT(c->sender.srs.domain_count, 2);
	CHECK_STR(c->sender.srs.domains[0].name, S("a.test"));
	CHECK_INT(c->sender.srs.valid_ms, 5LL * 86400 * 1000);
	conf_drop(c);
}

/* clang-format off */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "spf { fail perhaps }", "a.conf:1:12: 'fail' takes tag or refuse, not 'perhaps'; the "
	  "nearest known word is 'tag'" },
	{ "spf { temperror refuse }",
	  "a.conf:1:17: 'temperror' takes tag or defer, not 'refuse'; the nearest "
	  "known word is 'defer'" },
	{ "spf { fail tag; fail tag }",
	  "a.conf:1:17: 'fail' is given a second time; the first is at a.conf:1:7" },
	{ "srs { }", "a.conf:1:1: 'srs' has no 'secrets', by which a bounce proves where it comes "
	  "from" },
	{ "srs { secrets s; domain .a.test }",
	  "a.conf:1:25: 'domain' takes domains such as example.org, not '.a.test'" },
	{ "spf", "a.conf:1:1: 'spf' is followed by a block in braces, on the same line" },
	{ "authentication-results { id a..b }",
	  "a.conf:1:29: 'id' takes a name such as mail.example.org, not 'a..b'" },
};
/* clang-format on */

TEST(conf_sender_refuses_what_it_cannot_mean)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;

		CHECK(!build(refused[i].text, &why));
		CHECK_STR(str_of(why.text), str_of(refused[i].error));
	}
}
