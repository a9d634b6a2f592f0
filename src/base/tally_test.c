#include "test/test.h"

#include <stdio.h>

#include "base/tally.h"

TEST(tally_counts_exactly_and_orders_by_count_then_key)
{
	const struct tally_row *top[2];
	struct tally t;

	tally_init(&t);
	for (size_t i = 0; i < 5; i++)
		tally_add(&t, S("b"), 1)->sums[0] += 10;
	tally_add(&t, S("c"), 7);
	tally_add(&t, S("a"), 5);
	CHECK_INT(tally_top(&t, top, 2), 2);
	CHECK_STR(top[0]->key, S("c"));
	CHECK_STR(top[1]->key, S("a"));
	CHECK_INT(top[1]->node.at, 5);
	CHECK(t.exact);
	tally_free(&t);
}

/* Endlessly many keys: what is frequent is never lost, its count never too low, and never too high
 * by more than it says; there are never more rows than the limit. */
TEST(tally_is_bounded_and_loses_nothing_that_is_frequent)
{
	const struct tally_row *top[3];
	struct tally t;
	char key[32];

	tally_init(&t);
	for (unsigned i = 0; i < 5 * TALLY_KEYS_MAX; i++) {
		snprintf(key, sizeof key, "rare-%u", i);
		tally_add(&t, str_of(key), 1);
		if (i % 10 == 0)
			tally_add(&t, S("often"), 1);
	}
	CHECK(t.rows.count <= TALLY_KEYS_MAX);
	CHECK(!t.exact);
	CHECK(tally_top(&t, top, 3) == 3);
	CHECK_STR(top[0]->key, S("often"));
	CHECK(top[0]->node.at >= TALLY_KEYS_MAX / 2);
	CHECK(top[0]->node.at - top[0]->error <= TALLY_KEYS_MAX / 2);
	tally_free(&t);
}
