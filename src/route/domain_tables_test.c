#include "route/domain_tables.h"

#include "base/buf.h"
#include "base/list.h"
#include "route/asking.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf_text[] =
	"hostname pivot.test\n"
	"limits { alias-depth 5; alias-targets 6 }\n"
	"transport onward { smtp 127.0.0.1:2599 }\n"
	"table dead { sqlite /nonexistent/x.db; query \"SELECT '%s'\" }\n"
	"table spared { sqlite /nonexistent/y.db; query \"SELECT '%s'\"; on-failure accept }\n"
	"table gone { sqlite /nonexistent/z.db; query \"SELECT '%s'\"; on-failure reject }\n"
	"domain a.test { aliases files; virtual-table hash:virtual pcre:rules\n"
	"  alias-table hash:aliases; transport-table hash:ways }\n"
	"domain b.test { mailboxes { lmtp unix:/run/lmtp }; recipient-table hash:boxes }\n"
	"domain dead.test { mailboxes { lmtp unix:/run/lmtp }; recipient-table dead }\n"
	"domain spared.test { mailboxes { lmtp unix:/run/lmtp }; virtual-table spared\n"
	"  recipient-table hash:boxes }\n"
	"domain gone.test { virtual-table gone; catch-all box@b.test }\n"
	"mailbox boss@a.test { maildir /home/boss/Maildir }\n";

static const struct router_fake_file files[] = {
	{"files",    "first: boss\nowned: boss\nowner-owned: boss\n"                          },
	{ "virtual", "first@a.test never@far.test\nteam@a.test jo@far.test, Boss <boss@a.test>\n"
		     "tag+x@a.test boss@a.test\ntag@a.test t@far.test\n"
		     "moved@a.test @far.test\nnull@a.test /dev/null\n"
		     "boss@a.test boss@a.test, copy@far.test\n"
		     "x@a.test y@a.test\ny@a.test x@a.test\n"
		     "program@a.test |/bin/true\nfile@a.test /tmp/x\nplain@a.test boss\n"
		     "into@a.test :include:/etc/passwd\nbad@a.test not..good@@\n"
		     "d1@a.test d2@a.test\nd2@a.test d3@a.test\nd3@a.test d4@a.test\n"
		     "d4@a.test d5@a.test\nd5@a.test d6@a.test\nd6@a.test boss@a.test\n"
		     "many@a.test 1@m.test,2@m.test,3@m.test,4@m.test,5@m.test,6@m.test,7@m.test\n"
		     "@a.test all@far.test\n"                             },
	{ "rules",   "/^r-(.*)@a\\.test$/ $1@far.test\n/^@/ wrong@far.test\n"                 },
	{ "aliases", "list l1@far.test, boss\nowner-list boss@a.test\nfirst never@far.test\n"
		     "quiet l2@far.test\n"                                },
	{ "ways",    "row@a.test onward:\nhop@a.test smtp:[192.0.2.7]:26\n"
		  "closed@a.test error:5.2.1 closed\nnone@a.test nowhere:x\n"},
	{ "boxes",   "box@b.test 1\nbox@spared.test 1\n"                                      },
};

/* clang-format off */
static const struct {
	const char *recipient, *want; /* targets; or the reason, when it begins with a digit */
} cases[] = {
	{ "team@a.test",     "jo@far.test boss@a.test copy@far.test" },
	{ "TEAM@A.test",     "jo@far.test boss@a.test copy@far.test" },
	{ "team+t@a.test",   "jo+t@far.test boss+t@a.test copy+t@far.test" },
	{ "tag+x@a.test",    "boss@a.test copy@far.test" },
	{ "tag+y@a.test",    "t+y@far.test" },
	{ "moved@a.test",    "moved@far.test" },
	{ "null@a.test",     "!" },
	{ "plain@a.test",    "boss@a.test copy@far.test" },
	/* what a file has comes first, of its own kind */
	{ "first@a.test",    "never@far.test" },
	{ "boss@a.test",     "boss@a.test copy@far.test" },
	/* expressions see whole addresses only */
	{ "r-joe@a.test",    "joe@far.test" },
	/* the owner of a list */
	{ "list@a.test",     "l1@far.test(owner-list@a.test) boss@a.test(owner-list@a.test) "
	                     "copy@far.test(owner-list@a.test)" },
	{ "owned@a.test",    "boss@a.test(owner-owned@a.test) copy@far.test(owner-owned@a.test)" },
	{ "quiet+x@a.test",  "l2@far.test" },
	/* rows */
	{ "row@a.test",      "row@a.test=onward:" },
	{ "row+x@a.test",    "row+x@a.test=onward:" },
	{ "hop@a.test",      "hop@a.test=smtp:[192.0.2.7]:26" },
	{ "closed@a.test",   "550 5.2.1 <closed@a.test>: closed [ways:3]" },
	{ "none@a.test",     "451 4.3.0 A table of this server gives no answer, try again later [a.conf:8]" },
	/* the wildcard is the last */
	{ "who@a.test",      "all@far.test" },
	/* boxes of a whole domain */
	{ "box@b.test",      "box@b.test" },
	{ "box+y@b.test",    "box+y@b.test" },
	{ "nobody@b.test",   "550 5.1.1 <nobody@b.test>: nobody here has this address [a.conf:9]" },
	/* what a value may not be */
	{ "program@a.test",  "451 4.3.0 A table of this server gives no answer, try again later [a.conf:7]" },
	{ "file@a.test",     "451 4.3.0 A table of this server gives no answer, try again later [a.conf:7]" },
	{ "into@a.test",     "451 4.3.0 A table of this server gives no answer, try again later [a.conf:7]" },
	{ "bad@a.test",      "451 4.3.0 A table of this server gives no answer, try again later [a.conf:7]" },
	/* limits */
	{ "x@a.test",        "451 4.4.6 alias loop: x@a.test -> y@a.test -> x@a.test [virtual:8]" },
	{ "d1@a.test",       "451 4.4.6 <d1@a.test>: aliases lead to aliases deeper than 5 [virtual:20]" },
	{ "many@a.test",     "451 4.3.5 <many@a.test> stands for more than 6 addresses [a.conf:2]" },
	/* tables that are asked, and are away */
	{ "box@dead.test",   "451 4.3.0 A table of this server gives no answer, try again later [a.conf:4]" },
	{ "box@spared.test", "box@spared.test" },
	{ "no@spared.test",  "451 4.3.0 A table of this server gives no answer, try again later" },
	{ "who@gone.test",   "550 5.3.0 A table of this server gives no answer [a.conf:6]" },
};
/* clang-format on */

