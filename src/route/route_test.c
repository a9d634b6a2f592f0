#include "route/route.h"

#include <stdio.h>

#include "base/buf.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf_text[] = "hostname pivot.test\n"
				"postmaster boss@a.test\n"
				"limits { alias-depth 5; alias-targets 8 }\n"
				"transport lists { lmtp unix:/run/lists }\n"
				"transport onward { smtp 127.0.0.1:2599 }\n"
				"transport slow { smtp }\n"
				"domain a.test { aliases a.aliases; virtual a.virtual }\n"
				"domain b.test { aliases b.aliases; catch-all all }\n"
				"domain c.test { sub-address +-; virtual c.virtual }\n"
				"domain b\xc3\xbc"
				"cher.test { catch-all /dev/null }\n"
				"mailbox boss@a.test { lmtp unix:/run/dovecot/lmtp }\n"
				"mailbox carl@a.test { transport lists }\n"
				"mailbox anna@c.test { maildir /home/anna/Maildir }\n"
				"mailbox dora@a.test { maildir /home/dora/Maildir }\n"
				"route far.test { transport slow }\n"
				"route .far.test { transport onward }\n"
				"route .deep.far.test { transport lists }\n"
				"route one@far.test { transport lists }\n";

static const struct router_fake_file files[] = {
	{"a.aliases",
         "root: boss\n"
		"abuse: root, Out@Far.test\n"
		"twice: root, abuse, boss, out@far.test\n"
		"null: /dev/null\n"
		"nulls: null, /dev/null, carl\n"
		"carl: carl, out@far.test\n"
		"dora: carl, dora\n"
		"dave: emma, dave\n"
		"emma: dave, emma, boss\n"
		"list: root, out@far.test\n"
		"owner-list: boss\n"
		"upper: list, boss\n"
		"x: y\n"
		"y: z\n"
		"z: x\n"
		"gone: nobody\n"
		"d1: d2\nd2: d3\nd3: d4\nd4: d5\nd5: d6\nd6: boss\n"
		"e1: e2\ne2: e3\ne3: e4\ne4: e5\ne5: boss\n"
		"many: 1@m.test,2@m.test,3@m.test,4@m.test,5@m.test,6@m.test,7@m.test,8@m.test\n"
		"toomany: many, 9@m.test\n"
		"\"q r\": boss\n"				    },
	{ "a.virtual", "virt     out@far.test, carl\n"
		       "info+de  boss\n"
		       "info     out@far.test\n"
		       "boss     boss, copy@far.test\n"
		       "@a.test  @b.test\n"    },
	{ "b.aliases", "all: boss@a.test\nsome: /dev/null\n"         },
	{ "c.virtual", "postmaster anna\nq@c.test \"a b\"@far.test\n"},
};

