#include "admin/alias.h"

#include <jansson.h>

#include "route/router_fake.h"
#include "route/transports.h"
#include "test/test.h"

static const char conf[] = "hostname pivot.test\n"
			   "postmaster boss@a.test\n"
			   "transport slow { smtp 192.0.2.1:2525 }\n"
			   "domain a.test { aliases aliases/a.aliases }\n"
			   "mailbox boss@a.test { lmtp unix:/run/dovecot/lmtp }\n"
			   "mailbox anna@a.test { maildir /home/anna/Maildir; as anna }\n"
			   "route slow.test { transport slow }\n";

static const struct router_fake_file files[] = {
	{"aliases/a.aliases", "contact: admin, x@slow.test\n"
			       "admin: boss, board@april.test\n"
			       "list: anna, null\n"
			       "owner-list: boss\n"
			       "null: /dev/null\n"},
};

/* clang-format off */
static const struct {
	const char *address;
	int code;
	const char *text;
} cases[] = {
	{ "contact@a.test", 0,
		"contact@a.test\n"
		"  -> admin@a.test                                         aliases/a.aliases:1\n"
		"    -> boss@a.test                                        aliases/a.aliases:2\n"
		"    -> board@april.test                                   aliases/a.aliases:2\n"
		"  -> x@slow.test                                          aliases/a.aliases:1\n"
		"goes to\n"
		"  boss@a.test\n"
		"    mailbox: lmtp to unix:/run/dovecot/lmtp               a.conf:5\n"
		"  board@april.test\n"
		"    smtp: smtp to the MX hosts of april.test port 25      default\n"
		"  x@slow.test\n"
		"    slow: smtp to 192.0.2.1 port 2525                     a.conf:7\n" },
	{ "list@a.test", 0,
		"list@a.test\n"
		"  -> anna@a.test                                          aliases/a.aliases:3\n"
		"  -> null@a.test                                          aliases/a.aliases:3\n"
		"    -> /dev/null                                          aliases/a.aliases:5\n"
		"goes to\n"
		"  anna@a.test\n"
		"    with the sender owner-list@a.test\n"
		"    mailbox: maildir /home/anna/Maildir as anna           a.conf:6\n"
		"  /dev/null: thrown away                                  aliases/a.aliases:5\n" },
	{ "no\tbody@a.test", 1,
		"no body@a.test\n"
		"refused: 550 5.1.3 <no body@a.test>: not an address\n" },
	{ "nobody@a.test", 1,
		"nobody@a.test\n"
		"refused: 550 5.1.1 <nobody@a.test>: nobody here has this address  a.conf:4\n" },
};
/* clang-format on */

TEST(admin_alias_shows_each_step)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf out = { 0 };

		CHECK_INT(admin_alias(r, str_of(cases[i].address), false, &out), cases[i].code);
		CHECK_STR(buf_str(&out), str_of(cases[i].text));
		buf_free(&out);
	}
	router_drop(r);
}

TEST(admin_alias_lists_each_step)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct buf out = { 0 };
	json_t *all, *target;

	CHECK_INT(admin_alias(r, S("list@a.test"), true, &out), 0);
	all = json_loadb(buf_str(&out).p, buf_str(&out).n, 0, NULL);
	CHECK(all);
	CHECK_STR(str_of(json_string_value(json_object_get(
			  json_array_get(json_object_get(all, "steps"), 2), "rule"))),
		S("aliases/a.aliases:5"));
	CHECK_INT(json_array_size(json_object_get(all, "targets")), 2);
	target = json_array_get(json_object_get(all, "targets"), 0);
	CHECK_STR(str_of(json_string_value(json_object_get(target, "address"))), S("anna@a.test"));
	CHECK_STR(str_of(json_string_value(json_object_get(target, "kind"))), S("maildir"));
	CHECK_STR(str_of(json_string_value(json_object_get(target, "sender"))),
		S("owner-list@a.test"));
	CHECK_STR(str_of(json_string_value(json_object_get(target, "transport_rule"))),
		S("a.conf:6"));
	json_decref(all);
	buf_clear(&out);
	CHECK_INT(admin_alias(r, S("nobody@a.test"), true, &out), 1);
	all = json_loadb(buf_str(&out).p, buf_str(&out).n, 0, NULL);
	CHECK_INT(
		json_integer_value(json_object_get(json_object_get(all, "refused"), "code")), 550);
	json_decref(all);
	buf_free(&out);
	router_drop(r);
}

/* What a row says of the next hop stands before what its transport says. */
TEST(admin_alias_says_where_a_row_sends)
{
	static const char rows[] = "fixed@a.test smtp:[127.0.0.1]:46881\n"
				   "named@a.test slow:[h.test]\n"
				   "mx@a.test relay:far.test:26\n"
				   "box@a.test near:\n"
				   "there@a.test near:unix:/there\n";
	static const struct {
		const char *address, *way;
	} ways[] = {
		{"fixed@a.test",  "smtp: smtp to 127.0.0.1 port 46881 "            },
		{ "named@a.test", "slow: smtp to h.test port 2525 "                },
		{ "mx@a.test",    "smtp: smtp to the MX hosts of far.test port 26 "},
		{ "box@a.test",   "near: lmtp to unix:/box "                       },
		{ "there@a.test", "near: lmtp to unix:/there "                     },
	};
	struct router *r = router_fake_new("hostname pivot.test\n"
					   "transport slow { smtp 192.0.2.1:2525 }\n"
					   "transport near { lmtp unix:/box }\n"
					   "domain a.test { }\n",
		NULL, 0);
	struct transports_builder *b = transports_builder_new(router_conf(r), S("a.test"));
	struct fail why = { 0 };

	CHECK(transports_builder_add(b, S("rows"), str_of(rows), &why));
	router_take_transports(r, 0, transports_builder_finish(b));
	for (size_t i = 0; i < LENGTH(ways); i++) {
		struct buf out = { 0 };
		str way = str_of(ways[i].way);

		CHECK_INT(admin_alias(r, str_of(ways[i].address), false, &out), 0);
		CHECK(str_find_str(buf_str(&out), way) < buf_str(&out).n);
		buf_free(&out);
	}
	router_drop(r);
}

TEST(admin_alias_begins_with_what_rewrite_makes_of_it)
{
	static const struct router_fake_file moved[] = {
		{"m", "old@a.test new@b.test\nloop@a.test loop@c.test\nloop@c.test "
		       "loop@a.test\n"},
	};
	struct router *r = router_fake_new("hostname p.test\ndomain a.test { }\n"
					   "rewrite recipient hash:m\n",
		moved, LENGTH(moved));
	struct buf out = { 0 };

	CHECK_INT(admin_alias(r, S("old@a.test"), false, &out), 0);
	CHECK(str_starts(buf_str(&out), S("old@a.test\n  -> new@b.test")));
	CHECK(str_find_str(buf_str(&out), S("m:1\ngoes to\n  new@b.test\n")) < buf_str(&out).n);
	buf_clear(&out);
	CHECK_INT(admin_alias(r, S("loop@a.test"), false, &out), 1);
	CHECK(str_find_str(buf_str(&out), S("rows lead to rows without an end")) < buf_str(&out).n);
	buf_free(&out);
	router_drop(r);
}
