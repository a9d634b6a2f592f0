#include "test/test.h"

#include "mail/xtext.h"

TEST(xtext_is_decoded_and_encoded)
{
	/* clang-format off */
	static const struct {
		str in, xtext, utf8;
	} cases[] = {
		{ STR_INIT("a+2Bb+3dc"), STR_INIT("a+b=c"), STR_INIT("a+2Bb+3dc") },
		{ STR_INIT("a+2"), STR_INIT("a+2"), STR_INIT("a+2") },
		{ STR_INIT("a+xy+"), STR_INIT("a+xy+"), STR_INIT("a+xy+") },
		{ STR_INIT("\\x{E9}\\x{20AC}\\x{1F4EF}\\x{5C}"),
			STR_INIT("\\x{E9}\\x{20AC}\\x{1F4EF}\\x{5C}"),
			STR_INIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xaf\\") },
		{ STR_INIT("\\x{110000}\\x{D800}\\x{}\\x{0000041}\\x{4"),
			STR_INIT("\\x{110000}\\x{D800}\\x{}\\x{0000041}\\x{4"),
			STR_INIT("\\x{110000}\\x{D800}\\x{}\\x{0000041}\\x{4") },
	};
	/* clang-format on */
	struct buf to = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		xtext_decode(cases[i].in, &to);
		CHECK_STR(buf_str(&to), cases[i].xtext);
		buf_clear(&to);
		xtext_decode_utf8(cases[i].in, &to);
		CHECK_STR(buf_str(&to), cases[i].utf8);
		buf_clear(&to);
	}
	xtext_encode_utf8(S("a+\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xaf\\ \xff"), &to);
	CHECK_STR(buf_str(&to), S("a\\x{2B}\\x{E9}\\x{20AC}\\x{1F4EF}\\x{5C}\\x{20}\\x{FF}"));
	buf_clear(&to);
	xtext_encode(S("a+b=c d@x.example\xe9"), &to);
	CHECK_STR(buf_str(&to), S("a+2Bb+3Dc+20d@x.example+E9"));
	buf_free(&to);
}