/* clang-format off */
static const struct {
	const char *recipient, *targets; /* or the reason, when it begins with a digit */
} expansions[] = {
	/* not ours, and how it is said */
	{ "X@Else.test",          "X@Else.test"                                         },
	{ "x+y@[192.0.2.1]",      "x+y@[192.0.2.1]"                                     },
	{ "x@sub.a.test",         "x@sub.a.test"                                        },
	/* mailboxes, with sub-addresses; an alias before them */
	{ "anna@c.test",          "anna@c.test"                                         },
	{ "Anna+Tag@C.Test",      "Anna+Tag@C.Test"                                     },
	{ "anna-x+y@c.test",      "anna-x+y@c.test"                                     },
	{ "\"anna\"@c.test",      "\"anna\"@c.test"                                     },
	/* aliases */
	{ "root@a.test",          "boss@a.test copy@far.test"                           },
	{ "ROOT@A.TEST",          "boss@a.test copy@far.test"                           },
	{ "root+tag@a.test",      "boss@a.test copy@far.test"                           },
	{ "abuse@a.test",         "boss@a.test copy@far.test Out@Far.test"              },
	{ "twice@a.test",         "boss@a.test copy@far.test Out@Far.test"              },
	{ "\"Q R\"@a.test",       "boss@a.test copy@far.test"                           },
	/* that list themselves */
	{ "carl@a.test",          "carl@a.test out@far.test"                            },
	{ "carl+x@a.test",        "carl@a.test out@far.test"                            },
	{ "dora@a.test",          "carl@a.test out@far.test dora@a.test"                },
	/* /dev/null */
	{ "null@a.test",          "!"                                                   },
	{ "nulls@a.test",         "! carl@a.test out@far.test"                          },
	/* owners */
	{ "list@a.test",
		"boss@a.test(owner-list@a.test) copy@far.test(owner-list@a.test) "
		"out@far.test(owner-list@a.test)"                                       },
	{ "owner-list@a.test",    "boss@a.test copy@far.test"                           },
	{ "upper@a.test",
		"boss@a.test(owner-list@a.test) copy@far.test(owner-list@a.test) "
		"out@far.test(owner-list@a.test)"                                       },
	/* virtual */
	{ "virt@a.test",          "out@far.test carl@a.test"                            },
	{ "virt+Tag@a.test",      "out+Tag@far.test carl@a.test out@far.test"           },
	{ "info+de@a.test",       "boss@a.test copy@far.test"                           },
	{ "info+en@a.test",       "out+en@far.test"                                     },
	{ "boss@a.test",          "boss@a.test copy@far.test"                           },
	{ "boss+x@a.test",        "boss+x@a.test copy+x@far.test"                       },
	{ "q-t@c.test",           "\"a b-t\"@far.test"                                  },
	/* catch-alls, after mailboxes; "@domain" keeps the local part */
	{ "whoever@b.test",       "boss@a.test copy@far.test"                           },
	{ "Some@a.test",          "!"                                                   },
	{ "any@b\xc3\xbc" "cher.test", "!"                                              },
	{ "any@xn--bcher-kva.test", "!"                                                 },
	/* postmaster */
	{ "postmaster",           "boss@a.test copy@far.test"                           },
	{ "PostMaster",           "boss@a.test copy@far.test"                           },
	{ "Postmaster@a.test",    "boss@a.test copy@far.test"                           },
	{ "postmaster@b.test",    "boss@a.test copy@far.test"                           },
	{ "postmaster@c.test",    "anna@c.test"                                         },
	{ "postmaster@else.test", "postmaster@else.test"                                },
	/* what is refused */
	{ "root",                 "550 5.1.3 <root>: not an address"                    },
	{ "",                     "550 5.1.3 <>: not an address"                        },
	{ "x@-.test",             "550 5.1.3 <x@-.test>: not an address"                },
	{ "nobody@c.test",
		"550 5.1.1 <nobody@c.test>: nobody here has this address [a.conf:9]"    },
	{ "x@a.test",
		"451 4.4.6 alias loop: x@a.test -> y@a.test -> z@a.test -> x@a.test [a.aliases:13]" },
	{ "y@a.test",
		"451 4.4.6 alias loop: y@a.test -> z@a.test -> x@a.test -> y@a.test [a.aliases:13]" },
	{ "e1@a.test",            "boss@a.test copy@far.test"                           },
	{ "d1@a.test",
		"451 4.4.6 <d1@a.test>: aliases lead to aliases deeper than 5 [a.aliases:22]" },
	{ "many@a.test",
		"1@m.test 2@m.test 3@m.test 4@m.test 5@m.test 6@m.test 7@m.test 8@m.test" },
	{ "toomany@a.test",       "451 4.3.5 <toomany@a.test> stands for more than 8 addresses [a.conf:3]" },
};
/* clang-format on */

static str dump(const struct route_targets *all, const struct fail *why, struct buf *to)
{
	buf_clear(to);
	if (why->kind != FAIL_NONE)
		buf_putf(to, "%d %s %s%s%s%s", fail_code(why), why->status, why->text,
			why->origin[0] ? " [" : "", why->origin, why->origin[0] ? "]" : "");
	for (size_t i = 0; why->kind == FAIL_NONE && i < all->count; i++) {
		const struct route_target *t = &all->items[i];

		buf_put(to, i ? S(" ") : S(""));
		buf_put(to, t->end == ROUTE_DISCARD ? S("!") : t->address);
		if (t->has_sender)
			buf_putf(to, "(%.*s)", STR(t->sender));
	}
	return buf_str(to);
}

