/* What the office of the courier lets through, and what not: a compromised daemon asks. */
#include "test/test.h"

#include "flow/permit.h"
#include "route/router_fake.h"
#include "world/courier_people.h"

#define PEOPLE_MIN 1000

/* As on a machine where these are users of the system. */
static uint32_t number_of(const char *user)
{
	static const struct {
		const char *user;
		uint32_t number;
	} users[] = {
		{"root",    0                 },
		{ "toor",   0                 },
		{ "daemon", 1                 },
		{ "backup", PEOPLE_MIN - 1    },
		{ "anna",   PEOPLE_MIN        },
		{ "nobody", COURIER_NOBODY    },
		{ "vmail",  200               },
		{ "remote", COURIER_NOBODY + 1},
	};

	for (size_t i = 0; i < LENGTH(users); i++)
		if (strcmp(users[i].user, user) == 0)
			return users[i].number;
	return 2000;
}

static const char conf[] =
	"hostname a.test\n"
	"transport folder { maildir /srv/{domain}/{local}/Maildir; as vmail }\n"
	"transport list { pipe \"/usr/lib/sympa/queue {nexthop}\"; as sympa }\n"
	"transport mark { pipe \"/usr/bin/mark -f {sender} -- {recipient}\"; as mark }\n"
	"transport own { maildir boxes/{address} }\n"
	"domain home.test { aliases plain; aliases lists { programs as sympa; files as archive } "
	"}\n"
	"domain all.test { mailboxes { maildir /home/{local}/Maildir; as \"{local}\"; "
	"forward programs files } }\n"
	"domain few.test { }\n"
	"route out.test { pipe /usr/bin/out; as out }\n"
	"mailbox anna@few.test { maildir /home/{local}/box; as \"{local}\" }\n"
	"mailbox pm@few.test { maildir /var/pm; as root }\n";

static const struct router_fake_file files[] = {
	{"plain",  "who: anna@few.test\n"                          },
	{ "lists", "news: \"|/usr/lib/sympa/queue  news@home.test\", /srv/news/, /srv/news.mbox\n"
		   "other: \"|/usr/bin/other\"\n"},
};

struct play {
	struct router *router;
	struct permit *permit;
};

static void begin(struct play *p)
{
	p->router = router_fake_new(conf, files, LENGTH(files));
	p->permit = permit_new(p->router, PEOPLE_MIN);
}

static void end(struct play *p)
{
	permit_free(p->permit);
	router_drop(p->router);
}

static bool no_forward(struct arena *a, str extension, str *text)
{
	(void)a, (void)extension, (void)text;
	return false;
}

static bool a_forward(struct arena *a, str extension, str *text)
{
	(void)a;
	*text = extension.n == 0 ? S("\"|/usr/bin/vacation anna\", /home/anna/mbox\n")
				 : S("|/usr/bin/tagged\n");
	return extension.n == 0 || str_eq(extension, S("tag"));
}

/* A RUN with these words. */
static struct courier_order run_of(const char *words)
{
	struct courier_order order = { .word = COURIER_RUN };
	str rest = str_of(words), word;

	while (str_word(&rest, &word))
		order.program.arguments[order.program.argument_count++] = word;
	order.program.environment[order.program.environment_count++] = S("SENDER=a@b.test");
	return order;
}

struct row {
	const char *user, *address, *into, *what;
	bool may;
};

static void check(struct play *p, enum courier_word word, const struct row *row)
{
	struct courier_whom whom = { str_of(row->user), str_of(row->address), str_of(row->into) };
	struct courier_order order =
		word == COURIER_RUN ? run_of(row->what) : (struct courier_order){ .word = word };
	struct fail why = { 0 };
	bool may;

	if (word != COURIER_RUN)
		order.path = str_of(row->what);
	may = permit_order(p->permit, &whom, number_of(row->user), &order, a_forward, &why);
	if (may != row->may)
		print_message("%s <%s> %s: %s\n", row->user, row->address, row->into, row->what);
	CHECK(may == row->may);
	CHECK(may || (why.kind == FAIL_TEMPORARY && str_eq(str_of(why.status), S("4.3.5"))));
}

#define CHECK_ROWS(p, word, rows)                       \
	for (size_t row = 0; row < LENGTH(rows); row++) \
	check(p, word, &(rows)[row])

