#include "gate/relay.h"

#include "base/buf.h"
#include "route/router_fake.h"
#include "route/transports.h"
#include "test/test.h"

static const struct {
	const char *conf, *client, *recipient, *origin; /* "": allowed */
} cases[] = {
	{"relay-for 192.0.2.0/24\n",                 "192.0.2.1",    "x@else.test",  ""        },
	{ "relay-for 192.0.2.0/24\n",                "198.51.100.1", "x@a.test",     ""        },
	{ "relay-for 192.0.2.0/24\n",                "198.51.100.1", "postmaster",   ""        },
	{ "relay-for 192.0.2.0/24\nrelay-for ::1\n", "198.51.100.1", "x@else.test",  "a.conf:3"},
	{ "",					"198.51.100.1", "x@sub.a.test", "default" },
};

TEST(relay_says_who_is_trusted_and_by_which_line)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf conf = { 0 };
		struct fail why = { 0 };
		struct router *r;
		struct relay_client client = { 0 };
		bool allowed;

		buf_putf(&conf, "hostname p.test\ndomain a.test { }\n%s%c", cases[i].conf, 0);
		r = router_fake_new(buf_str(&conf).p, NULL, 0);
		assert_true(ip_parse(str_of(cases[i].client), &client.ip));
		allowed = relay_allowed(r, &client, str_of(cases[i].recipient), &why);
		CHECK(allowed == (cases[i].origin[0] == '\0'));
		CHECK_STR(str_of(why.origin), str_of(cases[i].origin));
		CHECK(allowed || fail_code(&why) == 550);
		client.login = S("jo"); /* may send anywhere */
		CHECK(relay_allowed(r, &client, str_of(cases[i].recipient), &why));
		router_drop(r);
		buf_free(&conf);
	}
}

TEST(relay_hands_no_route_on_for_strangers)
{
	static const char conf[] = "hostname p.test\nrelay-for 192.0.2.1\n"
				   "domain a.test { transports t }\n"
				   "domain b.test { virtual v }\n"
				   "mailbox x%y@b.test { discard }\n"
				   "mailbox all@b.test { discard }\n";
	static const struct router_fake_file file = { "v", "@b.test @else.test\nin%side all\n" };
	static const struct {
		const char *client, *recipient, *origin; /* "": allowed */
	} routes[] = {
		{"198.51.100.1",  "u@a.test",          ""       },
		{ "198.51.100.1", "u%else@a.test",     "t:1"    },
		{ "198.51.100.1", "else!u@a.test",     "t:1"    },
		{ "198.51.100.1", "\"u@else\"@a.test", "t:1"    },
		{ "198.51.100.1", "u%else@b.test",     "default"},
		{ "198.51.100.1", "x%y@b.test",        ""       },
		{ "198.51.100.1", "in%side@b.test",    ""       },
		{ "192.0.2.1",    "u%else@a.test",     ""       },
	};
	struct router *r = router_fake_new(conf, &file, 1);
	struct transports_builder *b = transports_builder_new(router_conf(r), S("a.test"));
	struct fail why = { 0 };

	CHECK(transports_builder_add(b, S("t"), S("a.test relay:[h.test]\n"), &why));
	router_take_transports(r, 0, transports_builder_finish(b));
	for (size_t i = 0; i < LENGTH(routes); i++) {
		str recipient = str_of(routes[i].recipient);
		struct route_targets all;
		struct arena a;
		struct relay_client client = { 0 };

		why = (struct fail){ 0 };
		arena_init(&a, ARENA_UNLIMITED);
		assert_true(ip_parse(str_of(routes[i].client), &client.ip));
		CHECK(route_expand(r, &a, recipient, &all, &why, NULL, NULL));
		CHECK(relay_routes_nothing(r, &client, recipient, &all, &why) ==
			(routes[i].origin[0] == '\0'));
		CHECK_STR(str_of(why.origin), str_of(routes[i].origin));
		arena_free(&a);
	}
	router_drop(r);
}

/* Of the certificate or of its key; without one, or with another, a client is a stranger. */
TEST(relay_knows_certificates_by_their_digests)
{
	static const char text[] =
		"hostname p.test\ndomain a.test { }\n"
		"relay-for-certificate "
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff "
		"FF:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:"
		"88:99:AA:BB:CC:DD:EE:FF\n";
	struct router *r = router_fake_new(text, NULL, 0);
	const struct conf *c = router_conf(r);
	struct tls_facts facts = { .shown = true };

	assert_false(relay_certified(c, NULL));
	assert_false(relay_certified(c, &facts));
	for (size_t i = 0; i < TLS_DIGEST_OCTETS; i++)
		facts.digest[i] = (unsigned char)(i % 16 * 0x11);
	assert_true(relay_certified(c, &facts));
	facts.shown = false;
	assert_false(relay_certified(c, &facts));
	facts = (struct tls_facts){ .shown = true };
	for (size_t i = 0; i < TLS_DIGEST_OCTETS; i++)
		facts.key_digest[i] = (unsigned char)(i == 0 ? 0xff : i % 16 * 0x11);
	assert_true(relay_certified(c, &facts));
	router_drop(r);
}