TEST(route_expands)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));
	struct buf text = { 0 };

	for (size_t i = 0; i < LENGTH(expansions); i++) {
		struct fail why = { 0 };
		struct route_targets all;
		struct arena a;
		bool ok;

		arena_init(&a, 100000);
		ok = route_expand(r, &a, str_of(expansions[i].recipient), &all, &why, NULL, NULL);
		CHECK(ok == (why.kind == FAIL_NONE));
		CHECK_STR(dump(&all, &why, &text), str_of(expansions[i].targets));
		arena_free(&a);
	}
	buf_free(&text);
	router_drop(r);
}

struct told {
	struct buf text;
};

static void tell(void *owner, unsigned depth, str from, str to, const struct conf_origin *at)
{
	struct buf *text = owner;
	char place[CONF_ORIGIN_TEXT_MAX];

	buf_putf(text, "%u %.*s -> %.*s (%s)\n", depth, STR(from), STR(to),
		conf_origin_print(at, place));
}

TEST(route_expand_tells_each_step)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));
	struct buf text = { 0 };
	struct fail why = { 0 };
	struct route_targets all;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(route_expand(r, &a, S("abuse+x@a.test"), &all, &why, tell, &text));
	CHECK_STR(buf_str(&text), S("0 abuse+x@a.test -> root@a.test (a.aliases:2)\n"
				    "1 root@a.test -> boss@a.test (a.aliases:1)\n"
				    "2 boss@a.test -> boss@a.test (a.virtual:4)\n"
				    "2 boss@a.test -> copy@far.test (a.virtual:4)\n"
				    "0 abuse+x@a.test -> Out@Far.test (a.aliases:2)\n"));
	CHECK_STR(all.items[0].origin.file, S("a.virtual"));
	CHECK_INT(all.items[0].origin.line, 4);
	CHECK_INT(all.items[2].origin.line, 2);
	CHECK_INT(all.items[2].origin.column, 14);
	buf_clear(&text);
	CHECK(route_expand(r, &a, S("postmaster"), &all, &why, tell, &text));
	CHECK(str_starts(
		buf_str(&text), S("0 postmaster -> boss@a.test (a.conf:2)\n0 boss@a.test")));
	buf_clear(&text);
	CHECK(route_expand(r, &a, S("other@b.test"), &all, &why, tell, &text));
	CHECK(str_starts(
		buf_str(&text), S("0 other@b.test -> all@b.test (a.conf:8)\n1 all@b.test")));
	buf_clear(&text);
	CHECK(route_expand(r, &a, S("anna@c.test"), &all, &why, tell, &text));
	CHECK_STR(buf_str(&text), S(""));
	CHECK_STR(all.items[0].origin.file, S(""));
	buf_free(&text);
	arena_free(&a);
	router_drop(r);
}

/* A stranger who fills his arena is told so, at whatever point it happens. */
TEST(route_expand_keeps_to_its_arena)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));
	struct route_targets all;
	size_t least = 0;

	for (size_t limit = 0; limit < 20000; limit += 64) {
		struct fail why = { 0 };
		struct arena a;

		arena_init(&a, limit);
		if (!route_expand(r, &a, S("upper+x@a.test"), &all, &why, NULL, NULL)) {
			CHECK_INT(fail_code(&why), 452);
			least = limit;
		}
		arena_free(&a);
	}
	CHECK(least > 0 && least < 19000);
	router_drop(r);
}

