#include "route/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "route/asking.h"
#include "route/lookup_cache.h"
#include "route/lookup_rules.h"
#include "test/test.h"
#include "world/file.h"

static const char *texts[4][2]; /* name and text */

static bool read_text(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner;
	for (size_t i = 0; i < LENGTH(texts); i++)
		if (texts[i][0] && str_eq(path, str_of(texts[i][0]))) {
			*text = arena_copy(a, str_of(texts[i][1]));
			return true;
		}
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s: no such file", STR(path));
}

static struct conf *conf_of(const char *text)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), str_of(text)              }
	};
	struct fail why = { 0 };
	struct conf *c = conf_build(S("/"), sources, 2, &why);

	CHECK_STR(str_of(why.text), S(""));
	return c;
}

static void give(size_t i, const char *name, const char *text)
{
	texts[i][0] = name;
	texts[i][1] = text;
}

/* "END VALUE FILE:LINE" of a key. */
static void check(const struct lookup_set *s, const char *table, const char *key, const char *want)
{
	static const char *const ends[] = { "none", "found", "failed" };
	struct lookup_answer answer;
	char place[CONF_ORIGIN_TEXT_MAX];
	struct buf got = { 0 };
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(lookup_now(lookup_set_named(s, str_of(table)), &a, str_of(key), NULL, 0, &answer));
	buf_put(&got, str_of(ends[answer.end]));
	if (answer.end == LOOKUP_FOUND)
		buf_putf(&got, " %.*s %s", STR(answer.value), conf_origin_print(&answer.at, place));
	CHECK_STR(buf_str(&got), str_of(want));
	buf_free(&got);
	arena_free(&a);
}

static const char conf_text[] = "table keys { file k l }\n"
				"table nets { cidr n }\n"
				"access sender pcre:p\n";

static void check_all(const struct lookup_set *s)
{
	check(s, "keys", "a@b.test", "found REJECT go away k:2");
	check(s, "keys", "A@B.Test", "found REJECT go away k:2");
	check(s, "keys", "more", "found one  two k:4");
	check(s, "keys", "other", "found of l l:2");
	check(s, "keys", "b.test", "none");
	check(s, "keys", "", "none");
	check(s, "nets", "192.0.2.7", "found accept n:1");
	check(s, "nets", "192.0.2.128", "found reject half n:3");
	check(s, "nets", "198.51.100.1", "found reject far n:5");
	check(s, "nets", "2001:db8::5", "found six n:6");
	check(s, "nets", "198.51.101.1", "none");
	check(s, "nets", "no address", "none");
	check(s, "pcre:p", "Subject: win a PRIZE now", "found refuse a PRIZE is not wanted p:1");
	check(s, "pcre:p", "X-Spam: yes", "found hold yes$ p:3");
	check(s, "pcre:p", "X-Else: 1", "found remove p:4");
	check(s, "pcre:p", "To: yes", "none");
}

static void give_all(void)
{
	give(0, "k", "# comment\nA@b.test  REJECT go away\n\nmore one\n  # in between\n  two\n");
	give(1, "l", "more hidden by k\nother of l\n");
	give(2, "n",
		"192.0.2.7 accept\nif 192.0.2.0/24\n192.0.2.128/25 reject half\nendif\n"
		"198.51.100.0/24 reject far\n2001:db8::/32 six\n");
	give(3, "p",
		"/^subject:.*(a prize)/ refuse $1 is not wanted\nif /^X-/\n"
		"/^x-spam: (?<v>.*)/ hold ${1}$$\n!/spam/ remove\nendif\n");
}

TEST(lookup_finds_rows_networks_and_expressions)
{
	struct conf *c = conf_of(conf_text);
	struct buf report = { 0 };
	struct lookup_set *s;

	give_all();
	s = lookup_set_read(c, read_text, NULL, &report);
	CHECK_STR(buf_str(&report), S(""));
	check_all(s);
	lookup_set_drop(s);
	conf_drop(c);
}

TEST(lookup_says_the_same_from_a_generation)
{
	char folder[] = "/tmp/facteur-lookup-XXXXXX";
	struct conf *c = conf_of(conf_text);
	struct buf report = { 0 };
	struct lookup_set *s, *loaded;
	struct fail why = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	give_all();
	s = lookup_set_read(c, read_text, NULL, &report);
	CHECK(lookup_compiled_write(s, str_of(folder), &why));
	loaded = lookup_compiled_load(c, str_of(folder), read_text, NULL, &why);
	CHECK_STR(str_of(why.text), S(""));
	check_all(loaded);
	lookup_set_drop(loaded);
	lookup_set_drop(s);
	conf_drop(c);
	CHECK(file_remove(str_of(folder), &why));
}

