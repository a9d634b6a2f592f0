/* The configuration language: what is accepted, what it means, and that it is printed back. */
#include "test/test.h"

#include <stdio.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "world/file.h"

static struct conf *build(str text, struct fail *why)
{
	struct conf_source source = { S("a.conf"), text };

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), &source, 1, why);
}

/* The least that builds, with one line more. */
static struct conf *build_with(str text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), text                      }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(conf_defaults_hold_where_nothing_is_said)
{
	struct fail why;
	struct conf *c = build(S("hostname pivot.test\n"), &why);
	char place[CONF_ORIGIN_TEXT_MAX];

	CHECK(c);
	CHECK_STR(c->postmaster.text, S("postmaster@pivot.test"));
	CHECK_STR(str_of(conf_origin_print(&c->postmaster.origin, place)), S("default"));
	CHECK_STR(str_of(conf_origin_print(&c->hostname.origin, place)), S("a.conf:1"));
	CHECK_STR(c->spool_dir, S("/var/spool/facteur"));
	CHECK_STR(c->state_dir, S("/var/lib/facteur"));
	CHECK_STR(c->run_dir, S("/run/facteur"));
	CHECK_STR(c->user, S("facteur"));
	CHECK(c->workers == 0 && c->log_format == LOG_PLAIN && c->log_level == LOG_INFO);
	CHECK_INT(c->queue.retry_count, 5);
	CHECK(c->queue.retry_ms[0] == 300000 && c->queue.retry_ms[4] == 3600000);
	CHECK(c->queue.warn_ms == 0 && c->queue.lifetime_ms == 5 * 86400000LL);
	CHECK(c->limits.smtp.line_octets_max == 2048 && c->limits.received_max == 50);
	CHECK(c->limits.smtp.message_octets_max == 50 << 20);
	CHECK_INT(c->transport_count, 1);
	CHECK_STR(c->transports[0].name, S("smtp"));
	CHECK(c->transports[0].kind == CONF_SMTP && c->transports[0].host.n == 0);
	CHECK(c->transports[0].port == 25 && c->transports[0].tls == CONF_TLS_MAY);
	CHECK(c->transports[0].connections == 20 && c->transports[0].connect_ms_max == 30000);
	CHECK_STR(str_of(conf_origin_print(&c->transports[0].origin, place)), S("default"));
	conf_drop(c);
}

