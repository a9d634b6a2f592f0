#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/number.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool ip_parse(str s, struct ip *ip)
{
	char text[IP_TEXT_MAX];
	struct ip read = { 0 };

	if (str_starts(s, S("[")) && str_ends(s, S("]")))
		s = str_first(str_skip(s, 1), s.n - 2);
	if (s.n == 0 || s.n >= sizeof text || str_has(s, '\0'))
		return false;
	str_to_c(s, text, sizeof text);
	if (inet_pton(AF_INET, text, read.bytes) == 1) {
		read.family = 4;
	} else if (inet_pton(AF_INET6, text, read.bytes) == 1) {
		read.family = 6;
		if (memcmp(read.bytes, mapped, sizeof mapped) == 0) {
			read.family = 4;
			memmove(read.bytes, read.bytes + 12, 4);
			memset(read.bytes + 4, 0, 12);
		}
	} else {
		return false;
	}
	*ip = read;
	return true;
}

char *ip_print(const struct ip *ip, char to[IP_TEXT_MAX])
{
	if (ip->family == 0 ||
		!inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, to, IP_TEXT_MAX))
		snprintf(to, IP_TEXT_MAX, "none");
	return to;
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool ip_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (ip->family == 4)
		return ip->bytes[0] == 127;
	return ip->family == 6 && memcmp(ip->bytes, one, sizeof one) == 0;
}

bool ip_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];

	return ip->family != 0 && memcmp(ip->bytes, zero, sizeof zero) == 0;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

bool ip_net_parse(str s, struct ip_net *net)
{
	struct ip_net read = { 0 };
	uint8_t zero[16] = { 0 };
	str address;
	bool has_prefix = str_cut(&s, '/', &address);
	uint64_t bits;

	if (!ip_parse(address, &read.ip))
		return false;
	bits = read.ip.family == 4 ? 32 : 128;
	if (has_prefix) {
		/* a prefix of a mapped address counts the 96 bits of the mapping */
		uint64_t shift = read.ip.family == 4 && str_has(address, ':') ? 96 : 0;

		if (!number_parse(s, bits + shift, &bits) || bits < shift)
			return false;
		bits -= shift;
	}
	read.prefix_bits = (uint8_t)bits;
	memcpy(zero, read.ip.bytes, bits / 8);
	if (bits % 8)
		zero[bits / 8] = (uint8_t)(read.ip.bytes[bits / 8] & (0xff00 >> bits % 8));
	if (memcmp(zero, read.ip.bytes, sizeof zero) != 0)
		return false;
	*net = read;
	return true;
}

char *ip_net_print(const struct ip_net *net, char to[IP_TEXT_MAX])
{
	char text[IP_TEXT_MAX];
	unsigned whole = net->ip.family == 4 ? 32 : 128;

	ip_print(&net->ip, text);
	if (net->prefix_bits == whole)
		snprintf(to, IP_TEXT_MAX, "%s", text);
	else
		snprintf(to, IP_TEXT_MAX, "%.43s/%u", text, net->prefix_bits);
	return to;
}

bool ip_net_has(const struct ip_net *net, const struct ip *ip)
{
	return net->ip.family == ip->family &&
	       same_prefix(net->ip.bytes, ip->bytes, net->prefix_bits);
}

bool endpoint_parse(str s, uint16_t port_default, struct endpoint *e)
{
	struct endpoint read = { .port = port_default };
	size_t colon;
	uint64_t port;

	if (str_starts(s, S("unix:"))) {
		s = str_skip(s, 5);
		if (s.n == 0 || s.n >= sizeof read.path || str_has(s, '\0'))
			return false;
		read.port = 0;
		str_to_c(s, read.path, sizeof read.path);
		*e = read;
		return true;
	}
	colon = str_find_last(s, ':');
	if (colon < s.n && (str_find(s, ':') == colon || (colon > 0 && s.p[colon - 1] == ']'))) {
		if (!number_parse(str_skip(s, colon + 1), 65535, &port))
			return false;
		read.port = (uint16_t)port;
		s = str_first(s, colon);
	}
	if (read.port == 0 || !ip_parse(s, &read.ip))
		return false;
	*e = read;
	return true;
}

bool endpoint_parse_server(str s, struct endpoint *e)
{
	uint64_t port = 53;
	str address;

	*e = (struct endpoint){ 0 };
	if (str_cut(&s, '@', &address) && !number_parse(s, UINT16_MAX, &port))
		return false;
	e->port = (uint16_t)port;
	return port > 0 && ip_parse(address, &e->ip);
}

char *endpoint_print(const struct endpoint *e, char to[ENDPOINT_TEXT_MAX])
{
	char text[IP_TEXT_MAX];

	if (e->ip.family == 0)
		snprintf(to, ENDPOINT_TEXT_MAX, "unix:%s", e->path);
	else
		snprintf(to, ENDPOINT_TEXT_MAX, e->ip.family == 6 ? "[%s]:%u" : "%s:%u",
			ip_print(&e->ip, text), e->port);
	return to;
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	if (a->ip.family == 0 || b->ip.family == 0)
		return a->ip.family == b->ip.family && strcmp(a->path, b->path) == 0;
	return ip_eq(&a->ip, &b->ip) && a->port == b->port;
}
