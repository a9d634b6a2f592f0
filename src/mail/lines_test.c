#include "test/test.h"

#include "base/buf.h"
#include "mail/lines.h"

/* Each piece in brackets; what begins a line has "^", what ends one has "$". */
static enum scan take(str input, size_t cut, struct buf *to)
{
	struct lines l = { 0 };
	struct lines_piece piece;
	enum scan got = SCAN_MORE;

	buf_clear(to);
	while (input.n > 0 && got != SCAN_BAD) {
		str part = str_first(input, cut);

		input = str_skip(input, cut);
		while ((got = lines_take(&l, &part, &piece)) == SCAN_DONE)
			buf_putf(to, "%s%.*s%s", piece.begins ? "^" : "", STR(piece.text),
				piece.ends ? "$" : "");
	}
	return got == SCAN_BAD ? SCAN_BAD : lines_between(&l) ? SCAN_DONE : SCAN_MORE;
}

TEST(lines_are_the_same_in_every_cut)
{
	static const struct {
		str input, lines;
		enum scan want;
	} cases[] = {
		{STR_INIT(""),               STR_INIT(""),        SCAN_DONE},
		{ STR_INIT("\r\n\r\na\r\n"), STR_INIT("^$^$^a$"), SCAN_DONE},
		{ STR_INIT("ab\r\nc"),       STR_INIT("^ab$"),    SCAN_MORE},
		{ STR_INIT("ab\r"),          STR_INIT(""),        SCAN_MORE},
		{ STR_INIT("ab\n"),          STR_INIT(""),        SCAN_BAD },
		{ STR_INIT("a\rb\r\n"),      STR_INIT(""),        SCAN_BAD },
		{ STR_INIT("a\r\r\n"),       STR_INIT(""),        SCAN_BAD },
		{ STR_INIT("\n"),            STR_INIT(""),        SCAN_BAD },
	};
	struct buf got = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t cut = 1; cut <= cases[i].input.n + 1; cut++) {
			CHECK_INT(take(cases[i].input, cut, &got), cases[i].want);
			CHECK_STR(buf_str(&got), cases[i].lines);
		}
	buf_free(&got);
}

TEST(lines_give_the_start_of_long_ones_together)
{
	struct buf input = { 0 }, got = { 0 };

	for (size_t n = LINES_START_MAX - 1; n <= LINES_START_MAX + 3; n++) {
		buf_clear(&input);
		buf_put(&input, S("^"));
		for (size_t i = 0; i < n; i++)
			buf_put_char(&input, 'x');
		buf_put(&input, S("\r\n"));
		for (size_t cut = 1; cut < n + 2; cut++) {
			CHECK_INT(take(str_skip(buf_str(&input), 1), cut, &got), SCAN_DONE);
			CHECK_STR(
				str_first(buf_str(&got), n + 1), str_first(buf_str(&input), n + 1));
			CHECK_STR(str_skip(buf_str(&got), n + 1), S("$"));
		}
	}
	buf_free(&input);
	buf_free(&got);
}
