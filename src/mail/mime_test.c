#include "test/test.h"

#include "mail/mime.h"

TEST(mime_values_are_read)
{
	/* clang-format off */
	static const struct {
		str value, word, boundary;
	} cases[] = {
		{ STR_INIT(" Multipart/Mixed; boundary=abc"), STR_INIT("multipart/mixed"),
			STR_INIT("abc") },
		{ STR_INIT("a/b ; x=y;\t Boundary = \"a \\\"b; c\" ; z"), STR_INIT("a/b"),
			STR_INIT("a \"b; c") },
		{ STR_INIT("(a (b) \\) c) a / b (d); (e) boundary (f) = (g) h (i)"),
			STR_INIT("a/b"), STR_INIT("h") },
		{ STR_INIT("a/b; x=\"boundary=no\"; boundary=yes; boundary=late"), STR_INIT("a/b"),
			STR_INIT("yes") },
		{ STR_INIT("a/b; boundary=\"open"), STR_INIT("a/b"), STR_INIT("open") },
		{ STR_INIT("a/b; boundary=\"\""), STR_INIT("a/b"), STR_INIT("") },
		{ STR_INIT("a/b; boundaryx=c"), STR_INIT("a/b"), STR_INIT("") },
		{ STR_INIT("a/b boundary=c"), STR_INIT("a/bboundary=c"), STR_INIT("") },
		{ STR_INIT(""), STR_INIT(""), STR_INIT("") },
		{ STR_INIT("(open"), STR_INIT(""), STR_INIT("") },
		{ STR_INIT(";;;\"\";=;boundary"), STR_INIT(""), STR_INIT("") },
		{ STR_INIT("a/b; boundary=123456789"), STR_INIT("a/b"), STR_INIT("") },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char word[MIME_WORD_MAX], value[8];
		str found = { 0 };
		bool has =
			mime_parameter(cases[i].value, S("boundary"), value, sizeof value, &found);

		CHECK_STR(mime_word(cases[i].value, word), cases[i].word);
		CHECK_INT(has, cases[i].boundary.n > 0);
		if (has)
			CHECK_STR(found, cases[i].boundary);
	}
}