static const struct {
	const char *address, *way; /* transport, next hop, origin; or the reason */
} ways[] = {
	{"boss@a.test",              "mailbox  a.conf:11"					      },
	{ "Boss+tag@A.Test",         "mailbox  a.conf:11"                                              },
	{ "carl@a.test",             "lists  a.conf:12"						},
	{ "anna-x@c.test",           "mailbox  a.conf:13"                                              },
	{ "else@Else.Test",          "smtp else.test default"                                          },
	{ "else@b\xc3\xbc"
	  "cher.else.test", "smtp xn--bcher-kva.else.test default"                            },
	{ "x@[192.0.2.1]",           "smtp [192.0.2.1] default"                                        },
	{ "x@far.test",              "slow far.test a.conf:15"                                         },
	{ "One@far.test",            "lists  a.conf:18"						},
	{ "one+x@far.test",          "slow far.test a.conf:15"                                         },
	{ "x@sub.far.test",          "onward  a.conf:16"                                               },
	{ "x@a.b.far.test",          "onward  a.conf:16"                                               },
	{ "x@deep.far.test",         "onward  a.conf:16"                                               },
	{ "x@a.deep.far.test",       "lists  a.conf:17"                                                },
	{ "x@notfar.test",           "smtp notfar.test default"                                        },
	{ "gone@a.test",             "550 5.1.1 <gone@a.test>: nobody here has this address [a.conf:7]"},
	{ "gone",		    "550 5.1.3 <gone>: not an address []"                             },
};

TEST(route_finds_the_most_telling_way)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));

	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct buf text = { 0 };
		struct fail why = { 0 };
		struct route_way way;
		char place[CONF_ORIGIN_TEXT_MAX];
		struct arena a;

		arena_init(&a, 1000);
		if (route_find(r, &a, &(struct route_mail){ .address = str_of(ways[i].address) },
			    &way, &why))
			buf_putf(&text, "%.*s %.*s %s", STR(way.transport->name), STR(way.nexthop),
				conf_origin_print(&way.origin, place));
		else
			buf_putf(&text, "%d %s %s [%s]", fail_code(&why), why.status, why.text,
				why.origin);
		CHECK_STR(buf_str(&text), str_of(ways[i].way));
		buf_free(&text);
		arena_free(&a);
	}
	router_drop(r);
}

/* No backscatter: what is known to fail is refused, but those whom we relay for get a bounce. */
TEST(route_expand_refuses_what_a_rule_will_refuse)
{
	static const struct router_fake_file file = { "a", "old: x@gone.test\n" };
	struct router *r = router_fake_new("hostname p.test\ndomain a.test { aliases a }\n"
					   "mailbox closed@a.test { error 5.2.1 This is closed }\n"
					   "route gone.test { error They are gone }\n",
		&file, 1);
	struct route_targets all;
	struct fail why = { 0 };
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(!route_expand(r, &a, S("closed@a.test"), &all, &why, NULL, NULL));
	CHECK_STR(str_of(why.text), S("<closed@a.test>: This is closed"));
	CHECK_STR(str_of(why.status), S("5.2.1"));
	CHECK_STR(str_of(why.origin), S("a.conf:3"));
	CHECK_INT(fail_code(&why), 550);
	CHECK(!route_expand(r, &a, S("old@a.test"), &all, &why, NULL, NULL));
	CHECK_STR(str_of(why.text), S("<x@gone.test>: They are gone"));
	CHECK(route_expand(r, &a, S("x@gone.test"), &all, &why, NULL, NULL));
	arena_free(&a);
	router_drop(r);
}

TEST(route_star_takes_the_rest)
{
	struct router *r = router_fake_new("hostname p.test\ntransport onward { smtp 192.0.2.1 }\n"
					   "route * { transport onward }\ndomain a.test { }\n",
		NULL, 0);
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, 1000);
	CHECK(route_find(r, &a, &(struct route_mail){ .address = S("x@else.test") }, &way, &why));
	CHECK_STR(way.transport->name, S("onward"));
	CHECK(!route_find(r, &a, &(struct route_mail){ .address = S("x@a.test") }, &way, &why));
	arena_free(&a);
	router_drop(router_keep(r));
	router_drop(r);
	router_drop(NULL);
}

