/* What conf/rows_ways.h says: what it means, and what is refused. */
#include "conf/ways.h"

#include "test/test.h"

#include "conf/conf.h"

static struct conf *build(const char *text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

TEST(conf_ways_bounces_speak_the_languages_in_their_order)
{
	struct fail why;
	struct conf *c = build("bounce-language fr en\n", &why);

	CHECK(c);
	CHECK_INT(c->bounce_languages.count, 2);
	CHECK_INT(c->bounce_languages.items[0], DSN_FRENCH);
	CHECK_INT(c->bounce_languages.items[1], DSN_ENGLISH);
	conf_drop(c);
}

/* clang-format off */
static const struct {
	const char *text, *error;
} refused[] = {
	{ "bounce-language fx",
	  "a.conf:1:17: there are no bounces in 'fx'; the nearest language is 'fr'" },
	{ "bounce-language fr fr", "a.conf:1:20: 'fr' is given twice" },
	{ "bounce-language",
	  "a.conf:1:1: 'bounce-language' takes one or more languages, such as en or fr, but nothing "
	  "follows it" },
};
/* clang-format on */

TEST(conf_ways_errors_say_where_and_what)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;

		CHECK(!build(refused[i].text, &why));
		CHECK_STR(str_of(why.text), str_of(refused[i].error));
	}
}
