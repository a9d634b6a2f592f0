/*
 * flow/inbound - a client's session, from its first byte to its last
 *
 * The drawing of doc/architecture.md, read from the left: the machine of smtp/server says what the
 * client wants, the gate says whether it may, the route says who it is for, and the transaction
 * carries it to the spool.
 */
#ifndef FLOW_INBOUND_H
#define FLOW_INBOUND_H

#include "flow/flow.h"

/* Serve an accepted stream; everything else is inside.  listener: its name, for the log. */
void inbound_accept(struct flow *f, struct sock *s, const struct endpoint *peer, str listener);

/* We stop: every session gets its 421 as soon as nothing is owed to it. */
void inbound_shutdown(struct flow *f);

#endif
