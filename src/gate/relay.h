/*
 * gate/relay - may this client send to that recipient?                   P3
 */
#ifndef GATE_RELAY_H
#define GATE_RELAY_H

#include "route/route.h"

/* A trusted client: the network of relay-for that has it, or null. */
const struct conf_net *relay_trusted(const struct conf *conf, const struct ip *client);

/* Who sends: an address, and the login that it has proven, or "". */
struct relay_client {
	struct ip ip;
	str login;
};

/* Hosted recipients are everybody's; all others are for trusted clients and for logins.  False:
 * 550 5.7.1, with the first relay-for line, or "default". Whether a hosted recipient exists is
 * route_expand's to say. */
bool relay_allowed(const struct router *r, const struct relay_client *client, str recipient,
	struct fail *why) MUST_USE;

/* Does none of the targets of this recipient hand a route on that a stranger wrote into the local
 * part: user%else@hosted, else!user@hosted, "user@else"@hosted?  The next server may follow it, and
 * trust us; Postfix refuses it, too, unless allow_untrusted_routing is set.  False: 550 5.7.1. */
bool relay_routes_nothing(const struct router *r, const struct relay_client *client, str recipient,
	const struct route_targets *targets, struct fail *why) MUST_USE;

#endif