struct told {
	struct router *router;
	struct loop *loop;
	struct loop_task begin;
	struct asking asking;
	struct arena arena;
	str recipient;
	struct route_ask ask;
	struct route_targets targets;
	struct fail why;
	bool ok;
};

static void tell(void *owner)
{
	struct told *t = owner;

	arena_reset(&t->arena);
	t->why = (struct fail){ 0 };
	t->ask.asking = &t->asking;
	t->ok = route_expand_asking(
		t->router, &t->ask, &t->arena, t->recipient, &t->targets, &t->why, NULL, NULL);
	if (!t->ok && t->ask.waits && asking_wait(&t->asking, tell, t))
		return;
	loop_stop(t->loop);
}

static void begin(struct loop_task *task)
{
	tell(AROUND(task, struct told, begin));
}

static str dump(const struct told *t, struct buf *to)
{
	buf_clear(to);
	if (!t->ok)
		buf_putf(to, "%d %s %s%s%s%s", fail_code(&t->why), t->why.status, t->why.text,
			t->why.origin[0] ? " [" : "", t->why.origin, t->why.origin[0] ? "]" : "");
	for (size_t i = 0; t->ok && i < t->targets.count; i++) {
		const struct route_target *target = &t->targets.items[i];

		buf_put(to, i ? S(" ") : S(""));
		buf_put(to, target->end == ROUTE_DISCARD ? S("!") : target->address);
		buf_put(to, target->into);
		if (target->has_sender)
			buf_putf(to, "(%.*s)", STR(target->sender));
	}
	return buf_str(to);
}

TEST(domain_tables_say_who_somebody_is)
{
	struct told t = { .router = router_fake_new(conf_text, files, LENGTH(files)),
		.begin.run = begin };
	struct buf got = { 0 };

	arena_init(&t.arena, 1 << 20);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		t.loop = loop_new("test");
		asking_init(&t.asking, t.loop);
		t.recipient = str_of(cases[i].recipient);
		loop_post(t.loop, &t.begin);
		loop_run(t.loop);
		CHECK_STR(dump(&t, &got), str_of(cases[i].want));
		/* the cause is for the log */
		if (str_starts(str_of(cases[i].want), S("451 4.3.0")))
			CHECK(t.ask.failed && t.ask.cause.text[0]);
		asking_free(&t.asking);
		loop_free(t.loop);
	}
	buf_free(&got);
	arena_free(&t.arena);
	router_drop(t.router);
}

/* Whoever does not ask takes for possible what only a database could say. */
TEST(domain_tables_that_nobody_asks_may_know_anybody)
{
	struct router *r = router_fake_new(conf_text, files, LENGTH(files));
	struct route_targets targets;
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(route_expand(r, &a, S("who@dead.test"), &targets, &why, NULL, NULL));
	CHECK_INT(targets.count, 1);
	CHECK(route_expand(r, &a, S("team@a.test"), &targets, &why, NULL, NULL));
	CHECK_INT(targets.count, 3);
	CHECK(!route_expand(r, &a, S("nobody@b.test"), &targets, &why, NULL, NULL));
	/* by which way a row leaves, and what holds where its transport is no more */
	CHECK(route_find(r, &a,
		&(struct route_mail){ .address = S("row@a.test"), .into = S("=onward:") }, &way,
		&why));
	CHECK_STR(way.transport->name, S("onward"));
	CHECK(route_find(r, &a,
		&(struct route_mail){ .address = S("boss@a.test"), .into = S("=removed:x") }, &way,
		&why));
	CHECK_INT(way.transport->kind, CONF_MAILDIR);
	CHECK(!route_find(r, &a,
		&(struct route_mail){ .address = S("row@a.test"), .into = S("=removed:x") }, &way,
		&why));
	/* nobody calls out for who stands in a table */
	CHECK(!route_asks(r, &a,
		&(struct route_target){ .end = ROUTE_ADDRESS, .address = S("box@b.test") }, &way));
	arena_free(&a);
	router_drop(r);
}
