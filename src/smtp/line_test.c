/* Lines, and what is none; each also in every cut. */
#include "test/test.h"

#include "smtp/line.h"

#define LINE_MAX_HERE 16

static const struct {
	str input, line, rest;
	enum scan want;
} cases[] = {
	{STR_INIT("NOOP\r\nQUIT\r\n"),     STR_INIT("NOOP"),           STR_INIT("QUIT\r\n"), SCAN_DONE},
	{ STR_INIT("\r\n"),                STR_INIT(""),               STR_INIT(""),         SCAN_DONE},
	{ STR_INIT("12345678901234\r\n"),  STR_INIT("12345678901234"), STR_INIT(""),         SCAN_DONE},
	{ STR_INIT(""),                    STR_INIT(""),               STR_INIT(""),         SCAN_MORE},
	{ STR_INIT("NOOP"),                STR_INIT(""),               STR_INIT(""),         SCAN_MORE},
	{ STR_INIT("NOOP\r"),              STR_INIT(""),               STR_INIT(""),         SCAN_MORE},
	{ STR_INIT("12345678901234\r"),    STR_INIT(""),               STR_INIT(""),         SCAN_MORE},
	{ STR_INIT("NOOP\n"),              STR_INIT(""),               STR_INIT(""),         SCAN_BAD },
	{ STR_INIT("NOOP\rX"),             STR_INIT(""),               STR_INIT(""),         SCAN_BAD },
	{ STR_INIT("NOOP\r\r\n"),          STR_INIT(""),               STR_INIT(""),         SCAN_BAD },
	{ STR_INIT("123456789012345"),     STR_INIT(""),               STR_INIT(""),         SCAN_BAD },
	{ STR_INIT("123456789012345\r\n"), STR_INIT(""),               STR_INIT(""),         SCAN_BAD },
};

TEST(smtp_line_verdict_does_not_depend_on_the_cut)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		enum scan got = SCAN_MORE;
		struct fail why = { 0 };
		str line = S("");

		for (size_t n = 0; n <= cases[i].input.n && got == SCAN_MORE; n++) {
			str input = str_first(cases[i].input, n);

			got = smtp_line_take(&input, LINE_MAX_HERE, &line, &why);
		}
		CHECK(got == cases[i].want);
		CHECK_STR(line, cases[i].line);
	}
}

TEST(smtp_line_leaves_the_rest)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		str input = cases[i].input, line;
		struct fail why = { 0 };
		enum scan got = smtp_line_take(&input, LINE_MAX_HERE, &line, &why);

		CHECK(got == cases[i].want);
		CHECK_STR(input, got == SCAN_DONE ? cases[i].rest : cases[i].input);
		CHECK_INT(fail_code(&why), got == SCAN_BAD ? 500 : 451);
	}
}

TEST(smtp_line_skip_ends_at_crlf_only)
{
	static const str input = STR_INIT("a\nb\rc\r\r\nNOOP");

	for (size_t cut = 0; cut <= input.n; cut++) {
		str head = str_first(input, cut), tail = str_skip(input, cut);
		bool after_cr = false;
		bool over = smtp_line_skip(&head, &after_cr);

		CHECK(over == (cut >= input.n - 4));
		if (over) {
			CHECK_STR(head, str_first(S("NOOP"), cut - (input.n - 4)));
			continue;
		}
		CHECK(smtp_line_skip(&tail, &after_cr));
		CHECK_STR(tail, S("NOOP"));
	}
}
