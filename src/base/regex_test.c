#include "base/regex.h"

#include "test/test.h"

static struct regex *regex_of(const char *pattern, unsigned flags)
{
	struct fail why;
	size_t offset;
	struct regex *r = regex_new(str_of(pattern), flags, &offset, &why);

	assert_non_null(r);
	return r;
}

static enum regex_end find(const char *pattern, unsigned flags, str text)
{
	struct regex *r = regex_of(pattern, flags);
	struct regex_budget budget = { 1000000 };
	struct regex_match match = { 0 };
	enum regex_end end = regex_find(r, text, &budget, &match);

	regex_match_free(&match);
	regex_free(r);
	return end;
}

TEST(regex_flags_mean_what_postfix_says)
{
	CHECK(find("^from: .*@", 0, S("From: a@b")) == REGEX_FOUND);
	CHECK(find("^from: .*@", REGEX_CASE, S("From: a@b")) == REGEX_NONE);
	CHECK(find("a.b", 0, S("a\nb")) == REGEX_FOUND);
	CHECK(find("a.b", REGEX_DOT_LINE, S("a\nb")) == REGEX_NONE);
	CHECK(find("^b", REGEX_LINES, S("a\nb")) == REGEX_FOUND);
	CHECK(find("^b", 0, S("a\nb")) == REGEX_NONE);
	CHECK(find("a b # not a", REGEX_EXTENDED, S("ab")) == REGEX_FOUND);
	CHECK(find("b", REGEX_ANCHORED, S("ab")) == REGEX_NONE);
	CHECK(find("a$", REGEX_DOLLAR_END, S("a\n")) == REGEX_NONE);
	CHECK(find("a$", 0, S("a\n")) == REGEX_FOUND);
}

TEST(regex_gives_its_groups)
{
	struct regex *r = regex_of("(x)?([^@]+)@(.*)", 0);
	struct regex_budget budget = { 1000 };
	struct regex_match match = { 0 };

	CHECK(regex_find(r, S("jo@a.test"), &budget, &match) == REGEX_FOUND);
	CHECK_INT(match.count, 4);
	CHECK_STR(match.groups[0], S("jo@a.test"));
	CHECK_STR(match.groups[1], S(""));
	CHECK_STR(match.groups[2], S("jo"));
	CHECK_STR(match.groups[3], S("a.test"));
	CHECK(budget.steps < 1000);
	CHECK_INT(regex_groups(r), 3);
	regex_match_free(&match);
	regex_free(r);
}

/* Each of these takes longer than the universe is old, where nobody counts. */
TEST(regex_gives_up_what_a_stranger_makes_costly)
{
	static const char *const patterns[] = { "^(a+)+$", "^(a|aa)+$", "^(.*)*[xy]$",
		"^(a*)*(a*)*(a*)*[bc]$" };
	static char text[4001];

	memset(text, 'a', 4000);
	text[3999] = '!';
	for (size_t i = 0; i < LENGTH(patterns); i++) {
		struct regex *r = regex_of(patterns[i], 0);
		struct regex_budget budget = { 3 * REGEX_STEPS_MAX };
		struct regex_match match = { 0 };
		unsigned times = 0;

		while (regex_find(r, str_from(text, 4000), &budget, &match) == REGEX_COSTLY) {
			times++;
			if (budget.steps == 0 || times > 100)
				break;
		}
		CHECK(times >= 3 && times < 100);
		regex_match_free(&match);
		regex_free(r);
	}
}

TEST(regex_says_where_a_pattern_is_wrong)
{
	struct fail why = { 0 };
	size_t offset = 0;

	CHECK(!regex_new(S("ab(c"), 0, &offset, &why));
	CHECK_INT(offset, 4);
	CHECK(str_has(str_of(why.text), 'p'));
}