TEST(conf_takes_the_example_of_the_manual)
{
	struct fail why;
	struct conf *c = build(S("hostname     pivot.test\n"
				 "directories  { spool spool; state state; run run }    # here\n"
				 "resolver     { zone zone.txt }\n"
				 "relay-for    127.0.0.1\n"
				 "listen mx    { on 127.0.0.1:2525; tls off }\n"
				 "workers      2\n"
				 "transport onward { smtp 127.0.0.1:2599 }\r\n"
				 "route *      { transport onward }\n"),
		&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_STR(c->spool_dir, S("/etc/facteur/spool"));
	CHECK_STR(c->resolver.zone_file, S("/etc/facteur/zone.txt"));
	CHECK_INT(c->listener_count, 1);
	CHECK_INT(c->listeners[0].on.count, 1);
	CHECK_INT(c->workers, 2);
	CHECK_INT(c->route_count, 1);
	CHECK_STR(c->routes[0].pattern, S("*"));
	CHECK(c->routes[0].transport == &c->transports[0]);
	CHECK_STR(c->transports[0].host, S("127.0.0.1"));
	CHECK_INT(c->transports[0].port, 2599);
	CHECK_STR(c->transports[1].name, S("smtp"));
	conf_drop(c);
}

TEST(conf_reads_every_kind_of_hop)
{
	static const struct {
		str words, host;
		enum conf_transport_kind kind;
		uint16_t port;
	} hops[] = {
		{S("smtp"),                            S(""),                       CONF_SMTP, 25  },
		{ S("smtp; port 587"),                 S(""),                       CONF_SMTP, 587 },
		{ S("smtp Mail.Example.ORG"),          S("mail.example.org"),       CONF_SMTP, 25  },
		{ S("smtp mail.example.org:26"),       S("mail.example.org"),       CONF_SMTP, 26  },
		{ S("port 26; smtp mail.example.org"), S("mail.example.org"),       CONF_SMTP, 26  },
		{ S("smtp b\xc3\xbc"
		    "cher.example"),
                 S("xn--bcher-kva.example"),                                        CONF_SMTP, 25  },
		{ S("smtp 192.0.2.1"),                 S("192.0.2.1"),              CONF_SMTP, 25  },
		{ S("smtp 192.0.2.1:26"),              S("192.0.2.1"),              CONF_SMTP, 26  },
		{ S("smtp [::1]:26"),                  S("::1"),                    CONF_SMTP, 26  },
		{ S("smtp ::1"),                       S("::1"),                    CONF_SMTP, 25  },
		{ S("smtp [2001:db8::1]"),             S("2001:db8::1"),            CONF_SMTP, 25  },
		{ S("lmtp 127.0.0.1"),                 S("127.0.0.1"),              CONF_LMTP, 24  },
		{ S("lmtp dovecot.test:2424"),         S("dovecot.test"),           CONF_LMTP, 2424},
		{ S("lmtp unix:/run/lmtp"),            S("unix:/run/lmtp"),         CONF_LMTP, 24  },
		{ S("lmtp unix:lmtp"),                 S("unix:/etc/facteur/lmtp"), CONF_LMTP, 24  },
	};

	for (size_t i = 0; i < LENGTH(hops); i++) {
		struct arena a;
		struct fail why;
		struct conf *c;

		arena_init(&a, ARENA_UNLIMITED);
		c = build_with(arena_printf(&a, "transport t { %.*s }", STR(hops[i].words)), &why);
		CHECK_STR(str_of(why.text), S(""));
		CHECK_STR(c->transports[0].host, hops[i].host);
		CHECK(c->transports[0].kind == hops[i].kind);
		CHECK_INT(c->transports[0].port, hops[i].port);
		CHECK(c->transports[0].tls ==
			(hops[i].kind == CONF_LMTP ? CONF_TLS_NONE : CONF_TLS_MAY));
		conf_drop(c);
		arena_free(&a);
	}
}

TEST(conf_reads_the_other_ways_out)
{
	struct fail why;
	struct conf *c =
		build_with(S("transport m { maildir /home/{local}/Maildir; as jo }\n"
			     "transport d { discard }\n"
			     "transport e { error 5.1.6 \"Has moved\" to elsewhere }\n"
			     "transport f { error \"Go; \\\"away\\\" \\\\\" }\n"
			     "transport s { smtp; source-address ::1 192.0.2.7; tls encrypt }\n"),
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_STR(c->transports[0].path, S("/home/{local}/Maildir"));
	CHECK_STR(c->transports[0].user, S("jo"));
	CHECK(c->transports[1].kind == CONF_DISCARD);
	CHECK_STR(c->transports[2].status, S("5.1.6"));
	CHECK_STR(c->transports[2].text, S("Has moved to elsewhere"));
	CHECK_STR(c->transports[3].status, S("5.0.0"));
	CHECK_STR(c->transports[3].text, S("Go; \"away\" \\"));
	CHECK(c->transports[4].source4.family == 4 && c->transports[4].source6.family == 6);
	CHECK(c->transports[4].tls == CONF_TLS_ENCRYPT);
	conf_drop(c);
}

TEST(conf_routes_and_mailboxes_may_hold_their_transport)
{
	struct fail why;
	struct conf *c =
		build_with(S("domain d.test { }\n"
			     "route a.test .B.test JO@C.test * { smtp relay.test; connections 3 }\n"
			     "mailbox Jo@D.test { maildir /m/{address} }\n"
			     "mailbox al@d.test { transport box }\n"
			     "transport box { lmtp unix:/l }\n"),
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_INT(c->route_count, 4);
	CHECK_STR(c->routes[0].pattern, S("a.test"));
	CHECK_STR(c->routes[1].pattern, S(".b.test"));
	CHECK_STR(c->routes[2].pattern, S("jo@c.test"));
	CHECK_STR(c->routes[3].pattern, S("*"));
	CHECK(c->routes[0].transport == c->routes[3].transport);
	CHECK_STR(c->routes[0].transport->name, S("route"));
	CHECK_INT(c->routes[0].transport->connections, 3);
	CHECK_INT(c->routes[2].origin.line, 2);
	CHECK_INT(c->routes[2].origin.column, 22);
	CHECK_STR(c->mailboxes[0].address, S("jo@d.test"));
	CHECK_STR(c->mailboxes[0].transport->name, S("mailbox"));
	CHECK(c->mailboxes[1].transport == &c->transports[0]);
	CHECK_STR(c->domains[0].sub_address, S("+"));
	conf_drop(c);
}

TEST(conf_listens_on_all_addresses_of_both_families)
{
	struct fail why;
	struct conf *c =
		build_with(S("listen a { on *:25 127.0.0.1:26; on [::1]:27; tls off }"), &why);
	char text[ENDPOINT_TEXT_MAX];

	CHECK(c);
	CHECK_INT(c->listeners[0].on.count, 4);
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[0].at, text)), S("0.0.0.0:25"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[1].at, text)), S("[::]:25"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[2].at, text)), S("127.0.0.1:26"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[3].at, text)), S("[::1]:27"));
	conf_drop(c);
}

