/* Facts are counted by day, are there after a restart, and are bounded. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "world/clock.h"
#include "world/daybook.h"

static char folder[64], path[96];

static str database(void)
{
	snprintf(folder, sizeof folder, "/tmp/facteur-daybook-XXXXXX");
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/daybook", folder);
	return str_of(path);
}

static void clean(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[128];

	for (size_t i = 0; i < LENGTH(ends); i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
	rmdir(folder);
}

static int64_t today(void)
{
	return clock_wall_ms() / 1000 / DAYBOOK_DAY_S;
}

static void put(void *owner, int64_t day, str topic, str fact, uint64_t count)
{
	buf_putf(owner, "%lld %.*s %.*s %llu\n", (long long)(today() - day), STR(topic), STR(fact),
		(unsigned long long)count);
}

static void check_all(str file, str topic, const char *want)
{
	struct buf seen = { 0 };
	struct fail why = { 0 };

	CHECK(daybook_read(file, topic, put, &seen, &why));
	CHECK_STR(buf_str(&seen), str_of(want));
	buf_free(&seen);
}

TEST(daybook_counts_by_day_and_topic)
{
	str file = database();
	struct fail why = { 0 };
	struct daybook *t;

	check_all(file, S(""), "");
	t = daybook_open(file, 3, &why);
	CHECK(t);
	for (int i = 0; i < 3; i++)
		daybook_add(t, today(), S("a.test"), S("one"));
	daybook_add(t, today(), S("a.test"), S("two"));
	daybook_add(t, today(), S("b.test"), S("one"));
	daybook_add(t, today() - 2, S("a.test"), S("one"));
	daybook_add(t, today() - 3, S("a.test"), S("too old"));
	daybook_close(t);
	t = daybook_open(file, 3, &why);
	CHECK(t);
	daybook_add(t, today(), S("a.test"), S("one"));
	daybook_add(NULL, today(), S("a.test"), S("one"));
	daybook_close(t);
	check_all(file, S(""), "0 a.test one 4\n0 a.test two 1\n0 b.test one 1\n2 a.test one 1\n");
	check_all(file, S("b.test"), "0 b.test one 1\n");
	t = daybook_open(file, 3, &why);
	daybook_days(t, 1);
	daybook_close(t);
	check_all(file, S("a.test"), "0 a.test one 4\n0 a.test two 1\n");
	clean();
}

TEST(daybook_is_bounded_and_says_what_it_lost)
{
	static char long_one[DAYBOOK_OCTETS_MAX + 1];
	str file = database();
	struct fail why = { 0 };
	struct daybook *t = daybook_open(file, 3, &why);
	struct buf seen = { 0 };
	char text[32];

	CHECK(t);
	memset(long_one, 'x', sizeof long_one);
	daybook_add(t, today(), S(""), str_from(long_one, sizeof long_one));
	for (int i = 0; i < DAYBOOK_FACTS_MAX + 10; i++) {
		snprintf(text, sizeof text, "%d", i);
		daybook_add(t, today(), S("a.test"), str_of(text));
	}
	daybook_close(t);
	CHECK(daybook_read(file, S(DAYBOOK_LOST), put, &seen, &why));
	/* those that the limit of waiting ones left out are among them */
	CHECK(str_starts(buf_str(&seen), S("0 " DAYBOOK_LOST "  ")));
	CHECK(buf_str(&seen).n > 0 &&
		atoi(buf_str(&seen).p + strlen("0 " DAYBOOK_LOST "  ")) >= 11);
	buf_free(&seen);
	clean();
}

TEST(daybook_says_where_it_cannot_be)
{
	struct fail why = { 0 };

	CHECK(!daybook_open(S("/nowhere/at/all"), 3, &why));
	CHECK(str_starts(str_of(why.text), S("/nowhere/at/all: ")));
}
