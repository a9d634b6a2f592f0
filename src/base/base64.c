#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_encode(str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t bits = (uint32_t)(unsigned char)s.p[i] << 16;
		char group[4];

		if (left > 1)
			bits |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
		if (left > 2)
			bits |= (uint32_t)(unsigned char)s.p[i + 2];
		group[0] = alphabet[bits >> 18];
		group[1] = alphabet[bits >> 12 & 63];
		group[2] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		group[3] = left > 2 ? alphabet[bits & 63] : '=';
		if (!buf_add(to, (str){ group, 4 }))
			return false;
	}
	return true;
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool decode_group(str group, bool last, struct buf *to)
{
	size_t padding = 0;
	uint32_t bits = 0;
	char bytes[3];

	while (padding < 2 && group.p[3 - padding] == '=')
		padding++;
	if (padding > 0 && !last)
		return false;
	for (size_t i = 0; i < 4 - padding; i++) {
		int value = value_of(group.p[i]);

		if (value < 0)
			return false;
		bits |= (uint32_t)value << (18 - 6 * i);
	}
	if ((padding == 1 && (bits & 0xff)) || (padding == 2 && (bits & 0xffff)))
		return false;
	bytes[0] = (char)(bits >> 16);
	bytes[1] = (char)(bits >> 8);
	bytes[2] = (char)bits;
	return buf_add(to, (str){ bytes, 3 - padding });
}

bool base64_decode(str s, struct buf *to)
{
	if (s.n % 4 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 4)
		if (!decode_group(str_first(str_skip(s, i), 4), i + 4 == s.n, to))
			return false;
	return true;
}
