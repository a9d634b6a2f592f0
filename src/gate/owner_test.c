#include "gate/owner.h"

#include "base/list.h"
#include "route/asking.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] = "hostname p.test\n"
			   "domain a.test { aliases al; sub-address +- }\n"
			   "domain b.test { virtual v }\n"
			   "domain c.test { virtual-table hash:t gone }\n"
			   "table gone { sqlite /nonexistent/x.db; query \"SELECT %s\"; cache 0 }\n"
			   "mailbox jo@a.test { discard }\n"
			   "mailbox ann@a.test { discard }\n"
			   "mailbox x@b.test { discard }\n"
			   "login {\n"
			   "passwd-file users\n"
			   "default-domain a.test\n"
			   "send-as sat *\n"
			   "send-as Jo extra@else.test @lists.test\n"
			   "}\n";

static const struct router_fake_file files[] = {
	{"al", "team: jo, ann\ninfo: team\nmany: info@a.test\nann: ann@a.test, copy@else.test\n"
		"gone: nobody@a.test\nout: jo@else.test\n"},
	{ "t", "ours@c.test team@a.test\n"                              },
	{ "v", "sales@b.test jo@a.test\n@b.test ann@a.test\n"           },
};

static const struct {
	const char *login, *sender, *origin; /* "": allowed */
} cases[] = {
	{"jo",            "jo@a.test",          ""         },
        { "jo",           "JO@A.test",          ""         },
        { "jo",           "jo+shop@a.test",     ""         },
	{ "jo",           "jo-shop@a.test",     ""         },
        { "jo@a.test",    "jo@a.test",          ""         },
        { "jo",           "",                   ""         },
	{ "jo",           "team@a.test",        ""         },
        { "jo",           "info@a.test",        ""         },
        { "jo",           "many+x@a.test",      ""         },
	{ "jo",           "sales@b.test",       ""         },
	{ "ann",          "anything@b.test",    ""         }, /* the catch-all leads to her */
	{ "ann",          "ann@a.test",         ""         },
        { "jo",           "ours@c.test",        ""         }, /* by a table */
	{ "jo",           "extra@else.test",    ""         },
        { "jo",           "any@lists.test",     ""         },
	{ "sat",          "root@sat.test",      ""         },
        { "ann",          "jo@a.test",          "a.conf:10"},
	{ "ann",          "sales@b.test",       "a.conf:10"},
        { "jo",           "anything@b.test",    "a.conf:13"},
	{ "jo",           "jo@p.test",          "a.conf:13"},
        { "jo",           "jo@else.test",       "a.conf:13"},
	{ "jo",           "any@sub.lists.test", "a.conf:13"},
        { "ann",          "gone@a.test",        "a.conf:10"},
	{ "ann",          "out@a.test",         "a.conf:10"},
        { "jo@else.test", "jo@a.test",          "a.conf:10"},
	{ "jo@else.test", "out@a.test",         ""         }, /* his address stands elsewhere, the alias here */
};

TEST(owner_is_who_the_address_leads_to)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };
		struct route_ask ask = { 0 };
		bool may = owner_may_send(
			r, &ask, str_of(cases[i].login), str_of(cases[i].sender), &why);

		if (may != (cases[i].origin[0] == '\0'))
			print_message("%s as %s\n", cases[i].login, cases[i].sender);
		CHECK(may == (cases[i].origin[0] == '\0'));
		CHECK_STR(str_of(why.origin), str_of(cases[i].origin));
		CHECK(may || fail_code(&why) == 553);
	}
	router_drop(r);
}

static void stop(void *owner)
{
	loop_stop(owner);
}

struct later {
	struct loop_task task;
	const struct router *router;
	struct loop *loop;
	struct asking asking;
};

static void begin(struct loop_task *task)
{
	struct later *l = AROUND(task, struct later, task);
	struct route_ask ask = { .asking = &l->asking };
	struct fail why = { 0 };

	CHECK(!owner_may_send(l->router, &ask, S("jo"), S("other@c.test"), &why));
	CHECK(ask.waits && why.kind == FAIL_NONE);
	CHECK(asking_wait(&l->asking, stop, l->loop));
}

/* Whose an address is that only a database knows is not known while that is away. */
TEST(owner_waits_for_tables)
{
	struct later l = { .router = router_fake_new(conf, files, LENGTH(files)),
		.task.run = begin };
	struct route_ask ask = { .asking = &l.asking };
	struct fail why = { 0 };

	l.loop = loop_new("test");
	asking_init(&l.asking, l.loop);
	loop_post(l.loop, &l.task);
	loop_run(l.loop);
	CHECK(!owner_may_send(l.router, &ask, S("jo"), S("other@c.test"), &why));
	CHECK(!ask.waits && ask.failed);
	CHECK_INT(fail_code(&why), 451);
	CHECK_STR(str_of(why.origin), S("a.conf:5"));
	asking_free(&l.asking);
	loop_free(l.loop);
	router_drop((struct router *)l.router);
}
