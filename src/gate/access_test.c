#include "gate/access.h"

#include "base/buf.h"
#include "gate/access_keys.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] = "hostname p.test\ndomain a.test { }\n"
			   "access { client cidr:nets hash:clients\nhelo hash:helos\n"
			   "sender pcre:ps hash:senders\nrecipient hash:rcpts }\n";

static const struct router_fake_file files[] = {
	{"nets",     "192.0.2.0/24 accept\n2001:db8::/32 refuse six\n"               },
	{ "clients", "198.51.100 refuse 554 5.7.1 your net\n203.0.113.9 hold\n"      },
	{ "helos",   "spam.test reject helo\n.below.test discard\nwarned warn seen\n"},
	{ "ps",      "/^vip@/ accept\n/x{3}/ defer\n"                                },
	{ "senders", "<> dunno\nbad@b.test reject bad\nc.test reject c\nd@ reject d\n"
		     "s.c.test accept\n"                         },
	{ "rcpts",   "jo@a.test reject jo\n"                                         },
};

static struct router *router;
static struct loop *loop;

static void open_all(void)
{
	router = router_fake_new(conf, files, LENGTH(files));
	loop = loop_new("test");
}

static void close_all(void)
{
	loop_free(loop);
	router_drop(router);
}

/* "accept", "refuse bad senders:2", "hold", "discard", "none" of the last decision. */
static const struct {
	const char *client, *helo, *sender, *want;
} cases[] = {
	{"192.0.2.7",     "spam.test",    "bad@b.test",      "accept client nets:1"   },
	{ "2001:db8::1",  "h",            "x@y.test",        "refuse client nets:2"   },
	{ "198.51.100.9", "h",            "x@y.test",        "refuse client clients:1"},
	{ "203.0.113.9",  "h",            "x@y.test",        "hold client clients:2"  },
	{ "203.0.113.9",  "spam.test",    "x@y.test",        "refuse helo helos:1"    },
	{ "203.0.113.1",  "a.SPAM.test",  "x@y.test",        "refuse helo helos:1"    },
	{ "203.0.113.1",  "below.test",   "x@y.test",        "none"                   },
	{ "203.0.113.1",  "x.below.test", "x@y.test",        "discard helo helos:2"   },
	{ "203.0.113.1",  "warned",       "x@y.test",        "warn helo helos:3"      },
	{ "203.0.113.1",  "h",            "VIP@c.test",      "accept sender ps:1"     },
	{ "203.0.113.1",  "h",            "axxxa@y.test",    "refuse sender ps:2"     },
	{ "203.0.113.1",  "h",            "BAD@B.test",      "refuse sender senders:2"},
	{ "203.0.113.1",  "h",            "x@c.test",        "refuse sender senders:3"},
	{ "203.0.113.1",  "h",            "x@q.r.c.test",    "refuse sender senders:3"},
	{ "203.0.113.1",  "h",            "x@s.c.test",      "accept sender senders:5"},
	{ "203.0.113.1",  "h",            "d@anywhere.test", "refuse sender senders:4"},
	{ "203.0.113.1",  "h",            "",                "none"                   },
};

TEST(access_finds_rules_as_postfix_does)
{
	open_all();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct access_facts facts = { .helo = str_of(cases[i].helo),
			.sender = str_of(cases[i].sender) };
		char place[CONF_ORIGIN_TEXT_MAX];
		struct access_result result;
		struct buf got = { 0 };
		struct asking asking;
		struct ip ip;

		assert_true(ip_parse(str_of(cases[i].client), &ip));
		facts.client = &ip;
		asking_init(&asking, loop);
		CHECK(access_mail(router, &asking, &facts, &result));
		if (result.count == 0) {
			buf_put(&got, S("none"));
		} else {
			const struct access_decision *d = &result.decisions[result.count - 1];

			buf_putf(&got, "%s %s %s", verdict_name(d->kind), d->what,
				conf_origin_print(&d->at, place));
			CHECK(result.excused == (d->kind == VERDICT_ACCEPT));
			CHECK((result.refusal.kind != FAIL_NONE) == (d->kind == VERDICT_REFUSE));
		}
		CHECK_STR(buf_str(&got), str_of(cases[i].want));
		buf_free(&got);
		asking_free(&asking);
	}
	close_all();
}

TEST(access_knows_sub_addresses_of_hosted_domains)
{
	struct access_facts facts = { .recipient = S("Jo+shop@a.test") };
	struct access_result result;
	struct asking asking;

	open_all();
	asking_init(&asking, loop);
	CHECK(access_rcpt(router, &asking, &facts, &result));
	CHECK_INT(fail_code(&result.refusal), 550);
	CHECK_STR(str_of(result.refusal.text), S("jo"));
	CHECK_STR(str_of(result.refusal.origin), S("rcpts:1"));
	asking_free(&asking);
	close_all();
}

/* What a stranger's name can cost. */
TEST(access_asks_no_more_keys_than_its_limit)
{
	struct buf name = { 0 };
	struct access_keys *keys;
	struct asking asking;

	open_all();
	asking_init(&asking, loop);
	for (int i = 0; i < 100; i++)
		buf_put(&name, S("a."));
	buf_put(&name, S("test"));
	keys = access_keys_name(&asking, buf_str(&name));
	CHECK(keys && keys->count == 1 + 2 * ACCESS_PARENTS_MAX);
	CHECK_STR(keys->items[keys->count - 1], S(".test"));
	buf_free(&name);
	asking_free(&asking);
	close_all();
}

/* A way that leads nowhere is a failure of its table, and no way. */
TEST(access_filter_is_a_way)
{
	static const struct router_fake_file ways[] = {
		{"w", "a@b.test filter smtp:[192.0.2.1]:26\nb@b.test filter nowhere:\n"
		       "c@b.test filter smtp:\n"},
	};
	struct router *r =
		router_fake_new("hostname p.test\naccess sender hash:w\n", ways, LENGTH(ways));
	struct loop *l = loop_new("test");
	static const char *const senders[] = { "a@b.test", "b@b.test", "c@b.test" };

	for (size_t i = 0; i < LENGTH(senders); i++) {
		struct ip ip = { 0 };
		struct access_facts facts = { .client = &ip, .sender = str_of(senders[i]) };
		struct access_result result;
		struct asking asking;

		asking_init(&asking, l);
		CHECK(access_mail(r, &asking, &facts, &result));
		CHECK_INT(result.count, 1);
		CHECK(result.decisions[0].failed == (i > 0));
		CHECK((result.refusal.kind != FAIL_NONE) == (i > 0));
		asking_free(&asking);
	}
	loop_free(l);
	router_drop(r);
}
