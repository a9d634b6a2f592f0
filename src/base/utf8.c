#include "base/utf8.h"

static bool tail(str s, size_t i, unsigned low, unsigned high)
{
	return i < s.n && (unsigned char)s.p[i] >= low && (unsigned char)s.p[i] <= high;
}

/* The table of RFC 3629 section 4, row by row. */
size_t utf8_first(str s)
{
	unsigned c;

	if (s.n == 0)
		return 0;
	c = (unsigned char)s.p[0];
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return tail(s, 1, 0x80, 0xbf) ? 2 : 0;
	if (c >= 0xe0 && c <= 0xef) {
		unsigned low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;

		return tail(s, 1, low, high) && tail(s, 2, 0x80, 0xbf) ? 3 : 0;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		unsigned low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;

		return tail(s, 1, low, high) && tail(s, 2, 0x80, 0xbf) && tail(s, 3, 0x80, 0xbf)
			       ? 4
			       : 0;
	}
	return 0;
}

bool utf8_valid(str s)
{
	while (s.n > 0) {
		size_t n = utf8_first(s);

		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

bool utf8_ascii(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}
