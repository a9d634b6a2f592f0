#include "world/gateway.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/mem.h"

#define TABLE_OCTETS_MAX (1 << 20) /* of one table; more of it is not looked at */
#define VIA_GATEWAY 2              /* RTF_GATEWAY */
#define COLUMNS_MAX 12

static bool is_zero(str digits)
{
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] != '0')
			return false;
	return digits.n > 0;
}

/* Hexadecimal, up to 32 bits. */
static bool read_number(str digits, uint32_t *n)
{
	*n = 0;
	for (size_t i = 0; i < digits.n; i++) {
		int digit = ascii_hex(digits.p[i]);

		if (digit < 0 || i == 8)
			return false;
		*n = *n << 4 | (uint32_t)digit;
	}
	return digits.n > 0;
}

static size_t split(str line, str columns[COLUMNS_MAX])
{
	size_t n = 0;

	while (n < COLUMNS_MAX && str_word(&line, &columns[n]))
		n++;
	return n;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask: addresses are printed as a number that
 * lies in memory as they do. */
static bool read_line(str line, struct ip *gateway)
{
	str columns[COLUMNS_MAX];
	uint32_t address, flags;

	if (split(line, columns) < 8 || !is_zero(columns[1]) || !is_zero(columns[7]) ||
		!read_number(columns[2], &address) || !read_number(columns[3], &flags) ||
		!(flags & VIA_GATEWAY) || address == 0)
		return false;
	*gateway = (struct ip){ .family = 4 };
	memcpy(gateway->bytes, &address, sizeof address);
	return true;
}

/* Destination, its prefix, source, its prefix, next hop, metric, references, use, flags, device. */
static bool read_line6(str line, struct ip *gateway)
{
	str columns[COLUMNS_MAX];
	uint32_t flags;

	if (split(line, columns) < 10 || !is_zero(columns[0]) || !is_zero(columns[1]) ||
		!is_zero(columns[3]) || columns[4].n != 32 || is_zero(columns[4]) ||
		!read_number(columns[8], &flags) || !(flags & VIA_GATEWAY))
		return false;
	*gateway = (struct ip){ .family = 6 };
	for (size_t i = 0; i < 16; i++) {
		int high = ascii_hex(columns[4].p[2 * i]), low = ascii_hex(columns[4].p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		gateway->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static size_t read_all(
	str text, bool (*read)(str line, struct ip *gateway), struct ip to[GATEWAYS_MAX], size_t n)
{
	str line;

	while (n < GATEWAYS_MAX && text.n > 0) {
		str_cut(&text, '\n', &line);
		n += read(line, &to[n]);
	}
	return n;
}

size_t gateway_read(str routes, str routes6, struct ip to[GATEWAYS_MAX])
{
	return read_all(routes6, read_line6, to, read_all(routes, read_line, to, 0));
}

/* The kernel does not say how long such a file is.  One that is not there has no routes. */
static str slurp(const char *path, char *to)
{
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(to, 1, TABLE_OCTETS_MAX, file) : 0;

	if (file)
		fclose(file);
	return str_from(to, n);
}

size_t gateway_list(struct ip to[GATEWAYS_MAX])
{
	char *space = mem_alloc(2 * (size_t)TABLE_OCTETS_MAX);
	size_t n = gateway_read(slurp("/proc/net/route", space),
		slurp("/proc/net/ipv6_route", space + TABLE_OCTETS_MAX), to);

	mem_free(space);
	return n;
}
