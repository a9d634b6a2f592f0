/* What base/ promises, case by case. */
#include "test/test.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/heap.h"
#include "base/intern.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/prng.h"
#include "base/utf8.h"

TEST(str_cut_takes_the_head)
{
	str s = S("a:b:c"), head;

	CHECK(str_cut(&s, ':', &head));
	CHECK_STR(head, S("a"));
	CHECK_STR(s, S("b:c"));
	s = S("none");
	CHECK(!str_cut(&s, ':', &head));
	CHECK_STR(head, S("none"));
	CHECK_STR(s, S(""));
}

TEST(arena_never_holds_more_than_its_limit)
{
	struct arena a;
	str copy;

	arena_init(&a, 1000);
	CHECK(arena_keep(&a, S("hello"), &copy));
	CHECK_STR(copy, S("hello"));
	CHECK(copy.p[copy.n] == '\0');
	while (arena_alloc(&a, 64))
		CHECK(a.held_octets <= 1000);
	CHECK(!arena_alloc(&a, 1001));
	CHECK(!arena_alloc(&a, SIZE_MAX));
	arena_reset(&a);
	CHECK(arena_alloc(&a, 64));
	arena_free(&a);
	CHECK(a.held_octets == 0);
}

TEST(buf_keeps_its_limit_and_its_bytes)
{
	struct buf b = { .limit_octets = 300 };
	char block[200] = { 0 };

	CHECK(buf_add(&b, str_from(block, sizeof block)));
	CHECK(!buf_add(&b, str_from(block, sizeof block)));
	CHECK_INT(buf_str(&b).n, 200);
	buf_take(&b, 150);
	CHECK(buf_add(&b, str_from(block, sizeof block)));
	CHECK_INT(buf_str(&b).n, 250);
	buf_free(&b);
}

TEST(number_reads_what_it_prints)
{
	struct prng r;
	char text[NUMBER_TEXT_MAX];

	prng_seed(&r, 1);
	for (int i = 0; i < 2000; i++) {
		uint64_t octets = prng_next(&r) >> (2 + prng_below(&r, 60)), size;
		int64_t ms = (int64_t)(prng_next(&r) >> (10 + prng_below(&r, 50))), time;

		CHECK(number_parse_size(str_of(number_print_size(octets, text)), &size));
		CHECK(size == octets);
		CHECK(number_parse_time(str_of(number_print_time(ms, text)), &time));
		CHECK(time == ms);
	}
}

TEST(number_refuses_what_is_none)
{
	static const str bad[] = { STR_INIT(""), STR_INIT("-1"), STR_INIT("5"), STR_INIT("5x"),
		STR_INIT("m"), STR_INIT("5m "), STR_INIT("99999999999999999999s") };
	int64_t ms;
	uint64_t octets;

	for (size_t i = 0; i < LENGTH(bad); i++)
		CHECK(!number_parse_time(bad[i], &ms));
	CHECK(!number_parse_size(S("9999999999T"), &octets));
	CHECK(!number_parse_size(S("12KB"), &octets));
	CHECK(number_parse_time(S("1h30m"), &ms) && ms == 5400000);
	CHECK(number_parse_time(S("500ms"), &ms) && ms == 500);
}

TEST(heap_gives_the_earliest)
{
	struct heap h = { 0 };
	struct heap_node nodes[200] = { 0 };
	struct prng r;
	int64_t before = INT64_MIN;

	prng_seed(&r, 7);
	for (size_t round = 0; round < 3; round++)
		for (size_t i = 0; i < LENGTH(nodes); i++)
			heap_set(&h, &nodes[i], (int64_t)prng_below(&r, 1000));
	for (size_t i = 0; i < LENGTH(nodes); i += 2)
		heap_remove(&h, &nodes[i]);
	heap_remove(&h, &nodes[0]);
	CHECK_INT(h.count, 100);
	while (heap_first(&h)) {
		struct heap_node *node = heap_first(&h);

		CHECK(node->at >= before);
		before = node->at;
		heap_remove(&h, node);
	}
	heap_free(&h);
}

TEST(map_finds_what_was_set)
{
	struct map m = { 0 };
	char key[16];
	size_t seen = 0;

	for (uintptr_t i = 1; i <= 500; i++) {
		snprintf(key, sizeof key, "k%zu", (size_t)i);
		CHECK(!map_set(&m, str_of(key), (void *)i));
	}
	CHECK(map_set(&m, S("k7"), (void *)7) == (void *)7);
	for (struct map_entry *e = map_next(&m, NULL); e; e = map_next(&m, e))
		seen++;
	CHECK_INT(seen, 500);
	CHECK(map_remove(&m, S("k9")) == (void *)9);
	CHECK(!map_get(&m, S("k9")));
	CHECK(map_get(&m, S("k10")) == (void *)10);
	map_free(&m);
}

