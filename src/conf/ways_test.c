/* What conf/rows_ways.h says: what it means, and what is refused. */
#include "conf/ways.h"

#include "test/test.h"

#include "conf/conf.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(conf_ways_bounces_speak_the_languages_in_their_order)
{
	struct fail why;
	struct conf *c = build("bounce-language fr en\n", &why);

	CHECK(c);
	CHECK_INT(c->bounce_languages.count, 2);
	CHECK_INT(c->bounce_languages.items[0], DSN_FRENCH);
	CHECK_INT(c->bounce_languages.items[1], DSN_ENGLISH);
	conf_drop(c);
}

TEST(conf_ways_alias_files_say_what_may_stand_in_them)
{
	struct fail why;
	struct conf *c =
		build("domain a.test { aliases plain\n"
		      "aliases one two { programs as sympa; files { as mail; connections 2 } } }\n",
			&why);
	const struct conf_alias_file *two;

	CHECK(c);
	CHECK_INT(c->domains[0].aliases.count, 3);
	CHECK(!conf_ways_alias_file(&c->domains[0].alias_files, S("plain")));
	two = conf_ways_alias_file(&c->domains[0].alias_files, S("two"));
	CHECK(two && two->programs->kind == CONF_PIPE && two->files->kind == CONF_MAILDIR);
	CHECK_STR(two->programs->user, S("sympa"));
	CHECK_INT(two->programs->run_ms_max, 1000000);
	CHECK_INT(two->files->connections, 2);
	conf_drop(c);
}

TEST(conf_ways_another_server_has_the_mailboxes)
{
	struct fail why;
	struct conf *c = build("domain a.test { relay [2001:db8::1]:26; recipients r }\n"
			       "domain b.test { mailboxes { transport t } }\n"
			       "transport t { lmtp unix:/run/x }\n"
			       "route-from a@b.test .c.test <> { transport t }\n",
		&why);

	CHECK(c);
	CHECK_STR(c->domains[0].whole->host, S("2001:db8::1"));
	CHECK_INT(c->domains[0].whole->port, 26);
	CHECK_STR(c->domains[0].recipients.items[0].text, S("r"));
	CHECK(c->domains[1].whole == &c->transports[0]);
	CHECK_INT(c->sender_route_count, 3);
	CHECK_STR(c->sender_routes[2].pattern, S("<>"));
	CHECK(c->sender_routes[1].transport == &c->transports[0]);
	conf_drop(c);
}

/* clang-format off */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "domain x.test { aliases f { programs } }",
	  "a.conf:1:29: 'programs' is followed by a block in braces, on the same line" },
	{ "domain x.test { aliases f { programs { timeout 3s } } }",
	  "a.conf:1:29: 'programs' does not say by whose rights: 'programs as USER'" },
	{ "domain x.test { aliases f { programs as root } }",
	  "a.conf:1:38: no program is run as root" },
	{ "domain x.test { aliases f { files as root } }",
	  "a.conf:1:29: no file is written as root" },
	{ "domain x.test { aliases f { programs { as a; pipe /bin/x } } }",
	  "a.conf:1:46: 'pipe' does not stand here: the alias file says where it goes" },
	{ "domain x.test { aliases f { files { as a; timeout 3s } } }",
	  "a.conf:1:43: 'timeout' means nothing to 'files'" },
	{ "domain x.test { relay a.test; mailboxes { discard } }",
	  "a.conf:1:31: 'mailboxes' excludes 'relay', which is at a.conf:1:17" },
	{ "call-out { on-failure reject }",
	  "a.conf:1:23: 'on-failure' takes defer or accept, not 'reject'; the nearest known word is "
	  "'defer'" },
	{ "domain x.test { relay }",
	  "a.conf:1:17: 'relay' takes the host that has the mailboxes, such as mail.example.org or "
	  "[2001:db8::1]:25, but nothing follows it" },
	{ "domain x.test { mailboxes { transport none } }",
	  "a.conf:1:39: unknown transport 'none'; the nearest known one is 'smtp'" },
	{ "route-from * { smtp }",
	  "a.conf:1:12: 'route-from' takes domains, .subdomains, addresses or <>, and a block, not '*'" },
	{ "bounce-language fx",
	  "a.conf:1:17: there are no bounces in 'fx'; the nearest language is 'fr'" },
	{ "bounce-language fr fr", "a.conf:1:20: 'fr' is given twice" },
	{ "bounce-language",
	  "a.conf:1:1: 'bounce-language' takes one or more languages, such as en or fr, but nothing "
	  "follows it" },
};
/* clang-format on */

TEST(conf_ways_errors_say_where_and_what)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;

		CHECK(!build(refused[i].text, &why));
		CHECK_STR(str_of(why.text), str_of(refused[i].error));
	}
}

TEST(conf_ways_a_user_may_say_where_his_mail_goes)
{
	struct fail why;
	struct conf *c = build("domain a.test { mailboxes { maildir /home/{local}/Maildir\n"
			       "as \"{local}\"; forward programs } }\n"
			       "mailbox b@a.test { maildir /b; as jo; forward }\n",
		&why);
	const struct conf_transport *t;

	CHECK(c);
	t = c->domains[0].whole;
	CHECK_STR(t->user, CONF_USER_LOCAL);
	CHECK_INT(t->forward, CONF_FORWARD | CONF_FORWARD_PROGRAMS);
	CHECK(t->forward_programs && !t->forward_files);
	CHECK_INT(t->forward_programs->kind, CONF_PIPE);
	CHECK_STR(t->forward_programs->user, CONF_USER_LOCAL);
	CHECK_INT(t->forward_programs->run_ms_max, 1000000);
	t = c->mailboxes[0].transport;
	CHECK_INT(t->forward, CONF_FORWARD);
	CHECK(!t->forward_programs && !t->forward_files);
	conf_drop(c);
}

TEST(conf_ways_says_what_is_wrong_with_a_forward)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"mailbox b@a.test { maildir /b; forward }\ndomain a.test { }\n",
                 "a.conf:1:32: 'forward' does not say whose .forward is looked at: as USER, "
			"or as "
			"\"{local}\""					     },
		{ "mailbox b@a.test { maildir /b; as jo; forward pipes }\ndomain a.test { }\n",
                 "a.conf:1:47: "						  },
		{ "mailbox b@a.test { pipe /b; as jo; forward }\ndomain a.test { }\n",
                 "a.conf:1:36: 'forward' means nothing to 'pipe'"                 },
		{ "domain a.test { aliases f { files { as jo; forward } } }\n",
                 "a.conf:1:44: 'forward' does not stand here: the alias file says where it "
			"goes"						    },
		{ "domain a.test { aliases f { files as \"{local}\" } }\n",
                 "a.conf:1:29: the name of an alias is no user's: 'files as USER'"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why;

		CHECK(!build(cases[i].text, &why));
		if (!str_starts(str_of(why.text), str_of(cases[i].says)))
			CHECK_STR(str_of(why.text), str_of(cases[i].says));
	}
}
