/*
 * route/strangers - which networks are nobody's own                      P3
 *
 * Who trusts a network that no organisation has for itself alone trusts strangers.  The largest
 * that one is given is a /8 of IPv4 or a /32 of IPv6; the private networks (RFC 1918, 3927, 4193,
 * 4291 section 2.5.6, 6598) and loopback are one's own, whatever their size.  Behind the prefixes
 * of NAT64 (RFC 6052, 8215) stands the Internet of IPv4.
 */
#ifndef ROUTE_STRANGERS_H
#define ROUTE_STRANGERS_H

#include "conf/conf.h"

bool strangers_in(const struct ip_net *net) MUST_USE;

/* The first network with which a list is as large as what strangers_in refuses of one, though each
 * is small enough; nets->count where it is not.  What is in the list twice counts once. */
size_t strangers_together(const struct conf_nets *nets) MUST_USE;

#endif
