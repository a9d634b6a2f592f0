#include "test/test.h"

#include "conf/nearest.h"

TEST(conf_nearest_counts_letters)
{
	static const struct {
		str a, b;
		unsigned distance;
	} cases[] = {
		{S(""),        S(""),        0},
		{ S("abc"),    S(""),        3},
		{ S(""),       S("abc"),     3},
		{ S("queue"),  S("queue"),   0},
		{ S("Queue"),  S("queue"),   0},
		{ S("queu"),   S("queue"),   1},
		{ S("quueue"), S("queue"),   1},
		{ S("queie"),  S("queue"),   1},
		{ S("uqeue"),  S("queue"),   1},
		{ S("kitten"), S("sitting"), 3},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		CHECK_INT(conf_nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
		CHECK_INT(conf_nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

TEST(conf_nearest_takes_the_first_among_equals)
{
	struct conf_nearest n = { .word = S("aa") };

	conf_nearest_offer(&n, S("ab"));
	conf_nearest_offer(&n, S("ac"));
	CHECK_STR(n.best, S("ab"));
	conf_nearest_offer(&n, S("aa"));
	CHECK_STR(n.best, S("aa"));
}
