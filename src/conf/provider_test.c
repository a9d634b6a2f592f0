/* Providers: what their words mean, and what is refused. */
#include "conf/provider.h"

#include "test/test.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(conf_provider_says_what_differs_from_the_transport)
{
	struct fail why;
	struct conf *c = build("provider big { mx .Big.test mx.other.test; domains b\xc3\xbc"
			       "cher.test; connections 2; messages-per-hour 60 }\n"
			       "provider none { domains .x.test; delay-between 0 }\n"
			       "transport t { smtp; messages-per-hour 30 }\n",
		&why);

	CHECK(c);
	CHECK_INT(c->provider_count, 2);
	CHECK_STR(c->providers[0].name, S("big"));
	CHECK(conf_provider_has(&c->providers[0].mx, S("a.big.test")));
	CHECK(conf_provider_has(&c->providers[0].mx, S("mx.other.test")));
	CHECK(!conf_provider_has(&c->providers[0].mx, S("big.test")));
	CHECK(!conf_provider_has(&c->providers[0].mx, S("abig.test")));
	CHECK(!conf_provider_has(&c->providers[0].mx, S("a.mx.other.test")));
	CHECK(conf_provider_has(&c->providers[0].domains, S("xn--bcher-kva.test")));
	CHECK_INT(c->providers[0].connections, 2);
	CHECK_INT(c->providers[0].messages_per_hour, 60);
	CHECK_INT(c->providers[0].messages_per_connection, 0);
	CHECK(c->providers[0].delay_between_ms == CONF_UNSAID);
	CHECK(c->providers[1].delay_between_ms == 0);
	CHECK_INT(c->transports[0].messages_per_hour, 30);
	conf_drop(c);
}

/* clang-format off */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "provider x { connections 2 }",
	  "a.conf:1:1: 'provider x' does not say whose limits these are: 'mx' or 'domains'" },
	{ "provider x { mx }",
	  "a.conf:1:14: 'mx' takes names such as example.org, or .example.org for all below it, "
	  "but nothing follows it" },
	{ "provider x { mx a..b }",
	  "a.conf:1:17: 'mx' takes names such as example.org, or .example.org for all below it, "
	  "not 'a..b'" },
	{ "provider x { mx . }",
	  "a.conf:1:17: 'mx' takes names such as example.org, or .example.org for all below it, "
	  "not '.'" },
	{ "provider x { domains a.test; connections 0 }",
	  "a.conf:1:42: 'connections' takes a number, from 1 to 10000, not '0'" },
	{ "provider x { domains a.test }\nprovider x { domains b.test }",
	  "a.conf:2:10: provider 'x' is given a second time; the first is at a.conf:1:10" },
};
/* clang-format on */

TEST(conf_provider_refuses_with_the_place)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;

		CHECK(!build(refused[i].text, &why));
		CHECK_STR(str_of(why.text), str_of(refused[i].error));
	}
}
