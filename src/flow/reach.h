/*
 * flow/reach - the addresses of a next hop, one after the other
 *
 * Drives route/hop with the resolver's answers.  Each call of reach_next is answered once, perhaps
 * from inside, by one of the handlers.
 */
#ifndef FLOW_REACH_H
#define FLOW_REACH_H

#include "flow/flow.h"

struct reach;

struct reach_handler {
	/* Try this one; host lives as long as the reach. */
	void (*address)(void *owner, const struct endpoint *at, str host);
	/* There is none (left): why, as hop_why says.  The reach may be freed from here. */
	void (*nothing)(void *owner, const struct fail *why);
};

struct reach *reach_new(struct flow *f, const struct conf_transport *transport, str nexthop,
	const struct reach_handler *handler, void *owner) MUST_USE;
void reach_free(struct reach *r); /* null is allowed; answers still on their way find nobody */
void reach_next(struct reach *r);

#endif
