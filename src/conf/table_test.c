/* Tables in the configuration, and where they are used. */
#include "test/test.h"

#include "conf/table.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(table_blocks_say_what_they_are)
{
	struct fail why;
	struct conf *c =
		build("table people { ldap ldap://a.test ldapi:///\nbase \"dc=a, dc=test\"\n"
		      "filter (mail=%s)\nattribute mail uid; bind cn=x; password-file pw\n"
		      "start-tls; on-failure hold; cache 0 }\n"
		      "table users { sqlite u.db; query \"SELECT a FROM t WHERE k = '%s' "
		      "AND d = %d\"; result accept }\n"
		      "table pg { pgsql \"dbname=x\"; query \"SELECT 'a''%%' || %u\" }\n"
		      "access { client cidr:nets people; sender pg users }\n"
		      "headers pcre:h\nsoft-bounce on\ncopy-to always a@b.test\n"
		      "rewrite { masquerade !X.a.test A.test; masquerade-except Root }\n",
			&why);
	const struct conf_table *t;

	CHECK_STR(str_of(why.text), S(""));
	CHECK_INT(c->table_count, 5);
	t = &c->tables[0];
	CHECK(t->kind == CONF_TABLE_REMOTE && t->source.kind == SOURCE_LDAP);
	CHECK_STR(t->source.place, S("ldap://a.test ldapi:///"));
	CHECK_STR(t->source.filter, S("(mail=%s)"));
	CHECK_INT(t->source.attribute_count, 2);
	CHECK_STR(t->password_file, S("/etc/facteur/pw"));
	CHECK(t->source.tls == SOURCE_START_TLS && t->on_failure == CONF_FAILURE_HOLD);
	CHECK_INT(t->cache_ms, 0);
	CHECK_INT(t->source.timeout_ms, 5000);
	t = &c->tables[1];
	CHECK_STR(t->source.place, S("/etc/facteur/u.db"));
	CHECK_STR(t->source.query, S("SELECT a FROM t WHERE k = ?1 AND d = ?2"));
	CHECK_INT(t->source.parameter_count, 2);
	CHECK(t->source.parameters[0] == 's' && t->source.parameters[1] == 'd');
	CHECK(t->on_failure == CONF_FAILURE_DEFER);
	CHECK_STR(c->tables[2].source.query, S("SELECT 'a''%' || $1"));
	CHECK_STR(c->tables[3].name, S("cidr:nets"));
	CHECK(c->access.client.items[0].table == &c->tables[3]);
	CHECK(c->access.client.items[1].table == &c->tables[0]);
	CHECK(c->access.sender.items[0].table == &c->tables[2]);
	CHECK(c->headers.items[0].table == &c->tables[4]);
	CHECK(c->soft_bounce == CONF_ON);
	CHECK_STR(c->copy.always.items[0].text, S("a@b.test"));
	CHECK_STR(c->rewrite.masquerade.items[0].text, S("!x.a.test"));
	CHECK_STR(c->rewrite.except.items[0].text, S("root"));
	CHECK(c->rewrite.masquerade_in == CONF_BOTH);
	conf_drop(c);
}

