#include "admin/trust.h"

#include "world/gateway.h"

bool trust_check_gateways(
	const struct conf *c, const struct ip *gateways, size_t count, struct buf *report)
{
	char place[CONF_ORIGIN_TEXT_MAX], trusted[IP_TEXT_MAX], gateway[IP_TEXT_MAX];
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		const struct conf_net *net = conf_nets_find(&c->relay_for, &gateways[i]);

		if (!net)
			continue;
		ip_print(&gateways[i], gateway);
		buf_putf(report,
			"%s:%u: 'relay-for %s' has the default gateway of this machine, %s: "
			"whoever "
			"comes through it under its address could relay; 'relay-for !%s' in front "
			"takes it out\n",
			conf_origin_print(&net->origin, place), net->origin.column,
			ip_net_print(&net->net, trusted), gateway, gateway);
		ok = false;
	}
	return ok;
}

bool trust_check(const struct conf *c, struct buf *report)
{
	struct ip gateways[GATEWAYS_MAX];
	size_t count = gateway_list(gateways);

	return trust_check_gateways(c, gateways, count, report);
}
