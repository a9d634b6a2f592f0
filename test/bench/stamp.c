#include "test/bench/stamp.h"

#include <assert.h>
#include <stdio.h>

#include "base/number.h"

#define ID_DIGITS 8
#define TIME_DIGITS 20

static const str name = STR_INIT("X-Bench: ");

void stamp_write(char to[STAMP_OCTETS + 1], size_t id, int64_t begun_us)
{
	int n = snprintf(to, STAMP_OCTETS + 1, "%.*s%0*zu %0*lld\r\n", STR(name), ID_DIGITS, id,
		TIME_DIGITS, (long long)begun_us);

	assert(n == STAMP_OCTETS);
}

bool stamp_find(str bytes, size_t *id, int64_t *begun_us)
{
	str at = str_skip(bytes, str_find_str(bytes, name));
	uint64_t number, us;

	if (at.n < STAMP_OCTETS)
		return false;
	at = str_skip(at, name.n);
	if (!number_parse(str_first(at, ID_DIGITS), SIZE_MAX, &number) ||
		!number_parse(str_first(str_skip(at, ID_DIGITS + 1), TIME_DIGITS), INT64_MAX, &us))
		return false;
	*id = number;
	*begun_us = (int64_t)us;
	return true;
}
