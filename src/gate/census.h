/*
 * gate/census - how many sessions there are, in all and from one address
 *
 * Counted exactly, over all workers.  A client is an IPv4 address, or the /64 that an IPv6 customer
 * has to himself.
 */
#ifndef GATE_CENSUS_H
#define GATE_CENSUS_H

#include "base/fail.h"
#include "base/ip.h"
#include "conf/conf.h"

struct census;

struct census *census_new(void) MUST_USE;
void census_free(struct census *c);

/* One more.  False: a limit is reached, nothing was counted, and *why is the 421. */
bool census_enter(struct census *c, const struct ip *client, const struct conf *conf,
	struct fail *why) MUST_USE;
void census_leave(struct census *c, const struct ip *client);
unsigned census_sessions(const struct census *c) MUST_USE; /* from any thread */

#endif
