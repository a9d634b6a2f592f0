/*
 * gate/relay - may this client send to that recipient?                   P3
 */
#ifndef GATE_RELAY_H
#define GATE_RELAY_H

#include "route/route.h"
#include "world/tls.h"

/* A trusted client: the network of relay-for that has it, or null. */
const struct conf_net *relay_trusted(const struct conf *conf, const struct ip *client);

/* A client that has shown a certificate of relay-for-certificate, or one that relay-for-authority
 * vouches for; facts: of its TLS, or null. */
bool relay_certified(const struct conf *conf, const struct tls_facts *facts) MUST_USE;

/* Who sends: an address, the login that it has proven, or "", and relay_certified of its TLS. */
struct relay_client {
	struct ip ip;
	str login;
	bool certified;
};

/* Hosted recipients are everybody's; all others are for trusted clients, certificates and logins.
 * False: 550 5.7.1, with the first relay-for line, or "default".  Whether a hosted recipient exists
 * is route_expand's to say. */
bool relay_allowed(const struct router *r, const struct relay_client *client, str recipient,
	struct fail *why) MUST_USE;

/* Does none of the targets of this recipient hand a route on that a stranger wrote into the local
 * part: user%else@hosted, else!user@hosted, "user@else"@hosted?  The next server may follow it, and
 * trust us; Postfix refuses it, too, unless allow_untrusted_routing is set.  False: 550 5.7.1. */
bool relay_routes_nothing(const struct router *r, const struct relay_client *client, str recipient,
	const struct route_targets *targets, struct fail *why) MUST_USE;

#endif
