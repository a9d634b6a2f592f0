#include "base/hex.h"

char *hex_print(const unsigned char *octets, size_t n, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digits[octets[i] >> 4];
		to[2 * i + 1] = digits[octets[i] & 15];
	}
	to[2 * n] = '\0';
	return to;
}
