/* Dots are doubled, and nothing that ends a message elsewhere gets out. */
#include "test/test.h"

#include "smtp/dots.h"

/* In portions of n bytes.  False: refused, or not whole. */
static bool pass(str content, size_t n, bool doubled, struct buf *to)
{
	struct smtp_dots d;

	buf_clear(to);
	smtp_dots_init(&d, doubled);
	while (content.n > 0) {
		if (!smtp_dots_add(&d, str_first(content, n), to))
			return false;
		content = str_skip(content, n);
	}
	return smtp_dots_whole(&d);
}

/* clang-format off */
static const struct {
	str content, doubled; /* doubled null: refused, whatever way it goes */
} cases[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\r\n"), STR_INIT("\r\n") },
	{ STR_INIT("a\r\nb\r\n"), STR_INIT("a\r\nb\r\n") },
	{ STR_INIT(".\r\n"), STR_INIT("..\r\n") },
	{ STR_INIT("a\r\n.\r\n..b\r\nc.d\r\n.e\r\n"),
		STR_INIT("a\r\n..\r\n...b\r\nc.d\r\n..e\r\n") },
	{ STR_INIT("a\r\n.\0\r\nb\r\n"), STR_INIT("a\r\n..\0\r\nb\r\n") },
	{ STR_INIT("\0a.\r\n\0\0\r\n"), STR_INIT("\0a.\r\n\0\0\r\n") },
	{ STR_INIT("a"), { 0 } },
	{ STR_INIT("a\r"), { 0 } },
	{ STR_INIT("a\n"), { 0 } },
	{ STR_INIT("\n"), { 0 } },
	{ STR_INIT("\r\r\n"), { 0 } },
	{ STR_INIT("a\rb\r\n"), { 0 } },
/* what must never be sent: vectors/smtp/smuggling-sequences.json */
	{ STR_INIT("a\n.\nb\r\n"), { 0 } },
	{ STR_INIT("a\n.\rb\r\n"), { 0 } },
	{ STR_INIT("a\r.\nb\r\n"), { 0 } },
	{ STR_INIT("a\r.\rb\r\n"), { 0 } },
	{ STR_INIT("a\n.\r\nb\r\n"), { 0 } },
	{ STR_INIT("a\r.\r\nb\r\n"), { 0 } },
	{ STR_INIT("a\r\n.\r\r\nb\r\n"), { 0 } },
	{ STR_INIT("a\r\r\n.\r\r\nb\r\n"), { 0 } },
	{ STR_INIT("a\r\n\0.\r\nb\r\n"), { 0 } },
	{ STR_INIT("a\r\n\0\0\0.\r\nb\r\n"), { 0 } },
};
/* clang-format on */

TEST(smtp_dots_pass_the_same_in_every_cut)
{
	struct buf to = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t n = 1; n <= cases[i].content.n + 1; n++) {
			bool clean = cases[i].doubled.p;

			CHECK_INT(pass(cases[i].content, n, true, &to), clean);
			if (clean)
				CHECK_STR(buf_str(&to), cases[i].doubled);
			CHECK_INT(pass(cases[i].content, n, false, &to), clean);
			if (clean)
				CHECK_STR(buf_str(&to), cases[i].content);
		}
	buf_free(&to);
}