TEST(permit_knows_the_users)
{
	static const struct {
		const char *user;
		bool writes, runs;
	} rows[] = {
		{"vmail",    true,  false},
		{ "sympa",   true,  true },
		{ "archive", true,  true },
		{ "out",     true,  true },
		{ "",        true,  false},
		{ "anna",    true,  true },
		{ "remote",  true,  true }, /* all.test may have him as a mailbox */
		{ "root",    true,  false}, /* by name, for a folder */
		{ "toor",    false, false},
		{ "daemon",  false, false},
		{ "backup",  false, false},
		{ "nobody",  false, false},
	};
	struct fail why;
	struct play p;

	begin(&p);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint32_t number = number_of(rows[i].user);
		str user = str_of(rows[i].user);

		CHECK(permit_user(p.permit, false, user, number, &why) == rows[i].writes);
		CHECK(permit_user(p.permit, true, user, number, &why) == rows[i].runs);
	}
	CHECK(!permit_user(p.permit, false, S("daemon"), 1, &why));
	CHECK_STR(str_of(why.text),
		S("the configuration in force does not name the user 'daemon', and as \"{local}\" "
		  "none of the system gets mail: his number is 1, UID_MIN is 1000"));
	end(&p);
}

/* UID_MIN may be 0 by mistake; a mailbox of his own makes nobody of the system a person. */
TEST(permit_gives_nothing_to_the_system_as_local)
{
	struct router *r = router_fake_new(
		"hostname a.test\ndomain few.test { }\n"
		"mailbox daemon@few.test { maildir /m; as \"{local}\" }\n"
		"mailbox bin@few.test { maildir /m; as bin }\n"
		"domain all.test { mailboxes { maildir /home/{local}/Maildir; as \"{local}\" } }\n",
		NULL, 0);
	struct courier_whom named = { S("bin"), S("bin@few.test"), S("") },
			    local = { S("bin"), S("bin@all.test"), S("") };
	struct courier_order order = { .word = COURIER_BEGIN, .path = S("/home/bin/Maildir") };
	struct permit *p = permit_new(r, 0), *usual = permit_new(r, PEOPLE_MIN);
	struct fail why;

	CHECK(!permit_user(p, false, S("toor"), 0, &why));
	CHECK(permit_user(p, false, S("daemon"), 1, &why));
	CHECK(!permit_user(usual, false, S("daemon"), 1, &why));
	/* who is named for one folder is himself there alone */
	CHECK(permit_user(usual, false, S("bin"), 2, &why));
	CHECK(!permit_order(usual, &local, 2, &order, no_forward, &why));
	CHECK(permit_order(usual, &local, PEOPLE_MIN, &order, no_forward, &why));
	order.path = S("/m");
	CHECK(permit_order(usual, &named, 2, &order, no_forward, &why));
	permit_free(p);
	permit_free(usual);
	router_drop(r);
}

/* Where no mailbox is everybody's. */
TEST(permit_knows_no_other_users)
{
	struct router *r = router_fake_new("hostname a.test\ndomain few.test { }\n"
					   "transport t { pipe /bin/t; as runner }\n"
					   "mailbox anna@few.test { maildir /m; as \"{local}\" }\n",
		NULL, 0);
	struct permit *p = permit_new(r, PEOPLE_MIN);
	struct fail why;

	CHECK(permit_user(p, false, S("anna"), PEOPLE_MIN, &why));
	CHECK(permit_user(p, true, S("runner"), 2000, &why));
	CHECK(!permit_user(p, true, S("anna"), PEOPLE_MIN, &why));
	CHECK_STR(str_of(why.text),
		S("the configuration in force does not say that a program runs as user 'anna'"));
	CHECK(!permit_user(p, false, S("runner"), 2000, &why));
	CHECK(!permit_user(p, false, S("root"), 0, &why));
	CHECK(!permit_user(p, true, S(""), 2000, &why));
	permit_free(p);
	router_drop(r);
}

TEST(permit_lets_the_programs_of_pipes_run)
{
	static const struct row rows[] = {
		{"sympa",  "x@lists.test", "", "/usr/lib/sympa/queue any@thing.test",    true },
		{ "sympa", "x@lists.test", "", "/usr/lib/sympa/queue -d",                false}, /* an option */
		{ "sympa", "x@lists.test", "", "/usr/lib/sympa/queue a b",               false},
		{ "sympa", "x@lists.test", "", "/usr/lib/sympa/queue",                   false},
		{ "sympa", "x@lists.test", "", "/bin/sh -c id",                          false},
		{ "sympa", "x@lists.test", "", "/usr/bin/out",                           false},
		{ "root",  "x@lists.test", "", "/usr/lib/sympa/queue any@thing.test",    false},
		{ "",      "x@lists.test", "", "/usr/lib/sympa/queue any@thing.test",    false},
		{ "mark",  "x@y.test",     "", "/usr/bin/mark -f me@x.test -- r@x.test", true },
		{ "mark",  "x@y.test",     "", "/usr/bin/mark -g me@x.test -- r@x.test", false},
		{ "out",   "x@out.test",   "", "/usr/bin/out",                           true },
		{ "out",   "no address",   "", "/usr/bin/out",                           false},
	};
	static const struct courier_whom whom = { STR_INIT("out"), STR_INIT("x@out.test"),
		STR_INIT("") };
	struct courier_order order = run_of("/usr/bin/out");
	struct fail why;
	struct play p;

	begin(&p);
	CHECK_ROWS(&p, COURIER_RUN, rows);
	order.program.environment[order.program.environment_count++] = S("LD_PRELOAD=/tmp/x.so");
	CHECK(!permit_order(p.permit, &whom, 2000, &order, no_forward, &why));
	CHECK_STR(str_of(why.text),
		S("the configuration in force does not name the program /usr/bin/out for "
		  "<x@out.test> as user 'out'"));
	end(&p);
}

