/* What transport(5) files say, and where they stand among the places of an address. */
#include "route/transports.h"

#include <stdio.h>

#include "route/router_fake.h"
#include "test/test.h"

#define CONF                                                      \
	"hostname p.test\npostmaster boss@else.test\n"            \
	"transport lists { pipe \"/bin/queue {nexthop}\" }\n"     \
	"transport onward { smtp 192.0.2.8 }\n"                   \
	"transport near { lmtp unix:/l }\n"                       \
	"domain l.test { aliases l.aliases; transports t1 t2 }\n" \
	"mailbox box@l.test { discard }\n"

static const struct router_fake_file files[] = {
	{"l.aliases", "alias: x@else.test\n"},
};

/* A router whose l.test has these two files; null: *why. */
static struct router *router_of(const char *one, const char *two, struct fail *why)
{
	struct router *r = router_fake_new(CONF, files, LENGTH(files));
	struct transports_builder *b = transports_builder_new(router_conf(r), S("l.test"));
	bool ok = transports_builder_add(b, S("t1"), str_of(one), why) &&
		  transports_builder_add(b, S("t2"), str_of(two), why);

	router_take_transports(r, 0, transports_builder_finish(b));
	if (ok)
		return r;
	router_drop(r);
	return NULL;
}

static const char one[] = "# what the admin says\n"
			  "l.test  error:User unknown in recipient table\n"
			  "Sympa@L.test\tlists:sympa@l.test\n"
			  "box@l.test lists:never asked\n"
			  "  # a comment inside\n"
			  "alias@l.test lists:nor this\n"
			  "gone@l.test error:5.1.6 It has\n"
			  "  moved\n"
			  "later@l.test error:4.3.0 Not now\n"
			  "quiet@l.test discard:\n"
			  "there@l.test smtp:[192.0.2.7]:2525\n"
			  "plain@l.test onward:\n"
			  "near@l.test near:unix:/other\n"
			  "postmaster@l.test lists:pm\n"
			  "other.test error:not ours\n"
			  "x@other.test nonsense\n";
static const char two[] = "news@l.test lists:news@l.test\nsympa@l.test lists:second\n";

static const struct {
	const char *address, *expands, *way;
} cases[] = {
	{"sympa@l.test",       "sympa@l.test",						       "lists sympa@l.test t1:3"    },
	{ "SYMPA+tag@l.test",  "SYMPA+tag@l.test",						   "lists sympa@l.test t1:3"    },
	{ "news@l.test",       "news@l.test",							"lists news@l.test t2:1"     },
	{ "box@l.test",        "box@l.test",							 "mailbox  a.conf:7"          },
	{ "alias@l.test",      "x@else.test",							""                           },
	{ "gone@l.test",       "550 5.1.6 <gone@l.test>: It has moved [t1:7]",                       ""                           },
	{ "later@l.test",      "451 4.3.0 <later@l.test>: Not now [t1:9]",                           ""                           },
	{ "quiet@l.test",      "quiet@l.test",						       "discard  t1:10"             },
	{ "there@l.test",      "there@l.test",						       "smtp [192.0.2.7]:2525 t1:11"},
	{ "plain@l.test",      "plain@l.test",						       "onward  t1:12"              },
	{ "near@l.test",       "near@l.test",							"near unix:/other t1:13"     },
	{ "postmaster@l.test", "postmaster@l.test",                                                  "lists pm t1:14"             },
	{ "anybody@l.test",    "550 5.1.1 <anybody@l.test>: User unknown in recipient table [t1:2]",
         ""														       },
};

TEST(transports_say_by_which_way_an_address_leaves)
{
	struct fail why = { 0 };
	struct router *r = router_of(one, two, &why);

	CHECK_STR(str_of(why.text), S(""));
	assert_non_null(r);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[600] = "", place[CONF_ORIGIN_TEXT_MAX];
		str address = str_of(cases[i].address);
		struct route_targets all;
		struct route_way way;
		struct arena a;

		arena_init(&a, ARENA_UNLIMITED);
		if (route_expand(r, &a, address, &all, &why, NULL, NULL))
			snprintf(text, sizeof text, "%.*s", STR(all.items[0].address));
		else
			snprintf(text, sizeof text, "%d %s %s [%s]", fail_code(&why), why.status,
				why.text, why.origin);
		CHECK_STR(str_of(text), str_of(cases[i].expands));
		if (cases[i].way[0] &&
			route_find(r, &a, &(struct route_mail){ .address = address }, &way, &why)) {
			snprintf(text, sizeof text, "%.*s %.*s %s", STR(way.transport->name),
				STR(way.nexthop), conf_origin_print(&way.origin, place));
			CHECK_STR(str_of(text), str_of(cases[i].way));
		}
		arena_free(&a);
	}
	router_drop(r);
}

