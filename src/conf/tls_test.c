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
