/* What the office of the courier lets through, and what not: a compromised daemon asks. */
#include "test/test.h"

#include "flow/permit.h"
#include "route/router_fake.h"

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
	p->permit = permit_new(p->router);
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
	may = permit_order(p->permit, &whom, &order, a_forward, &why);
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
		bool writes, runs, root;
	} rows[] = {
		{"vmail",    true, true,  true },
                { "sympa",   true, true,  true },
		{ "archive", true, true,  true },
                { "out",     true, true,  true },
		{ "",        true, false, true },
                { "anna",    true, true,  false},
		{ "daemon",  true, true,  false}, /* all.test may have him as a mailbox */
		{ "root",    true, false, true }, /* by name, for a folder */
	};
	struct play p;

	begin(&p);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct fail why;
		bool root;

		CHECK(permit_user(p.permit, false, str_of(rows[i].user), &root, &why) ==
			rows[i].writes);
		CHECK(root == rows[i].root);
		CHECK(permit_user(p.permit, true, str_of(rows[i].user), &root, &why) ==
			rows[i].runs);
	}
	end(&p);
}

/* Where no mailbox is everybody's. */
TEST(permit_knows_no_other_users)
{
	struct router *r = router_fake_new("hostname a.test\ndomain few.test { }\n"
					   "transport t { pipe /bin/t; as runner }\n"
					   "mailbox anna@few.test { maildir /m; as \"{local}\" }\n",
		NULL, 0);
	struct permit *p = permit_new(r);
	struct fail why;
	bool root;

	CHECK(permit_user(p, false, S("anna"), &root, &why) && !root);
	CHECK(permit_user(p, true, S("runner"), &root, &why));
	CHECK(!permit_user(p, true, S("anna"), &root, &why));
	CHECK_STR(str_of(why.text),
		S("the configuration in force does not say that a program runs as user 'anna'"));
	CHECK(!permit_user(p, false, S("runner"), &root, &why));
	CHECK(!permit_user(p, false, S("root"), &root, &why));
	CHECK(!permit_user(p, true, S(""), &root, &why));
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
	CHECK(!permit_order(p.permit, &whom, &order, no_forward, &why));
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
		{"vmail",  "x@y.test",        "",   "/srv/y.test/x/Maildir",     true },
		{ "vmail", "x@y.test",        "\\", "/srv/y.test/x/Maildir",     true },
		{ "vmail", "x@y.test",        "",   "/srv/y.test/x/y/Maildir",   false},
		{ "vmail", "x@y.test",        "",   "/srv/.ssh/x/Maildir",       false},
		{ "vmail", "x@y.test",        "",   "/srv//x/Maildir",           false},
		{ "vmail", "x@y.test",        "",   "/srv/y.test/x/Maildir/new", false},
		{ "vmail", "x@y.test",        "",   "/etc/cron.d",               false},
		{ "anna",  "x@y.test",        "",   "/srv/y.test/x/Maildir",     false},
		{ "",      "x@y.test",        "",   "/boxes/x@y.test",           true },
		{ "vmail", "x@y.test",        "",   "/boxes/x@y.test",           false},
		{ "bob",   "bob@all.test",    "",   "/home/bob/Maildir",         true },
		{ "bob",   "bob@all.test",    "",   "/home/anna/Maildir",        false},
		{ "bob",   "bob@home.test",   "",   "/home/bob/Maildir",         false},
		{ "bob",   "bob@else.test",   "",   "/home/bob/Maildir",         false},
		{ "root",  "root@all.test",   "",   "/home/root/Maildir",        false},
		{ "anna",  "anna@few.test",   "",   "/home/anna/box",            true },
		{ "anna",  "anna+x@few.test", "",   "/home/anna/box",            true },
		{ "bob",   "anna@few.test",   "",   "/home/bob/box",             false},
		{ "bob",   "bob@few.test",    "",   "/home/bob/box",             false},
		{ "root",  "pm@few.test",     "",   "/var/pm",                   true },
		{ "root",  "pm@few.test",     "",   "/root",                     false},
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
		{"bob",    "bob@all.test", "", "", true },
		{ "root",  "bob@all.test", "", "", false},
		{ "vmail", "x@y.test",     "", "", false},
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
	CHECK(!permit_order(p.permit, &whom, &order, no_forward, &why)); /* it is gone */
	end(&p);
}