TEST(ip_networks_match_their_addresses)
{
	static const struct {
		const char *net, *ip;
		bool has;
	} cases[] = {
		{"192.168.0.0/24",          "192.168.0.7",         true },
		{ "192.168.0.0/24",         "192.168.1.7",         false},
		{ "127.0.0.0/8",            "::ffff:127.1.2.3",    true },
		{ "[::ffff:127.0.0.0]/104", "127.0.0.1",           true },
		{ "2a01:4f8:10b:c41::/64",  "2a01:4f8:10b:c41::1", true },
		{ "[::1]/128",              "::1",                 true },
		{ "::/0",                   "10.0.0.1",            false},
		{ "0.0.0.0/0",              "10.0.0.1",            true },
		{ "10.0.0.0/13",            "10.7.255.255",        true },
		{ "10.0.0.0/13",            "10.8.0.0",            false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct ip_net net;
		struct ip ip;

		CHECK(ip_net_parse(str_of(cases[i].net), &net));
		CHECK(ip_parse(str_of(cases[i].ip), &ip));
		CHECK_INT(ip_net_has(&net, &ip), cases[i].has);
	}
}

TEST(ip_refuses_what_is_no_network)
{
	struct ip_net net;
	struct endpoint e;

	CHECK(!ip_net_parse(S("192.168.0.1/24"), &net));
	CHECK(!ip_net_parse(S("192.168.0.0/33"), &net));
	CHECK(!ip_net_parse(S("192.168.0/24"), &net));
	CHECK(!ip_net_parse(S(""), &net));
	CHECK(!endpoint_parse(S("127.0.0.1"), 0, &e));
	CHECK(!endpoint_parse(S("::1:25x"), 0, &e));
	CHECK(endpoint_parse(S("[::1]:25"), 0, &e) && e.port == 25);
	CHECK(endpoint_parse(S("::1"), 25, &e) && e.port == 25 && e.ip.family == 6);
	CHECK(endpoint_parse(S("unix:/run/x"), 0, &e) && strcmp(e.path, "/run/x") == 0);
}

TEST(base64_is_strict_and_reversible)
{
	static const str bad[] = { STR_INIT("YQ="), STR_INIT("YQ=a"), STR_INIT("YR=="),
		STR_INIT("Y Q="), STR_INIT("===="), STR_INIT("YQ==YQ==") };
	struct buf b = { 0 };

	for (size_t i = 0; i < LENGTH(bad); i++) {
		buf_clear(&b);
		CHECK(!base64_decode(bad[i], &b));
	}
	buf_clear(&b);
	CHECK(base64_encode(S("any carnal pleas"), &b));
	CHECK_STR(buf_str(&b), S("YW55IGNhcm5hbCBwbGVhcw=="));
	buf_free(&b);
}

TEST(fail_that_is_softened_may_be_tried_again)
{
	struct fail why;

	fail_reply(&why, 554, "5.7.1", "No");
	fail_soften(&why);
	CHECK(why.kind == FAIL_TEMPORARY && fail_code(&why) == 454);
	CHECK_STR(str_of(why.status), S("4.7.1"));
	fail_soften(&why);
	CHECK_INT(fail_code(&why), 454);
	fail_with(&why, FAIL_PERMANENT, "", "No");
	fail_soften(&why);
	CHECK_INT(fail_code(&why), 451);
}

TEST(fail_text_has_no_control_characters)
{
	struct fail why;

	CHECK(!fail_with(&why, FAIL_PERMANENT, "5.0.0", "a\r\nb\x01%s", "\xff\xc3\xa9"));
	CHECK_STR(str_of(why.text), S("a??b??\xc3\xa9"));
	CHECK(!fail_while(&why, " while %d", 7));
	CHECK_STR(str_last(str_of(why.text), 8), S(" while 7"));
}

static char logged[LOG_RECORD_MAX];

static void keep(enum log_level level, str line)
{
	(void)level;
	str_to_c(line, logged, sizeof logged);
}

TEST(log_records_are_one_clean_line)
{
	struct log_record r;

	log_setup(keep, LOG_INFO, LOG_PLAIN);
	log_open(&r, LOG_INFO, "refused");
	log_str(&r, "from", S("a b\r\n\"c"));
	log_str(&r, "empty", S(""));
	log_int(&r, "n", -5);
	log_close(&r);
	CHECK_STR(str_of(logged), S("refused from=\"a b??\\\"c\" empty=\"\" n=-5"));
	log_setup(keep, LOG_INFO, LOG_JSON);
	log_open(&r, LOG_WARNING, "refused");
	log_str(&r, "from", S("a\"b"));
	log_close(&r);
	CHECK_STR(str_of(logged),
		S("{\"event\":\"refused\",\"level\":\"warning\",\"from\":\"a\\\"b\"}"));
	log_setup(NULL, LOG_INFO, LOG_PLAIN);
}

TEST(log_ids_are_read_as_printed)
{
	struct prng r;
	char text[LOG_ID_TEXT_MAX];
	uint64_t id;

	prng_seed(&r, 3);
	for (int i = 0; i < 1000; i++) {
		uint64_t want = prng_next(&r);

		CHECK(log_id_parse(str_of(log_id_print(want, text)), &id) && id == want);
	}
	CHECK(!log_id_parse(S("ZZZZZZZZZZZZZ"), &id));
	CHECK(!log_id_parse(S("0"), &id));
}

TEST(utf8_knows_the_malformed)
{
	CHECK(utf8_valid(S("h\xc3\xa9llo \xf0\x9f\x93\xaf")));
	CHECK(!utf8_valid(S("\xc0\xaf")));
	CHECK(!utf8_valid(S("\xed\xa0\x80")));
	CHECK(!utf8_valid(S("\xf5\x80\x80\x80")));
	CHECK(!utf8_valid(S("\xe2\x82")));
}

TEST(intern_keeps_each_text_once)
{
	struct intern set = { 0 };
	struct intern_text *some[40], *again;

	for (int i = 0; i < 40; i++) {
		char text[8];

		snprintf(text, sizeof text, "t%d", i / 2);
		some[i] = intern_keep(&set, str_of(text));
	}
	CHECK_INT(set.count, 20);
	CHECK(some[6] == some[7] && some[6] != some[8]);
	again = intern_again(some[0]);
	for (int i = 0; i < 40; i++)
		intern_drop(&set, some[i]);
	CHECK_INT(set.count, 1);
	CHECK_STR(intern_bytes(again), S("t0"));
	intern_drop(&set, again);
	CHECK_INT(set.count, 0);
	intern_free(&set);
}
