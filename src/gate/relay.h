/*
 * gate/relay - may this client send to that recipient?                   P3
 */
#ifndef GATE_RELAY_H
#define GATE_RELAY_H

#include "route/route.h"

/* A trusted client: the network of relay-for that has it, or null. */
const struct conf_net *relay_trusted(const struct conf *conf, const struct ip *client);

/* Hosted recipients are everybody's; all others are for trusted clients only.  False: 550 5.7.1.
 * Whether a hosted recipient exists is route_expand's to say. */
bool relay_allowed(
	const struct router *r, const struct ip *client, str recipient, struct fail *why) MUST_USE;

#endif