TEST(conf_short_forms_of_sections)
{
	struct fail why;
	struct conf *c = build_with(S("log json\nlog level warning\n"
				      "bare-newlines repair 192.0.2.1\n"
				      "bare-newlines { repair 192.0.2.2 ::1 }\n"
				      "resolver server 127.0.0.1@5353 ::1 # both\n"
				      "domain b\xc3\xbc"
				      "cher.test { sub-address \"\" }\n"),
		&why);
	struct ip ip;

	CHECK_STR(str_of(why.text), S(""));
	CHECK(c->log_format == LOG_JSON && c->log_level == LOG_WARNING);
	CHECK_INT(c->repair_newlines.count, 3);
	CHECK(ip_parse(S("192.0.2.2"), &ip));
	CHECK_INT(conf_nets_find(&c->repair_newlines, &ip)->origin.column, 24);
	CHECK(ip_parse(S("192.0.2.3"), &ip));
	CHECK(!conf_nets_find(&c->repair_newlines, &ip));
	CHECK_INT(c->resolver.servers.items[0].at.port, 5353);
	CHECK_INT(c->resolver.servers.items[1].at.port, 53);
	CHECK_STR(c->domains[0].name, S("xn--bcher-kva.test"));
	CHECK_STR(c->domains[0].sub_address, S(""));
	conf_drop(c);
}

/* --- the reference installation ------------------------------------------------------------------
 */

static str page(struct arena *a, const char *name)
{
	struct fail why;
	str text = { 0 };

	CHECK(file_read(
		a, arena_printf(a, "%s/../page/conf.d/%s", TEST_VECTORS, name), &text, &why));
	return text;
}

TEST(conf_takes_what_is_built_of_the_reference_installation)
{
	struct conf_source sources[4];
	struct arena a;
	struct fail why = { 0 };
	struct conf *c;

	arena_init(&a, ARENA_UNLIMITED);
	sources[0] = (struct conf_source){ S("10"), page(&a, "10-identity.conf") };
	sources[1] = (struct conf_source){ S("30"), page(&a, "30-domains.conf") };
	sources[2] = (struct conf_source){ S("40"), page(&a, "40-transports.conf") };
	sources[3] = (struct conf_source){ S("20"), page(&a, "20-listen.conf") };
	c = conf_build(S("/etc/facteur"), sources, LENGTH(sources), &why);
	CHECK_STR(str_of(why.text), S(""));
	CHECK(c);
	CHECK_STR(c->hostname.text, S("mail.chapril.org"));
	CHECK_STR(c->postmaster.text, S("root@chapril.org"));
	CHECK_INT(c->relay_for.count, 6);
	CHECK_STR(c->domains[0].aliases.items[0].text, S("aliases/chapril.org.aliases"));
	CHECK_STR(c->domains[1].name, S("listes.chapril.org"));
	CHECK_INT(c->domains[1].transports.count, 2);
	CHECK_STR(c->domains[1].transports.items[1].text, S("/etc/sympa/sympa_transport"));
	CHECK_STR(c->mailboxes[0].transport->host, S("unix:/run/dovecot/lmtp"));
	CHECK_INT(c->route_count, 3);
	CHECK_STR(c->transports[0].name, S("sympa"));
	CHECK(c->transports[0].kind == CONF_PIPE);
	CHECK_INT(c->transports[0].word_count, 2);
	CHECK_STR(c->transports[0].words[1], S("{nexthop}"));
	CHECK_STR(c->transports[0].user, S("sympa"));
	CHECK(c->transports[0].return_path == CONF_ON && c->transports[0].delivered_to == CONF_OFF);
	CHECK_INT(c->transports[0].run_ms_max, 1000000);
	CHECK_INT(c->routes[2].transport->connections, 1);
	CHECK_INT(c->routes[2].transport->delay_between_ms, 1000);
	CHECK(c->listeners[0].login == CONF_LOGIN_OFFERED);
	CHECK(c->listeners[2].login == CONF_LOGIN_REQUIRED);
	CHECK_STR(c->login.passwd_file, S("/etc/facteur/users"));
	CHECK_STR(str_of(c->login.dovecot.path), S("/run/dovecot/auth-client"));
	CHECK_INT(c->queue.retry_count, 5);
	CHECK_INT(c->queue.warn_ms, 4 * 3600 * 1000);
	conf_drop(c);
	arena_free(&a);
}