TEST(transports_know_by_which_name_a_way_was_found)
{
	static const struct {
		const char *key, *local;
	} locals[] = {
		{"box@l.test",         "box"     },
		{ "box+tag@l.test",    "box"     },
		{ "box+own@l.test",    "box+own" },
		{ "box+row@l.test",    "box"     }, /* the mailbox box stands before the row */
		{ "news+row@l.test",   "news+row"},
		{ "news+other@l.test", "news"    },
		{ "\"a+ b\"@l.test",   "\"a+ b\""},
		{ "x+y@else.test",     "x+y"     },
	};
	struct fail why = { 0 };
	struct router *r = router_fake_new("hostname p.test\ndomain l.test { }\n"
					   "mailbox box@l.test { discard }\n"
					   "mailbox box+own@l.test { discard }\n",
		NULL, 0);
	struct transports_builder *b = transports_builder_new(router_conf(r), S("l.test"));

	CHECK(transports_builder_add(b, S("t"),
		S("news+row@l.test discard:\nnews@l.test discard:\nbox+row@l.test discard:\n"),
		&why));
	router_take_transports(r, 0, transports_builder_finish(b));
	for (size_t i = 0; i < LENGTH(locals); i++)
		CHECK_STR(route_local(r, str_of(locals[i].key)), str_of(locals[i].local));
	router_drop(r);
}

TEST(transports_refuse_what_cannot_be)
{
	static const struct {
		const char *text, *error;
	} wrongs[] = {
		{"x@l.test lists\n",                      "t1:1:10: \"TRANSPORT:NEXTHOP\" is expected here"       },
		{ "x@l.test\n",                           "t1:1:9: \"TRANSPORT:NEXTHOP\" is expected here"        },
		{ "\n#\nx@l.test  list:y\n",
                 "t1:3:11: unknown transport 'list'; the nearest known one is 'lists'"                            },
		{ "x@l.test lists:a\nX@l.test lists:b\n",
                 "t1:2:1: 'X@l.test' is given twice; it stands in line 1, too"                                    },
		{ "x@l.test relay:[127.0.0.1]:abc\n",
                 "t1:1:16: '[127.0.0.1]:abc' is no next hop, such as a.example, "
			"[mail.a.example], "
			"[192.0.2.1]:25 (a port from 1 to 65535) or unix:/run/socket"                             },
		{ "x@l.test near:[127.0.0.1\n",
                 "t1:1:15: '[127.0.0.1' is no next hop, such as a.example, "
			"[mail.a.example], "
			"[192.0.2.1]:25 (a port from 1 to 65535) or unix:/run/socket"                             },
		{ "x@l.test onward:a.test:99999\n",
                 "t1:1:17: 'a.test:99999' is no next hop, such as a.example, "
			"[mail.a.example], "
			"[192.0.2.1]:25 (a port from 1 to 65535) or unix:/run/socket"                             },
		{ "x@l.test :[127.0.0.1]:0\n",
                 "t1:1:11: '[127.0.0.1]:0' is no next hop, such as a.example, "
			"[mail.a.example], "
			"[192.0.2.1]:25 (a port from 1 to 65535) or unix:/run/socket"                             },
		{ "x@l.test relay:\n",                    "t1:1:10: a next hop is expected behind 'relay:': else it "
				       "is the MX hosts of "
				       "'l.test', and those are this server"},
		{ "@ lists:a\n",                          "t1:1:1: an address or a domain is expected here"       },
	};

	for (size_t i = 0; i < LENGTH(wrongs); i++) {
		struct fail why = { 0 };

		CHECK(!router_of(wrongs[i].text, "", &why));
		CHECK_STR(str_of(why.text), str_of(wrongs[i].error));
	}
}

/* What is served anew shares all but the rows, and outlives the former router. */
TEST(transports_are_changed_alone)
{
	struct fail why = { 0 };
	struct router *r = router_of("l.test error:no\n", "", &why), *again;
	struct transports_builder *b;
	struct route_targets all;
	struct arena a;

	assert_non_null(r);
	b = transports_builder_new(router_conf(r), S("l.test"));
	CHECK(transports_builder_add(b, S("t1"), S("new@l.test lists:new\n"), &why));
	again = router_again(r);
	router_take_transports(again, 0, transports_builder_finish(b));
	arena_init(&a, ARENA_UNLIMITED);
	CHECK(!route_expand(r, &a, S("new@l.test"), &all, &why, NULL, NULL));
	router_drop(r);
	CHECK(route_expand(again, &a, S("new@l.test"), &all, &why, NULL, NULL));
	CHECK(route_expand(again, &a, S("alias@l.test"), &all, &why, NULL, NULL));
	router_drop(again);
	arena_free(&a);
}
