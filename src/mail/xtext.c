#include "mail/xtext.h"

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"

void xtext_encode(str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c > ' ' && c < 0x7f && c != '+' && c != '=')
			buf_put(to, str_first(str_skip(s, i), 1));
		else
			buf_putf(to, "+%02X", (unsigned char)c);
	}
}

void xtext_decode(str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '+' && s.n - i > 2 && ascii_hex(s.p[i + 1]) >= 0 &&
			ascii_hex(s.p[i + 2]) >= 0) {
			c = (char)(ascii_hex(s.p[i + 1]) * 16 + ascii_hex(s.p[i + 2]));
			i += 2;
		}
		buf_put_char(to, c);
	}
}

static void put_point(uint64_t point, struct buf *to)
{
	char c[4];
	size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; point >>= 6)
		c[i] = (char)(0x80 | (point & 0x3f));
	c[0] = (char)(lead[n] | point);
	buf_put(to, (str){ c, n });
}

void xtext_decode_utf8(str s, struct buf *to)
{
	while (s.n > 0) {
		size_t end = str_find(s, '}');
		uint64_t point;

		if (str_starts(s, S("\\x{")) && end < s.n && end <= 3 + 6 &&
			number_parse_hex(str_skip(str_first(s, end), 3), &point) &&
			point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) {
			put_point(point, to);
			s = str_skip(s, end + 1);
		} else {
			buf_put_char(to, s.p[0]);
			s = str_skip(s, 1);
		}
	}
}

/* The code point of the well-formed character that is all of s. */
static unsigned point_of(str s)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned point = (unsigned char)s.p[0] & lead_bits[s.n];

	for (size_t i = 1; i < s.n; i++)
		point = point << 6 | ((unsigned char)s.p[i] & 0x3f);
	return point;
}

void xtext_encode_utf8(str s, struct buf *to)
{
	while (s.n > 0) {
		str c = str_first(s, utf8_first(s));

		if (c.n == 0)
			c = str_first(s, 1); /* not UTF-8: each byte as it would be in Latin 1 */
		if (c.n == 1 && c.p[0] > ' ' && c.p[0] < 0x7f && !str_has(S("\\+="), c.p[0]))
			buf_put(to, c);
		else
			buf_putf(to, "\\x{%02X}",
				c.n == 1 ? (unsigned)(unsigned char)c.p[0] : point_of(c));
		s = str_skip(s, c.n);
	}
}
