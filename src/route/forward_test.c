/* Where a .forward leads, and what is refused in one. */
#include "route/forward.h"

#include <stdio.h>

#include "test/test.h"

static const char settings[] =
	"hostname pivot.test\npostmaster anna@home.test\n"
	"domain home.test { aliases a\n"
	"  mailboxes { maildir /home/{local}/Maildir; as \"{local}\"; forward programs files } }\n"
	"domain plain.test { mailboxes { maildir /home/{local}/Maildir; as \"{local}\"; forward } "
	"}\n";

struct play {
	struct router *router;
	struct arena arena;
	struct route_targets targets;
	bool says, ok;
	struct fail why;
};

static void begin(struct play *p)
{
	struct conf_source source = { .name = S("test.conf"), .text = S(settings) };
	struct alias_builder *b = alias_builder_new(S("home.test"), NULL, NULL);
	struct alias_table *tables[2] = { 0 };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/nowhere"), &source, 1, &why);

	if (!conf)
		fprintf(stderr, "%s\n", why.text);
	assert_non_null(conf);
	assert_true(alias_builder_aliases(b, S("a"), S("team: bob, x@else.test\n"), &why));
	tables[0] = alias_builder_finish(b);
	*p = (struct play){ .router = router_new(conf, tables) };
	arena_init(&p->arena, ARENA_UNLIMITED);
	conf_drop(conf);
}

static void end(struct play *p)
{
	arena_free(&p->arena);
	router_drop(p->router);
}

/* The targets as "address into address into", or why there are none. */
static str lead(struct play *p, const char *own, const char *text)
{
	struct route_mail mail = { .address = str_of(own) };
	struct route_way way;
	str all = S("");

	p->why = (struct fail){ 0 };
	assert_true(route_find(p->router, &p->arena, &mail, &way, &p->why));
	p->ok = forward_read(p->router, &(struct route_ask){ 0 }, &p->arena, str_of(own),
		way.transport, str_of(text), &p->targets, &p->says, &p->why);
	if (!p->ok)
		return str_of(p->why.text);
	for (size_t i = 0; i < p->targets.count; i++)
		all = arena_printf(&p->arena, "%.*s%s%.*s %.*s", STR(all), i ? " " : "",
			STR(p->targets.items[i].address), STR(p->targets.items[i].into));
	return all;
}

TEST(forward_leads_where_it_says)
{
	static const struct {
		const char *text, *leads;
	} cases[] = {
		{"x@else.test\n",				      "x@else.test "                  },
		{ "# away\n\nx@else.test, y@else.test\nx@else.test\n",
                 "x@else.test  y@else.test "							   },
		{ "\\anna, x@else.test",                               "anna@home.test \\ x@else.test "},
		{ "anna\n",					    "anna@home.test \\"             },
		{ "Anna+list@HOME.test\n",                             "anna@home.test \\"             },
		{ "\\bob\n",					   "bob@home.test \\"              },
		{ "bob\n",					     "bob@home.test "                },
		{ "team\n",					    "bob@home.test  x@else.test "   },
		{ "\"|/usr/bin/vacation anna\", \\anna",
                 "anna@home.test \\|/usr/bin/vacation anna anna@home.test \\"                          },
		{ "/home/anna/mbox\n/home/anna/box/\n",
                 "anna@home.test \\/home/anna/mbox anna@home.test \\/home/anna/box/"                   },
		{ "/dev/null\n",				       ""                              },
 /* addresses, whatever they begin with */
		{ "<|x@else.test>\n",                                  "\"|x\"@else.test "             },
		{ "<///@else.test>\n",                                 "\"///\"@else.test "            },
	};
	struct play p;

	begin(&p);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		CHECK_STR(lead(&p, "anna@home.test", cases[i].text), str_of(cases[i].leads));
		CHECK(p.ok && p.says);
	}
	CHECK_STR(lead(&p, "anna@home.test", "\n# nothing\n"), S(""));
	CHECK(p.ok && !p.says);
	end(&p);
}

TEST(forward_refuses_what_it_may_not_do)
{
	static const struct {
		const char *own, *text, *says;
	} cases[] = {
		{"anna@plain.test",  "x@else.test\n|/bin/x",
                 ".forward:2:1: no program may stand in this file: 'forward programs' "
			"allows it"								      },
		{ "anna@plain.test", "/tmp/x",
                 ".forward:1:1: no file but /dev/null may stand here: 'forward files' "
			"allows it"								      },
		{ "anna@home.test",  "|exec /bin/x",
                 ".forward:1:1: the path of a program is absolute, as in |/bin/x"                        },
		{ "anna@home.test",  ":include:/etc/passwd",
                 ".forward:1:1: a .forward includes nothing"                                             },
		{ "anna@home.test",  "x@else.test y@else.test", NULL                                     },
		{ "anna@home.test",  "\\x@else.test",           NULL                                     },
		{ "anna@home.test",  "/home/../etc/x",          ".forward:1:1: this is no path of a file"},
	};
	struct play p;
	char many[FORWARD_TARGETS_MAX * 16 + 64] = "";

	begin(&p);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		str said = lead(&p, cases[i].own, cases[i].text);

		CHECK(!p.ok);
		if (cases[i].says)
			CHECK_STR(said, str_of(cases[i].says));
	}
	for (int i = 0; i <= FORWARD_TARGETS_MAX; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), "%d@else.test\n", i);
	lead(&p, "anna@home.test", many);
	CHECK(!p.ok);
	end(&p);
}

/* What was said once is still asked of the configuration when the mail leaves. */
TEST(forward_leads_only_where_it_is_allowed)
{
	static const struct {
		const char *address, *into;
		int kind; /* -1: nowhere */
	} cases[] = {
		{"anna@home.test",   "\\",        CONF_MAILDIR},
		{ "anna@home.test",  "\\|/bin/x", CONF_PIPE   },
		{ "anna@home.test",  "\\/tmp/x",  CONF_MAILDIR},
		{ "anna@plain.test", "\\",        CONF_MAILDIR},
		{ "anna@plain.test", "\\|/bin/x", -1          },
		{ "anna@plain.test", "\\/tmp/x",  -1          },
		{ "anna@else.test",  "\\",        -1          },
	};
	struct play p;

	begin(&p);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct route_mail mail = { .address = str_of(cases[i].address),
			.into = str_of(cases[i].into) };
		struct route_way way;
		bool found = route_find(p.router, &p.arena, &mail, &way, NULL);

		CHECK_INT(found ? (int)way.transport->kind : -1, cases[i].kind);
		if (found)
			CHECK_STR(way.transport->user, CONF_USER_LOCAL);
		if (found && mail.into.n > 1)
			CHECK_STR(way.nexthop, str_skip(mail.into, 1));
	}
	end(&p);
}
