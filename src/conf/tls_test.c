/* Certificates and keys in the configuration, and which listener needs one. */
#include "test/test.h"

#include "conf/conf.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source source = { S("a.conf"), str_of(text) };

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), &source, 1, why);
}

TEST(conf_tls_pairs_are_read)
{
	struct fail why;
	struct conf *c =
		build("hostname a.test\n"
		      "tls { certificate tls/a.pem }\n"
		      "tls { key /k/a.key; minimum 1.3 }\n"
		      "tls B.test .c.test { certificate b.pem; key b.key }\n"
		      "listen mx { on *:25 }\n"
		      "listen submission { on *:587; tls required }\n"
		      "listen submissions { on *:465; tls implicit; certificate s.pem; key "
		      "s.key }\n"
		      "listen inside { on 127.0.0.1:26; tls off }\n",
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_STR(c->tls.pair.certificate.path, S("/etc/facteur/tls/a.pem"));
	CHECK_INT(c->tls.pair.certificate.origin.line, 2);
	CHECK_STR(c->tls.pair.key.path, S("/k/a.key"));
	CHECK(c->tls.minimum == CONF_TLS_1_3);
	CHECK_INT(c->tls.name_count, 2);
	CHECK_STR(c->tls.names[0].name, S("b.test"));
	CHECK_STR(c->tls.names[1].name, S(".c.test"));
	CHECK_STR(c->tls.names[1].pair.key.path, S("/etc/facteur/b.key"));
	CHECK(c->listeners[0].tls == CONF_LISTENER_OFFERED);
	CHECK_INT(c->listeners[0].pair.key.path.n, 0);
	CHECK(c->listeners[1].tls == CONF_LISTENER_REQUIRED);
	CHECK(c->listeners[2].tls == CONF_LISTENER_IMPLICIT);
	CHECK_STR(c->listeners[2].pair.certificate.path, S("/etc/facteur/s.pem"));
	CHECK(c->listeners[3].tls == CONF_LISTENER_OFF);
	conf_drop(c);
}

#define DIGEST "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define COLONS                                                                                 \
	"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:" \
	"89:AB:CD:EF"

TEST(conf_tls_levels_of_transports_are_read)
{
	struct fail why;
	struct conf *c = build(
		"hostname a.test\n"
		"transport f { smtp a.b; tls fingerprint; fingerprint " DIGEST " " COLONS " }\n"
		"transport v { smtp; tls verify; trust ca.pem; match hostname .B.test }\n"
		"transport s { smtp; tls secure; certificate c; key k }\n"
		"route * { smtp a.b; tls secure }\n",
		&why);
	const struct conf_tls_peer *peer;

	CHECK_STR(str_of(why.text), S(""));
	CHECK(c->transports[0].tls == CONF_TLS_FINGERPRINT);
	peer = &c->transports[0].peer;
	CHECK_INT(peer->digest_count, 2);
	CHECK(memcmp(&peer->digests[0], &peer->digests[1], sizeof *peer->digests) == 0);
	CHECK_INT(peer->digests[0].octets[31], 0xef);
	peer = &c->transports[1].peer;
	CHECK(c->transports[1].tls == CONF_TLS_VERIFY);
	CHECK_STR(peer->trust.path, S("/etc/facteur/ca.pem"));
	CHECK_INT(peer->name_count, 2);
	CHECK_STR(peer->names[1], S(".b.test"));
	peer = &c->transports[2].peer;
	CHECK_STR(peer->pair.key.path, S("/etc/facteur/k"));
	CHECK(c->routes[0].transport->tls == CONF_TLS_SECURE);
	CHECK(conf_tls_transport(c, 4) == c->routes[0].transport);
	CHECK(!conf_tls_transport(c, 5));
	conf_drop(c);
}

/* Whatever trust depends on tells connections apart. */
TEST(conf_tls_key_differs_where_trust_does)
{
	static const char *const words[] = { "tls verify", "tls verify; trust a",
		"tls verify; trust b", "tls verify; match a.b", "tls verify; match a.b c.d",
		"tls verify; match c.d a.b", "tls fingerprint; fingerprint " DIGEST,
		"certificate c; key k", "certificate c; key l", "tls encrypt; login a",
		"tls encrypt; login b", "tls encrypt; login b; login-mechanisms plain",
		"tls encrypt; tls-wrappermode" };
	str keys[LENGTH(words)];
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; i < LENGTH(words); i++) {
		struct fail why;
		str text =
			arena_printf(&a, "hostname a.test\ntransport t { smtp; %s }\n", words[i]);
		struct conf *c = build(text.p, &why);

		CHECK_STR(str_of(why.text), S(""));
		keys[i] = conf_tls_key(&a, &c->transports[0].peer);
		for (size_t k = 0; k < i; k++)
			CHECK(!str_eq(keys[i], keys[k]));
		conf_drop(c);
	}
	arena_free(&a);
}

TEST(conf_tls_wrappermode_has_a_port_of_its_own)
{
	struct fail why;
	struct conf *c =
		build("hostname a.test\n"
		      "transport a { smtp b.test; tls encrypt; tls-wrappermode; login l }\n"
		      "transport b { tls-wrappermode; smtp b.test:25; tls encrypt }\n"
		      "route-from x@y.test { smtp c.test; tls encrypt; login m }\n",
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_INT(c->transports[0].port, 465);
	CHECK_STR(c->transports[0].peer.login.path, S("/etc/facteur/l"));
	CHECK_INT(c->transports[1].port, 25);
	CHECK(conf_tls_transport(c, 3) == c->sender_routes[0].transport);
	CHECK_STR(c->sender_routes[0].transport->peer.login.path, S("/etc/facteur/m"));
	conf_drop(c);
}

TEST(conf_tls_has_defaults)
{
	struct fail why;
	struct conf *c =
		build("hostname a.test\nlisten mx { on *:25; certificate c; key k }\n", &why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK(c->tls.minimum == CONF_TLS_1_2);
	CHECK_INT(c->limits.smtp.handshake_ms_max, 60000);
	CHECK_INT(c->tls.pair.certificate.path.n, 0);
	conf_drop(c);
}