/* The row of a table that was asked may name any transport that has a name, and nothing else. */
TEST(permit_lets_the_way_of_a_row_run)
{
	static const struct row rows[] = {
		{"sympa",  "x@any.test",  "=list:thing.test", "/usr/lib/sympa/queue thing.test",
                 true										 },
		{ "sympa", "x@any.test",  "=mark:",           "/usr/lib/sympa/queue thing.test", false},
		{ "sympa", "x@any.test",  "=list:thing.test", "/bin/sh",                         false},
		{ "root",  "x@any.test",  "=list:thing.test", "/usr/lib/sympa/queue thing.test",
                 false										},
		{ "sympa", "x@home.test", "=list:|/bin/sh",   "/bin/sh",                         false},
		{ "out",   "x@else.test", "=route:",          "/usr/bin/out",                    false},
		{ "out",   "x@out.test",  "=gone:",           "/usr/bin/out",                    true },
	};
	struct play p;

	begin(&p);
	CHECK_ROWS(&p, COURIER_RUN, rows);
	end(&p);
}

TEST(permit_lets_what_tables_say_run_for_their_aliases_alone)
{
	static const struct row programs[] = {
		{"sympa",    "news@home.test",     "|/usr/lib/sympa/queue  news@home.test",
                 "/usr/lib/sympa/queue news@home.test",                                                       true },
		{ "sympa",   "News+tag@home.test", "|/usr/lib/sympa/queue  news@home.test",
                 "/usr/lib/sympa/queue news@home.test",                                                       true },
		{ "sympa",   "other@home.test",    "|/usr/bin/other",                       "/usr/bin/other", true },
		{ "sympa",   "news@home.test",     "|/usr/bin/other",                       "/usr/bin/other", false},
		{ "sympa",   "news@home.test",     "|/usr/lib/sympa/queue  news@home.test",
                 "/usr/bin/other",									    false},
		{ "sympa",   "news@home.test",     "|/usr/lib/sympa/queue  news@home.test",
                 "/usr/lib/sympa/queue",								      false},
		{ "sympa",   "news@home.test",     "|/usr/lib/sympa/queue  news@home.test",
                 "/usr/lib/sympa/queue news@home.test x",                                                     false},
		{ "archive", "other@home.test",    "|/usr/bin/other",                       "/usr/bin/other", false},
		{ "sympa",   "news@home.test",     "|/bin/sh",                              "/bin/sh",        false},
		{ "sympa",   "nobody@home.test",   "|/bin/sh",                              "/bin/sh",        false},
		{ "sympa",   "news@else.test",     "|/bin/sh",                              "/bin/sh",        false},
	};
	static const struct row folders[] = {
		{"archive",  "news@home.test", "/srv/news/",    "/srv/news/",    true },
		{ "sympa",   "news@home.test", "/srv/news/",    "/srv/news/",    false},
		{ "archive", "news@home.test", "/srv/news/",    "/srv/else/",    false},
		{ "archive", "news@home.test", "/etc/cron.d/x", "/etc/cron.d/x", false},
		{ "archive", "news@home.test", "",              "/srv/news/",    false},
	};
	static const struct row boxes[] = {
		{"archive",  "news@home.test", "/srv/news.mbox", "/srv/news.mbox", true },
		{ "archive", "news@home.test", "/srv/news/",     "/srv/news/",     false},
		{ "archive", "news@home.test", "",               "/srv/news.mbox", false},
	};
	struct play p;

	begin(&p);
	CHECK_ROWS(&p, COURIER_RUN, programs);
	CHECK_ROWS(&p, COURIER_BEGIN, folders);
	CHECK_ROWS(&p, COURIER_APPEND, boxes);
	end(&p);
}