/* clang-format off */
static const struct {
	const char *file, *text, *error;
} refused[] = {
	{"k",  "a b\nA c\n",                   "k:2:1: 'a' is given twice; it stands in line 1, too\n"            },
	{ "k", "a\n",			  "k:1:2: a value is expected behind the key\n"                      },
	{ "k", "  a b\n",                      "k:1:1: a line that begins with a blank continues nothing\n"       },
	{ "n", "192.0.2.1/24 x\n",
         "n:1:1: an address or a network such as 192.0.2.0/24 is expected here (with no bit "
         "behind "
		"the prefix)\n"										   },
	{ "n", "if 192.0.2.0/24\n1.2.3.4 x\n", "n:1:1: this 'if' has no 'endif'\n"                                },
	{ "n", "endif\n",                      "n:1:1: this 'endif' has no 'if'\n"                                },
	{ "n", "1.2.3.4\n",                    "n:1:8: a value is expected behind the pattern\n"                  },
	{ "p", "/a(b/ x\n",                    "p:1:5: missing closing parenthesis\n"                             },
	{ "p", "/ab/q x\n",                    "p:1:5: the flags of an expression are i, m, s, x, A, E, U and X\n"},
	{ "p", "/ab x\n",                      "p:1:1: the second '/' is missing behind the expression\n"         },
	{ "p", "ab x\n",
         "p:1:1: an expression between two signs is expected here: /EXPRESSION/\n"                                },
	{ "p", "/a(b)/ $2\n",                  "p:1:8: the expression has fewer groups\n"                         },
	{ "p", "!/a(b)/ x$1\n",                "p:1:10: an expression that does not match has no groups\n"        },
	{ "p", "/a/ $x\n",                     "p:1:5: '$' is followed by the number of a group, or another '$'\n"},
};
/* clang-format on */

TEST(lookup_errors_say_where_and_why)
{
	struct conf *c = conf_of(conf_text);

	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct buf report = { 0 };

		give_all();
		for (size_t k = 0; k < LENGTH(texts); k++)
			if (str_eq(str_of(texts[k][0]), str_of(refused[i].file)))
				texts[k][1] = refused[i].text;
		CHECK(!lookup_set_read(c, read_text, NULL, &report));
		CHECK_STR(buf_str(&report), str_of(refused[i].error));
		buf_free(&report);
	}
	conf_drop(c);
}

TEST(lookup_fails_where_an_expression_would_take_for_ever)
{
	struct conf *c = conf_of("access sender pcre:p\n");
	struct buf report = { 0 }, key = { 0 };
	struct lookup_answer answer;
	struct regex_budget budget = { 2 * LOOKUP_STEPS_MAX };
	struct lookup_set *s;
	struct arena a;

	give(0, "p", "/^(a+)+$/ hold\n");
	s = lookup_set_read(c, read_text, NULL, &report);
	for (int i = 0; i < 3000; i++)
		buf_put_char(&key, 'a');
	buf_put_char(&key, '!');
	arena_init(&a, ARENA_UNLIMITED);
	CHECK(lookup_now(lookup_set_named(s, S("pcre:p")), &a, buf_str(&key), &budget, 0, &answer));
	CHECK(answer.end == LOOKUP_FAILED);
	CHECK_STR(str_of(answer.why.text), S("table pcre:p: the expression would take too long"));
	CHECK_STR(str_of(answer.why.origin), S("p:1"));
	CHECK(budget.steps < 2 * LOOKUP_STEPS_MAX);
	arena_free(&a);
	buf_free(&key);
	lookup_set_drop(s);
	conf_drop(c);
}

TEST(lookup_cuts_what_an_expression_takes_from_a_long_key)
{
	struct conf *c = conf_of("access sender pcre:p\n");
	struct buf report = { 0 }, key = { 0 };
	struct lookup_answer answer;
	struct lookup_set *s;
	struct arena a;

	give(0, "p", "/^x(.*)/ refuse $1 and more\n");
	s = lookup_set_read(c, read_text, NULL, &report);
	for (size_t i = 0; i < LOOKUP_VALUE_OCTETS_MAX; i++)
		buf_put_char(&key, 'x');
	arena_init(&a, ARENA_UNLIMITED);
	CHECK(lookup_now(lookup_set_named(s, S("pcre:p")), &a, buf_str(&key), NULL, 0, &answer));
	CHECK(answer.end == LOOKUP_FOUND);
	CHECK_INT(answer.value.n, LOOKUP_VALUE_OCTETS_MAX);
	CHECK(str_starts(answer.value, S("refuse xxx")) && str_ends(answer.value, S("xxx")));
	arena_free(&a);
	buf_free(&key);
	lookup_set_drop(s);
	conf_drop(c);
}

TEST(lookup_cache_forgets_by_age_and_by_number)
{
	struct lookup_cache *c = lookup_cache_new(2, 100);
	struct arena a;
	bool found;
	str value;

	arena_init(&a, ARENA_UNLIMITED);
	lookup_cache_put(c, S("a"), 0, true, S("1"));
	lookup_cache_put(c, S("b"), 50, false, S(""));
	CHECK(lookup_cache_get(c, &a, S("a"), 99, &found, &value) && found);
	CHECK_STR(value, S("1"));
	CHECK(!lookup_cache_get(c, &a, S("a"), 100, &found, &value));
	CHECK(lookup_cache_get(c, &a, S("b"), 100, &found, &value) && !found);
	lookup_cache_put(c, S("c"), 60, true, S("3"));
	CHECK(lookup_cache_get(c, &a, S("b"), 100, &found, &value));
	lookup_cache_put(c, S("d"), 60, true, S("4")); /* c was not asked for longest */
	CHECK(!lookup_cache_get(c, &a, S("c"), 100, &found, &value));
	CHECK(lookup_cache_get(c, &a, S("b"), 100, &found, &value));
	lookup_cache_put(c, S("b"), 60, true, S("now"));
	CHECK(lookup_cache_get(c, &a, S("b"), 100, &found, &value) && found);
	CHECK_STR(value, S("now"));
	lookup_cache_free(c);
	arena_free(&a);
}