TEST(route_hosted_domains)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));

	CHECK_STR(route_hosted(r, S("x@A.Test"))->name, S("a.test"));
	CHECK_STR(route_hosted(r, S("x@B\xc3\x9c"
				    "cher.test"))
			  ->name,
		S("xn--bcher-kva.test"));
	CHECK(!route_hosted(r, S("x@sub.a.test")) && !route_hosted(r, S("x")));
	CHECK(!route_hosted(r, S("")) && !route_hosted(r, S("x@[127.0.0.1]")));
	CHECK_STR(router_conf(r)->hostname.text, S("pivot.test"));
	router_drop(r);
}

/* The way of a recipient whose mailbox another one has, by the sender where no route says more. */
TEST(route_asks_the_sender_behind_all_other_routes)
{
	/* clang-format off */
	static const struct {
		const char *sender, *address, *way;
	} cases[] = {
		{ "boss@a.test", "x@else.test", "first" },
		{ "x@a.test", "x@else.test", "second" },
		{ "x@sub.a.test", "x@else.test", "third" },
		{ "", "x@else.test", "null" },
		{ "x@b.test", "x@else.test", "rest" },
		{ "boss@a.test", "x@far.test", "far" },
		{ NULL, "x@else.test", "rest" },
	};
	/* clang-format on */
	struct router *r = router_fake_new("hostname p.test\n"
					   "transport first { smtp 192.0.2.1 }\n"
					   "transport second { smtp 192.0.2.2 }\n"
					   "transport third { smtp 192.0.2.3 }\n"
					   "transport null { smtp 192.0.2.4 }\n"
					   "transport rest { smtp 192.0.2.5 }\n"
					   "transport far { smtp 192.0.2.6 }\n"
					   "route * { transport rest }\n"
					   "route far.test { transport far }\n"
					   "route-from Boss@a.test { transport first }\n"
					   "route-from a.test { transport second }\n"
					   "route-from .a.test { transport third }\n"
					   "route-from <> { transport null }\n",
		NULL, 0);

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct route_mail mail = { .address = str_of(cases[i].address),
			.has_sender = cases[i].sender,
			.sender = cases[i].sender ? str_of(cases[i].sender) : S("") };
		struct fail why = { 0 };
		struct route_way way;
		struct arena a;

		arena_init(&a, 1000);
		CHECK(route_find(r, &a, &mail, &way, &why));
		CHECK_STR(way.transport->name, str_of(cases[i].way));
		arena_free(&a);
	}
	router_drop(r);
}

/* No stranger names a program: only what stands in the table of the alias is run. */
TEST(route_leads_an_alias_into_what_its_file_says)
{
	static const struct router_fake_file file = { "a",
		"list: \"|/bin/queue list\", anna@else.test\nbox: /var/mail/box\n" };
	struct router *r = router_fake_new("hostname p.test\ndomain a.test { aliases a { programs "
					   "as nobody; files as mail } }\n",
		&file, 1);
	struct route_mail mail = { .address = S("list+x@a.test"), .into = S("|/bin/queue list") };
	struct route_targets all;
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(route_expand(r, &a, S("list@a.test"), &all, &why, NULL, NULL));
	CHECK_INT(all.count, 2);
	CHECK_STR(all.items[0].address, S("list@a.test"));
	CHECK_STR(all.items[0].into, S("|/bin/queue list"));
	CHECK_STR(all.items[1].address, S("anna@else.test"));
	CHECK_STR(all.items[1].into, S(""));
	CHECK(route_find(r, &a, &mail, &way, &why));
	CHECK(way.transport->kind == CONF_PIPE);
	CHECK_STR(way.transport->user, S("nobody"));
	CHECK_STR(way.nexthop, S("|/bin/queue list"));
	mail.into = S("|/bin/other");
	CHECK(!route_find(r, &a, &mail, &way, &why));
	CHECK_STR(str_of(why.status), S("5.1.1"));
	mail = (struct route_mail){ .address = S("box@a.test"), .into = S("/var/mail/box") };
	CHECK(route_find(r, &a, &mail, &way, &why));
	CHECK(way.transport->kind == CONF_MAILDIR && way.transport->path.n == 0);
	CHECK(!route_expand(r, &a, S("\"|/bin/queue list\"@a.test"), &all, &why, NULL, NULL));
	arena_free(&a);
	router_drop(r);
}
