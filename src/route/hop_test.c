/* Which hosts are tried, in which order, case by case, against zone files. */
#include "route/hop.h"

#include <stdio.h>

#include "base/buf.h"
#include "dns/zone.h"
#include "test/test.h"

static const char zone_text[] = "two.test MX 20 b.two.test\n"
				"two.test MX 10 a.two.test\n"
				"a.two.test A 192.0.2.1\n"
				"a.two.test AAAA 2001:db8::1\n"
				"b.two.test A 192.0.2.2\n"
				"null.test MX 0 .\n"
				"bare.test A 192.0.2.3\n"
				"broken.test SERVFAIL\n"
				"half.test MX 10 dead.half.test\n"
				"half.test MX 20 live.half.test\n"
				"dead.half.test SERVFAIL\n"
				"live.half.test A 192.0.2.4\n"
				"lost.test MX 10 nowhere.lost.test\n"
				"slow.test MX 10 dead.half.test\n"
				"loop.test MX 10 far.loop.test\n"
				"loop.test MX 20 pivot.test\n"
				"loop.test MX 30 worse.loop.test\n"
				"far.loop.test A 192.0.2.5\n"
				"pivot.test A 192.0.2.9\n"
				"worse.loop.test A 192.0.2.6\n"
				"self.test MX 10 other-name.test\n"
				"other-name.test A 192.0.2.10\n"
				"wait.test MX 10 dead.half.test\n"
				"wait.test MX 20 pivot.test\n"
				"waits.test MX 10 dead.half.test\n"
				"waits.test MX 20 other-name.test\n"
				"gone.test MX 10 nowhere.lost.test\n"
				"gone.test MX 20 other-name.test\n";

static const struct endpoint own[] = {
	{.ip = { .family = 4, .bytes = { 192, 0, 2, 10 } }, .port = 25},
};
static const struct hop_self self = {
	.name = STR_INIT("pivot.test"), .endpoints = own, .endpoint_count = 1
};

/* Run a hop to its end and write down what it tried, and why it ended. */
static void play(struct hop *h, const struct dns_zone *zone, struct buf *story)
{
	static const enum hop_answer answers[] = { [ZONE_FOUND] = HOP_FOUND,
		[ZONE_NO_NAME] = HOP_NO_NAME,
		[ZONE_NO_DATA] = HOP_NO_DATA,
		[ZONE_SERVFAIL] = HOP_TROUBLE,
		[ZONE_TIMEOUT] = HOP_TROUBLE };

	for (unsigned steps = 0; steps < 1000; steps++) {
		struct hop_act act = hop_next(h);
		struct dns_records *records = NULL;
		enum dns_zone_answer found;
		char at[ENDPOINT_TEXT_MAX];

		switch (act.kind) {
		case HOP_WAIT:
			fail(); /* every question was answered at once */
			return;
		case HOP_ASK:
			found = dns_zone_find(zone, act.name, act.type, &records);
			hop_answer(h, act.ticket, answers[found], records);
			dns_records_free(records);
			break;
		case HOP_TRY:
			buf_putf(story, "%.*s %s; ", STR(act.host),
				endpoint_print(&act.address, at));
			break;
		case HOP_FAILED:
			buf_put(story, str_of(hop_why(h)->status));
			return;
		}
	}
	fail();
}

TEST(hop_tries_the_hosts_in_order)
{
	static const struct {
		const char *domain, *story;
	} cases[] = {
		{"two.test",            "a.two.test [2001:db8::1]:25; a.two.test 192.0.2.1:25; "
			      "b.two.test 192.0.2.2:25; 5.1.2"},
		{ "null.test",          "5.1.10"					  },
		{ "bare.test",          "bare.test 192.0.2.3:25; 5.1.2"                   },
		{ "nowhere.test",       "5.1.2"					   },
		{ "broken.test",        "4.4.3"					   },
		{ "half.test",          "live.half.test 192.0.2.4:25; 4.4.3"              },
		{ "lost.test",          "5.1.2"					   },
		{ "slow.test",          "4.4.3"					   },
		{ "loop.test",          "far.loop.test 192.0.2.5:25; 5.1.2"               },
		{ "self.test",          "5.4.6"					   },
		{ "pivot.test",         "5.4.6"					   },
		{ "wait.test",          "4.4.3"					   },
		{ "waits.test",         "4.4.3"					   },
		{ "gone.test",          "5.4.6"					   },
		{ "[192.0.2.77]",       "[192.0.2.77] 192.0.2.77:25; 5.1.2"               },
		{ "[IPv6:2001:db8::7]", "[IPv6:2001:db8::7] [2001:db8::7]:25; 5.1.2"      },
		{ "[192.0.2.10]",       "5.4.6"					   },
	};
	struct fail why;
	struct dns_zone *zone = dns_zone_parse(str_of(zone_text), &why);

	assert_non_null(zone);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct prng r;
		struct buf story = { 0 };
		struct hop *h;

		prng_seed(&r, i);
		h = hop_domain(str_of(cases[i].domain), 25, &self, &r);
		play(h, zone, &story);
		CHECK_STR(buf_str(&story), str_of(cases[i].story));
		hop_free(h);
		buf_free(&story);
	}
	dns_zone_free(zone);
}

