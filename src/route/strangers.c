#include "route/strangers.h"

#define LARGEST_BITS_4 8
#define LARGEST_BITS_6 32
#define NAT64_BITS 96 /* of the prefix; what follows is an IPv4 address */

static const struct ip_net own[] = {
	{{ 4, { 10 } },          8 },
	{ { 4, { 100, 64 } },    10},
	{ { 4, { 127 } },        8 },
	{ { 4, { 169, 254 } },   16},
	{ { 4, { 172, 16 } },    12},
	{ { 4, { 192, 168 } },   16},
	{ { 6, { 0xfc } },       7 },
	{ { 6, { 0xfe, 0x80 } }, 10},
};

static const struct ip_net nat64[] = {
	{{ 6, { 0x00, 0x64, 0xff, 0x9b } },              96},
	{ { 6, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 } }, 48},
};

static bool within(const struct ip_net *net, const struct ip_net *outer)
{
	return net->prefix_bits >= outer->prefix_bits && ip_net_has(outer, &net->ip);
}

static bool is_own(const struct ip_net *net)
{
	for (size_t i = 0; i < LENGTH(own); i++)
		if (within(net, &own[i]))
			return true;
	return false;
}

/* The part of the IPv4 Internet that a network of NAT64 stands for; others as they are. */
static struct ip_net behind(const struct ip_net *net)
{
	struct ip_net inner = { .ip.family = 4 };
	bool translated = false;

	for (size_t i = 0; i < LENGTH(nat64); i++)
		translated |= within(net, &nat64[i]);
	if (!translated)
		return *net;
	memcpy(inner.ip.bytes, net->ip.bytes + NAT64_BITS / 8, 4);
	if (net->prefix_bits > NAT64_BITS)
		inner.prefix_bits = (uint8_t)(net->prefix_bits - NAT64_BITS);
	return inner;
}

static unsigned largest_bits(const struct ip_net *net)
{
	return net->ip.family == 4 ? LARGEST_BITS_4 : LARGEST_BITS_6;
}

bool strangers_in(const struct ip_net *net)
{
	struct ip_net inner = behind(net);

	return !is_own(&inner) && inner.prefix_bits < largest_bits(&inner);
}

/* Another one of the list has it already; of two equal ones the first counts. */
static bool counted(const struct conf_nets *nets, size_t i)
{
	const struct ip_net *net = &nets->items[i].net;

	for (size_t k = 0; k < nets->count; k++) {
		const struct ip_net *other = &nets->items[k].net;

		if (k != i && !nets->items[k].except && within(net, other) &&
			(k < i || other->prefix_bits < net->prefix_bits))
			return true;
	}
	return false;
}

size_t strangers_together(const struct conf_nets *nets)
{
	double parts[2] = { 0, 0 }; /* of IPv4 and IPv6: 1 is the largest that one is given */

	for (size_t i = 0; i < nets->count; i++) {
		struct ip_net net = behind(&nets->items[i].net);
		double *sum = &parts[net.ip.family == 6], part = 1;

		if (nets->items[i].except || strangers_in(&net) || is_own(&net) || counted(nets, i))
			continue;
		for (unsigned bits = largest_bits(&net); bits < net.prefix_bits; bits++)
			part /= 2;
		*sum += part;
		if (*sum >= 2) /* one bit less of prefix is refused, too */
			return i;
	}
	return nets->count;
}
