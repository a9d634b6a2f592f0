/*
 * admin/trust - whom relay-for must not trust on this machine
 */
#ifndef ADMIN_TRUST_H
#define ADMIN_TRUST_H

#include "base/buf.h"
#include "conf/conf.h"

/* Whoever comes through a router that translates addresses has the router's: no trusted network may
 * have one of these gateways.  False: each error is a line of the report. */
bool trust_check_gateways(
	const struct conf *c, const struct ip *gateways, size_t count, struct buf *report) MUST_USE;

/* The same for the gateways of this machine. */
bool trust_check(const struct conf *c, struct buf *report) MUST_USE;

#endif
