/*
 * route/nexthop - what is said of a next hop, and where a transport sends then      transport(5)
 *
 * "DOMAIN", "DOMAIN:PORT": its MX hosts.  "[HOST]", "[HOST]:PORT", "[ADDRESS]:PORT", "unix:PATH":
 * that one, and nothing is asked for MX hosts.  "[ADDRESS]", with IPv6: before an IPv6 one or
 * without, is also what the domain of an address may be (RFC 5321 section 4.1.3).  Names are in
 * their ASCII form, ports are numbers.
 */
#ifndef ROUTE_NEXTHOP_H
#define ROUTE_NEXTHOP_H

#include "conf/conf.h"

enum nexthop_kind {
	NEXTHOP_MX,      /* the MX hosts of host */
	NEXTHOP_LITERAL, /* host is "[ADDRESS]", and may turn out to be ourselves */
	NEXTHOP_HOST,    /* host is a name, an address without brackets, or "unix:PATH" */
};

struct nexthop {
	enum nexthop_kind kind;
	str host; /* lives as long as the text */
	uint16_t port;
};

/* Port 0: none is said.  False: it is no next hop. */
bool nexthop_parse(str text, struct nexthop *to) MUST_USE;

/* Where a transport (SMTP, LMTP) sends mail with this next hop; "" is its own.  LMTP has no MX
 * hosts.  What is no next hop is taken for a domain, and fails when it is looked up. */
struct nexthop nexthop_of(const struct conf_transport *t, str text) MUST_USE;

#endif
