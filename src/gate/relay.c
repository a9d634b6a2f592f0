#include "gate/relay.h"

#include "mail/address.h"

const struct conf_net *relay_trusted(const struct conf *conf, const struct ip *client)
{
	return conf_nets_find(&conf->relay_for, client);
}

bool relay_allowed(const struct router *r, const struct ip *client, str recipient, struct fail *why)
{
	if (address_domain(recipient).n == 0 || route_hosted(r, recipient))
		return true;
	if (relay_trusted(router_conf(r), client))
		return true;
	return fail_reply(why, 550, "5.7.1",
		"Relaying denied: we do not receive mail for %.*s, and your address is not one "
		"that we "
		"relay for",
		STR(address_domain(recipient)));
}