/* clang-format off */
static const struct {
	const char *text, *error;
} refused[] = {
  /* what a table is */
	{"table a { cache 1m }",
         "a.conf:1:1: 'table a' does not say what it is: 'file', 'cidr', 'pcre', 'sqlite', "
		"'pgsql' or 'ldap'"											  },
	{ "table a { file x; pcre y }",
         "a.conf:1:19: 'pcre' excludes 'file', which is at a.conf:1:11"                                                      },
	{ "table a { file x; query \"SELECT %s\" }",
         "a.conf:1:19: 'query' means nothing to a table of 'file'"                                                           },
	{ "table a { sqlite x; query \"SELECT %s\"; base b }",
         "a.conf:1:40: 'base' means nothing to a table of 'sqlite'"                                                          },
	{ "table a { sqlite x }",					  "a.conf:1:1: 'table a' has no 'query'"            },
	{ "table a { ldap ldap://x; base b }",
         "a.conf:1:1: 'table a' lacks one of 'base', 'filter' and 'attribute'"                                               },
	{ "table a { ldap http://x; base b }",
         "a.conf:1:16: 'http://x' is no URI such as ldap://ldap.example.org"                                                 },
	{ "table a { pgsql \"nonsense=1\"; query \"SELECT %s\" }",
         "a.conf:1:17: invalid connection option \"nonsense\""                                                               },
	{ "table a { ldap ldap://x; base b; filter (a=%x); attribute b }",
         "a.conf:1:41: '%' is followed by 's', 'u', 'd' or another '%', and a filter is "
         "shorter "
		"than 1024 bytes"											    },
 /* queries */
	{ "table a { sqlite x; query \"SELECT 1\" }",
         "a.conf:1:27: a query without %s, %u or %d answers every key alike"                                                 },
	{ "table a { sqlite x; query \"SELECT '%u@x'\" }",
         "a.conf:1:27: '%u' stands inside a longer text; put it together in SQL: '...' || "
         "%u"														},
	{ "table a { sqlite x; query \"SELECT %f\" }",
         "a.conf:1:27: '%' is followed by 's', 'u', 'd' or another '%'"                                                      },
	{ "table a { sqlite x; query \"SELECT ?\" }",
         "a.conf:1:27: '?' stands for no parameter: write %s, %u or %d"                                                      },
	{ "table a { sqlite x; query \"SELECT %s, 'x\" }",
         "a.conf:1:27: this quote is not closed: '"									  },
 /* tables of a domain */
	{ "domain a.test { virtual-table users }",
         "a.conf:1:31: unknown table 'users'; there is none" },
	{ "domain a.test { alias-table cidr:x }",
         "a.conf:1:29: 'cidr:x' cannot be used here: a cidr table is for addresses of clients" },
	{ "table u { sqlite x; query \"SELECT %s\"; on-failure hold }\n"
	  "domain a.test { recipient-table u }",
         "a.conf:2:33: 'u' cannot be used here with 'on-failure hold': where its mail goes would "
         "not be known" },
 /* where they are used */
	{ "access { client nets }",					"a.conf:1:17: unknown table 'nets'; there is none"},
	{ "table net { cidr x }\naccess client nets",
         "a.conf:2:15: unknown table 'nets'; the nearest known one is 'net'"                                                 },
	{ "headers hash:x",
         "a.conf:1:9: 'hash:x' cannot be used here: the rules for header fields are a pcre table"                            },
	{ "soft-bounce maybe",
         "a.conf:1:13: 'soft-bounce' takes on or off, not 'maybe'; the nearest known word is 'on'"                                                           },
	{ "table t { sqlite x; query \"SELECT %s\" }\nrewrite header-sender t",
         "a.conf:2:23: 't' cannot be used here: a message does not wait for a table in the "
         "middle of its header, so it is one of 'file' or 'pcre'"                                                             },
	{ "rewrite masquerade .a.test",
         "a.conf:1:20: 'masquerade' takes domains such as example.org, or !host.example.org, "
         "not '.a.test'"                                                                                                      },
	{ "rewrite masquerade-except a@b.test",
         "a.conf:1:27: 'masquerade-except' takes local parts such as root, not 'a@b.test'"                                    },
	{ "copy-to always x",
         "a.conf:1:16: 'always' takes addresses such as archive@example.org, not 'x'"                                        },
	{ "access { sender cidr:x }",				      "a.conf:1:17: 'cidr:x' cannot be used here: a cidr table is "
         "for addresses of clients"											},
	{ "access { sender ldap:x }",
         "a.conf:1:17: 'ldap:x' is no table that can be written here: 'hash:', 'cidr:' or "
		"'pcre:' and a path; others have a block, 'table NAME { ... }', and their name "
		"stands "
		"here"},
};
/* clang-format on */

TEST(table_errors_say_where_and_why)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;
		struct conf *c = build(refused[i].text, &why);

		CHECK(!c);
		CHECK_STR(str_of(why.text), str_of(refused[i].error));
	}
}