TEST(permit_lets_folders_be_those_of_mailboxes)
{
	static const struct row rows[] = {
		{"vmail",   "x@y.test",        "",   "/srv/y.test/x/Maildir",     true },
		{ "vmail",  "x@y.test",        "\\", "/srv/y.test/x/Maildir",     true },
		{ "vmail",  "x@y.test",        "",   "/srv/y.test/x/y/Maildir",   false},
		{ "vmail",  "x@y.test",        "",   "/srv/.ssh/x/Maildir",       false},
		{ "vmail",  "x@y.test",        "",   "/srv//x/Maildir",           false},
		{ "vmail",  "x@y.test",        "",   "/srv/y.test/x/Maildir/new", false},
		{ "vmail",  "x@y.test",        "",   "/etc/cron.d",               false},
		{ "anna",   "x@y.test",        "",   "/srv/y.test/x/Maildir",     false},
		{ "",       "x@y.test",        "",   "/boxes/x@y.test",           true },
		{ "vmail",  "x@y.test",        "",   "/boxes/x@y.test",           false},
		{ "bob",    "bob@all.test",    "",   "/home/bob/Maildir",         true },
		{ "bob",    "bob@all.test",    "",   "/home/anna/Maildir",        false},
		{ "bob",    "bob@home.test",   "",   "/home/bob/Maildir",         false},
		{ "bob",    "bob@else.test",   "",   "/home/bob/Maildir",         false},
		{ "root",   "root@all.test",   "",   "/home/root/Maildir",        false},
		{ "daemon", "daemon@all.test", "",   "/home/daemon/Maildir",      false},
		{ "nobody", "nobody@all.test", "",   "/home/nobody/Maildir",      false},
		{ "vmail",  "vmail@all.test",  "",   "/home/vmail/Maildir",       false},
		{ "anna",   "anna@few.test",   "",   "/home/anna/box",            true },
		{ "anna",   "anna+x@few.test", "",   "/home/anna/box",            true },
		{ "bob",    "anna@few.test",   "",   "/home/bob/box",             false},
		{ "bob",    "bob@few.test",    "",   "/home/bob/box",             false},
		{ "root",   "pm@few.test",     "",   "/var/pm",                   true },
		{ "root",   "pm@few.test",     "",   "/root",                     false},
	};
	struct play p;

	begin(&p);
	CHECK_ROWS(&p, COURIER_BEGIN, rows);
	end(&p);
}

TEST(permit_lets_a_forward_say_what_it_says)
{
	static const struct row programs[] = {
		{"anna",  "anna@all.test",     "\\|/usr/bin/vacation anna", "/usr/bin/vacation anna",
                 true										      },
		{ "anna", "anna@all.test",     "\\|/usr/bin/vacation anna", "/bin/sh",                false},
		{ "anna", "anna@all.test",     "\\|/bin/sh",                "/bin/sh",                false},
		{ "anna", "anna@all.test",     "\\|/usr/bin/tagged",        "/usr/bin/tagged",        false},
		{ "anna", "anna+tag@all.test", "\\|/usr/bin/tagged",        "/usr/bin/tagged",        true },
		{ "anna", "anna+x@all.test",   "\\|/usr/bin/vacation anna", "/usr/bin/vacation anna",
                 true										      },
		{ "root", "root@all.test",     "\\|/usr/bin/vacation anna", "/usr/bin/vacation anna",
                 false										     },
	};
	static const struct row boxes[] = {
		{"anna",  "anna@all.test", "\\/home/anna/mbox", "/home/anna/mbox", true },
		{ "anna", "anna@all.test", "\\/home/anna/else", "/home/anna/else", false},
	};
	static const struct row looks[] = {
		{"bob",     "bob@all.test",    "", "", true },
		{ "root",   "bob@all.test",    "", "", false},
		{ "daemon", "daemon@all.test", "", "", false},
		{ "vmail",  "x@y.test",        "", "", false},
	};
	static const struct courier_whom whom = { STR_INIT("anna"), STR_INIT("anna@all.test"),
		STR_INIT("\\|/usr/bin/vacation anna") };
	struct courier_order order = run_of("/usr/bin/vacation anna");
	struct fail why;
	struct play p;

	begin(&p);
	CHECK_ROWS(&p, COURIER_RUN, programs);
	CHECK_ROWS(&p, COURIER_APPEND, boxes);
	CHECK_ROWS(&p, COURIER_LOOK, looks);
	CHECK(!permit_order(p.permit, &whom, 2000, &order, no_forward, &why)); /* it is gone */
	end(&p);
}
