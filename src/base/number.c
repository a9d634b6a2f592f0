#include "base/number.h"

#include <stdio.h>

#include "base/ascii.h"

bool number_parse(str s, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (!ascii_digit(s.p[i]) || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (n > max)
		return false;
	*value = n;
	return true;
}

bool number_parse_hex(str s, uint64_t *value)
{
	uint64_t n = 0;

	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = ascii_hex(s.p[i]);

		if (digit < 0)
			return false;
		n = n << 4 | (uint64_t)digit;
	}
	*value = n;
	return true;
}

static const struct unit {
	str name;
	uint64_t worth;
} sizes[] = {
	{ STR_INIT("T"), 1ULL << 40 },
	{ STR_INIT("G"), 1ULL << 30 },
	{ STR_INIT("M"), 1ULL << 20 },
	{ STR_INIT("K"), 1ULL << 10 },
}, times[] = {
	{ STR_INIT("d"), 86400000 },
	{ STR_INIT("h"), 3600000 },
	{ STR_INIT("ms"), 1 },
	{ STR_INIT("m"), 60000 },
	{ STR_INIT("s"), 1000 },
};

static str take_digits(str *s)
{
	size_t n = 0;
	str digits;

	while (n < s->n && ascii_digit(s->p[n]))
		n++;
	digits = str_first(*s, n);
	*s = str_skip(*s, n);
	return digits;
}

bool number_parse_size(str s, uint64_t *octets)
{
	str digits = take_digits(&s);
	uint64_t worth = 1;

	for (size_t i = 0; s.n > 0 && i < LENGTH(sizes); i++) {
		if (!str_eq_nocase(s, sizes[i].name))
			continue;
		worth = sizes[i].worth;
		s = S("");
	}
	if (s.n > 0 || !number_parse(digits, (uint64_t)INT64_MAX / worth, octets))
		return false;
	*octets *= worth;
	return true;
}

bool number_parse_time(str s, int64_t *ms)
{
	uint64_t sum = 0;

	if (str_eq(s, S("0"))) {
		*ms = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n > 0) {
		str digits = take_digits(&s);
		const struct unit *unit = NULL;
		uint64_t n;

		for (size_t i = 0; !unit && i < LENGTH(times); i++)
			if (str_starts(s, times[i].name))
				unit = &times[i];
		if (!unit || !number_parse(digits, ((uint64_t)INT64_MAX - sum) / unit->worth, &n))
			return false;
		sum += n * unit->worth;
		s = str_skip(s, unit->name.n);
	}
	*ms = (int64_t)sum;
	return true;
}

char *number_print_size(uint64_t octets, char to[NUMBER_TEXT_MAX])
{
	for (size_t i = 0; octets > 0 && i < LENGTH(sizes); i++) {
		if (octets % sizes[i].worth != 0)
			continue;
		snprintf(to, NUMBER_TEXT_MAX, "%llu%.*s",
			(unsigned long long)(octets / sizes[i].worth), STR(sizes[i].name));
		return to;
	}
	snprintf(to, NUMBER_TEXT_MAX, "%llu", (unsigned long long)octets);
	return to;
}

char *number_print_time(int64_t ms, char to[NUMBER_TEXT_MAX])
{
	static const int order[] = { 0, 1, 3, 4, 2 }; /* d h m s ms */
	size_t n = 0;

	to[0] = '\0';
	if (ms <= 0)
		snprintf(to, NUMBER_TEXT_MAX, "0");
	for (size_t i = 0; ms > 0 && i < LENGTH(order); i++) {
		const struct unit *unit = &times[order[i]];
		int64_t count = ms / (int64_t)unit->worth;

		if (count == 0)
			continue;
		n += (size_t)snprintf(
			to + n, NUMBER_TEXT_MAX - n, "%lld%.*s", (long long)count, STR(unit->name));
		ms %= (int64_t)unit->worth;
	}
	return to;
}

char *number_show_size(uint64_t octets, char to[NUMBER_TEXT_MAX])
{
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		if (octets < sizes[i].worth)
			continue;
		snprintf(to, NUMBER_TEXT_MAX, "%.1f %.*siB",
			(double)octets / (double)sizes[i].worth, STR(sizes[i].name));
		return to;
	}
	snprintf(to, NUMBER_TEXT_MAX, "%llu bytes", (unsigned long long)octets);
	return to;
}

char *number_show_time(int64_t ms, char to[NUMBER_TEXT_MAX])
{
	long long s = ms / 1000;

	if (ms < 1000)
		snprintf(to, NUMBER_TEXT_MAX, "%lld ms", (long long)ms);
	else if (s < 120)
		snprintf(to, NUMBER_TEXT_MAX, "%lld s", s);
	else if (s < 7200)
		snprintf(to, NUMBER_TEXT_MAX, "%lld min", s / 60);
	else if (s < 172800)
		snprintf(to, NUMBER_TEXT_MAX, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		snprintf(to, NUMBER_TEXT_MAX, "%lld d %lld h", s / 86400, s / 3600 % 24);
	return to;
}