TEST(hop_takes_a_fixed_host_as_it_is)
{
	static const struct {
		const char *host, *story;
	} cases[] = {
		{"two.test",        "5.1.2"							  }, /* no MX look-up: it has no address of its own */
		{ "a.two.test",     "a.two.test [2001:db8::1]:2599; a.two.test 192.0.2.1:2599; 5.1.2"},
		{ "192.0.2.9",      "192.0.2.9 192.0.2.9:2599; 5.1.2"                                },
		{ "unix:/run/lmtp", "unix:/run/lmtp unix:/run/lmtp; 5.1.2"                           },
	};
	struct fail why;
	struct dns_zone *zone = dns_zone_parse(str_of(zone_text), &why);

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf story = { 0 };
		struct hop *h = hop_host(str_of(cases[i].host), 2599);

		play(h, zone, &story);
		CHECK_STR(buf_str(&story), str_of(cases[i].story));
		hop_free(h);
		buf_free(&story);
	}
	dns_zone_free(zone);
}

TEST(hop_chooses_at_random_among_equals)
{
	static const char equal[] = "e.test MX 10 a.e.test\ne.test MX 10 b.e.test\n"
				    "a.e.test A 192.0.2.1\nb.e.test A 192.0.2.2\n";
	struct fail why;
	struct dns_zone *zone = dns_zone_parse(str_of(equal), &why);
	struct prng r;
	unsigned a_first = 0;

	prng_seed(&r, 1);
	for (unsigned i = 0; i < 200; i++) {
		struct buf story = { 0 };
		struct hop *h = hop_domain(S("e.test"), 25, &self, &r);

		play(h, zone, &story);
		a_first += str_starts(buf_str(&story), S("a."));
		hop_free(h);
		buf_free(&story);
	}
	CHECK(a_first > 60 && a_first < 140);
	dns_zone_free(zone);
}

static void check_story(const char *zone_records, str domain, str story)
{
	struct fail why;
	struct dns_zone *zone = dns_zone_parse(str_of(zone_records), &why);
	struct buf told = { 0 };
	struct prng r;
	struct hop *h;

	assert_non_null(zone);
	prng_seed(&r, 1);
	h = hop_domain(domain, 25, &self, &r);
	play(h, zone, &told);
	CHECK_STR(buf_str(&told), story);
	hop_free(h);
	buf_free(&told);
	dns_zone_free(zone);
}

/* Our name counts, whether or not the DNS has an address for it. */
TEST(hop_drops_what_is_not_better_than_our_name)
{
	static const char zone[] = "own.test MX 10 pivot.test\nown.test MX 10 a.own.test\n"
				   "own.test MX 20 a.own.test\n"
				   "far.test MX 5 a.own.test\nfar.test MX 10 Pivot.Test\n"
				   "far.test MX 20 b.own.test\n"
				   "a.own.test A 192.0.2.1\nb.own.test A 192.0.2.2\n";

	check_story(zone, S("own.test"), S("5.4.6"));
	check_story(zone, S("far.test"), S("a.own.test 192.0.2.1:25; 5.1.2"));
}

/* The best of an answer are kept, in whatever order it has them. */
TEST(hop_keeps_the_best_of_many)
{
	struct buf zone = { 0 };

	for (unsigned i = 0; i < HOP_HOSTS_MAX + 5; i++)
		buf_putf(&zone, "many.test MX %u x%u.test\nloop.test MX 10 x%u.test\n", 100 - i, i,
			i);
	buf_put(&zone, S("many.test MX 1 best.test\nbest.test A 192.0.2.1\n"
			 "loop.test MX 10 pivot.test\nx0.test A 192.0.2.2\n"));
	buf_put(&zone, (str){ "", 1 });
	check_story(buf_str(&zone).p, S("many.test"), S("best.test 192.0.2.1:25; 5.1.2"));
	check_story(buf_str(&zone).p, S("loop.test"), S("5.4.6"));
	buf_free(&zone);
}
