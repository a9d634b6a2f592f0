/*
 * world/gateway - the routers behind which this machine has the rest of the world
 */
#ifndef WORLD_GATEWAY_H
#define WORLD_GATEWAY_H

#include "base/ip.h"

#define GATEWAYS_MAX 16 /* more are not looked at */

/* Of this machine, as the kernel routes now; how many. */
size_t gateway_list(struct ip to[GATEWAYS_MAX]) MUST_USE;

/* The same from the text of Linux's tables of routes, /proc/net/route and /proc/net/ipv6_route. */
size_t gateway_read(str routes, str routes6, struct ip to[GATEWAYS_MAX]) MUST_USE;

#endif
