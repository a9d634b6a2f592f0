/*
 * world/source_filter - keys inside of queries: parameters, and filters of LDAP   RFC 4515 section
 * 3
 */
#include <stdio.h>

#include "base/ascii.h"
#include "world/source_inside.h"

/* The last @, as in mail/address. */
bool source_filter_parameter(char what, str key, str *value)
{
	size_t at = str_find_last(key, '@');

	switch (what) {
	case 'u':
		*value = str_first(key, at);
		return true;
	case 'd':
		*value = str_skip(key, at + 1);
		return at < key.n;
	default:
		*value = key;
		return true;
	}
}

/* Everything that is no letter, digit or harmless sign of an address is written as its code, which
 * is allowed for every byte. */
static size_t escape(str value, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (n + 4 > size)
			return size;
		if (ascii_letter(c) || ascii_digit(c) || str_has(S("@.-_+="), c))
			to[n++] = c;
		else
			n += (size_t)snprintf(to + n, 4, "\\%02x", (unsigned char)c);
	}
	return n;
}

bool source_filter(str filter, str key, char *to, size_t size)
{
	size_t n = 0;
	str value;

	for (size_t i = 0; i < filter.n; i++) {
		if (n + 1 >= size)
			return false;
		if (filter.p[i] != '%') {
			to[n++] = filter.p[i];
			continue;
		}
		if (++i == filter.n)
			return false;
		if (filter.p[i] == '%')
			to[n++] = '%';
		else if (!str_has(S("sud"), filter.p[i]) ||
			 !source_filter_parameter(filter.p[i], key, &value))
			return false;
		else
			n += escape(value, to + n, size - n);
	}
	if (n >= size)
		return false;
	to[n] = '\0';
	return true;
}