TEST(conf_reads_what_logins_may)
{
	struct fail why = { 0 };
	struct conf *c = build(S("login {\n"
				 "dovecot 127.0.0.1:12345; tries 3; refusal-delay 1s; hide-client\n"
				 "send-as Sat1 * ; send-as jo a@B.test @Lists.test\n"
				 "limits-of sat1 0 0; messages-per-hour 7; default-domain A.test\n"
				 "}\nhostname p.test\n"),
		&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK(c && conf_login_any(&c->login));
	CHECK_INT(c->login.dovecot.port, 12345);
	CHECK_INT(c->login.tries_max, 3);
	CHECK_INT(c->login.refusal_ms, 1000);
	CHECK(c->login.client == CONF_CLIENT_HIDDEN);
	CHECK_INT(c->login.send_as_count, 3);
	CHECK_STR(c->login.send_as[0].login, S("sat1"));
	CHECK_STR(c->login.send_as[1].pattern, S("a@b.test"));
	CHECK_STR(c->login.send_as[2].pattern, S("@lists.test"));
	CHECK_INT(c->login.limit_count, 1);
	CHECK_INT(c->login.messages_max, 7);
	CHECK_INT(c->login.recipients_max, 2000);
	CHECK_STR(c->login.default_domain, S("a.test"));
	conf_drop(c);
}

TEST(conf_refuses_what_is_not_built_of_the_reference_installation)
{
	static const struct {
		const char *file;
		str errors;
	} later[] = {
		{"50-gate.conf",
                 S("x:1:1: 'greylist' is known but not built yet; nothing was weakened\n"
			  "x:7:1: 'ban' is known but not built yet; nothing was weakened\n") },
		{ "60-anti-spam.conf",
                 S("x:7:1: 'scan' is known but not built yet; nothing was weakened\n"
			  "x:8:1: 'scan' is known but not built yet; nothing was weakened\n")},
	};

	for (size_t i = 0; i < LENGTH(later); i++) {
		struct arena a;
		struct buf errors = { 0 };
		struct conf_source source = { .name = S("x") };
		struct fail why;

		arena_init(&a, ARENA_UNLIMITED);
		source.text = page(&a, later[i].file);
		CHECK(!conf_build_all(S("/etc/facteur"), &source, 1, &errors, &why));
		CHECK_STR(buf_str(&errors), later[i].errors);
		buf_free(&errors);
		arena_free(&a);
	}
}

/* --- printing ------------------------------------------------------------------------------------
 */

TEST(conf_print_is_read_back_with_the_same_origins)
{
	struct conf_source sources[] = {
		{S("conf.d/1.conf"),  S("hostname   pivot.test   # us\n"
					"relay-for 127.0.0.1 192.0.2.0/24; relay-for ::1\n"
					"listen mx { on *:25; tls off }\n")},
		{ S("conf.d/2.conf"),
                 S("\n\troute a.test \"b.test\" { error \"x\" \"a;b{c}\\\\#\\\"\" }\n"
			  "domain d.test { aliases a b; sub-address \"\" }\n")                                 },
	};
	str want = S("# Written by facteur compile.  Change conf.d, not this file.\n"
		     "#@ conf.d/1.conf:1:1,12\n"
		     "hostname pivot.test\n"
		     "#@ conf.d/1.conf:2:1,11,21\n"
		     "relay-for 127.0.0.1 192.0.2.0/24\n"
		     "#@ conf.d/1.conf:2:35,45\n"
		     "relay-for ::1\n"
		     "#@ conf.d/1.conf:3:1,8\n"
		     "listen mx {\n"
		     "\t#@ conf.d/1.conf:3:13,16\n"
		     "\ton *:25\n"
		     "\t#@ conf.d/1.conf:3:22,26\n"
		     "\ttls off\n"
		     "}\n"
		     "#@ conf.d/2.conf:2:2,8,15\n"
		     "route a.test b.test {\n"
		     "\t#@ conf.d/2.conf:2:26,32,36\n"
		     "\terror x \"a;b{c}\\\\#\\\"\"\n"
		     "}\n"
		     "#@ conf.d/2.conf:3:1,8\n"
		     "domain d.test {\n"
		     "\t#@ conf.d/2.conf:3:17,25,27\n"
		     "\taliases a b\n"
		     "\t#@ conf.d/2.conf:3:30,42\n"
		     "\tsub-address \"\"\n"
		     "}\n");
	struct buf once = { 0 }, twice = { 0 };
	struct fail why = { 0 };
	struct conf *c, *again;
	struct conf_source merged = { .name = S("facteur.conf") };

	c = conf_build(S("/etc/facteur"), sources, 2, &why);
	CHECK_STR(str_of(why.text), S(""));
	conf_print(c, &once);
	CHECK_STR(buf_str(&once), want);
	merged.text = buf_str(&once);
	again = conf_build(S("/etc/facteur"), &merged, 1, &why);
	CHECK_STR(str_of(why.text), S(""));
	conf_print(again, &twice);
	CHECK_STR(buf_str(&twice), want);
	CHECK_STR(again->relay_for.items[1].origin.file, S("conf.d/1.conf"));
	CHECK_INT(again->relay_for.items[1].origin.column, 21);
	CHECK_STR(again->routes[1].pattern, c->routes[1].pattern);
	CHECK_INT(again->routes[1].origin.column, c->routes[1].origin.column);
	CHECK_STR(again->routes[1].transport->text, c->routes[1].transport->text);
	CHECK_INT(again->listeners[0].on.count, 2);
	conf_drop(c);
	conf_drop(again);
	buf_free(&once);
	buf_free(&twice);
}

TEST(conf_where_finds_the_line_that_decided)
{
	struct fail why;
	struct conf *c =
		build(S("hostname pivot.test\nqueue warn 4h\nqueue {\n lifetime 3d\n}\n"), &why);

	CHECK(c);
	CHECK_INT(conf_where(c, S(""), S("hostname"))->line, 1);
	CHECK_INT(conf_where(c, S("queue"), S("warn"))->line, 2);
	CHECK_INT(conf_where(c, S("queue"), S("lifetime"))->line, 4);
	CHECK(!conf_where(c, S("queue"), S("retry")));
	CHECK(!conf_where(c, S(""), S("lifetime")));
	conf_drop(c);
}

TEST(conf_lives_until_its_last_reference)
{
	struct fail why;
	struct conf *c = build(S("hostname pivot.test\n"), &why);

	CHECK(conf_keep(c) == c);
	conf_drop(c);
	CHECK_STR(c->hostname.text, S("pivot.test"));
	conf_drop(c);
	conf_drop(NULL);
}

TEST(conf_nets_have_exceptions)
{
	struct fail why;
	struct conf *c = build(S("hostname a.test\n"
				 "relay-for 10.0.0.7 !10.0.0.0/24 10.0.0.0/8\n"
				 "xclient-hosts 10.0.0.1 192.0.2.1\n"
				 "xforward-hosts 10.0.0.7\n"
				 "listen mx { on *:25; tls off; proxy-protocol 10.0.0.128/25 }\n"),
		&why);
	static const struct {
		const char *ip;
		unsigned column; /* of what has it; 0: nothing */
	} cases[] = {
		{"10.0.0.7",  11},
                { "10.0.0.8", 0 },
                { "10.0.1.8", 33},
                { "11.0.0.0", 0 }
	};

	CHECK_STR(str_of(why.text), S(""));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct conf_net *net;
		struct ip ip;

		CHECK(ip_parse(str_of(cases[i].ip), &ip));
		net = conf_nets_find(&c->relay_for, &ip);
		CHECK_INT(net ? net->origin.column : 0, cases[i].column);
	}
	CHECK_INT(c->listeners[0].proxies.count, 1);
	CHECK_INT(c->xclient.count, 2);
	CHECK_INT(c->xforward.count, 1);
	conf_drop(c);
}

TEST(conf_manual_names_every_word)
{
	struct buf page = { 0 };

	conf_manual(&page);
	CHECK(str_find_str(buf_str(&page), S("\n.It Cm \\&forwarders Ar \\&NETWORK \\&...\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S("Default:\n.Cm \\&5m 10m 20m 40m 1h .\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S(".Cm \\&greylist")) < buf_str(&page).n);
	buf_free(&page);
}
