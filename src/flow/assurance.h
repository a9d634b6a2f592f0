/*
 * flow/assurance - whom we expect at the other end of TLS, and whether the one who is there will do
 *
 * The levels of transports, with the meanings of Postfix's smtp_tls_security_level.
 */
#ifndef FLOW_ASSURANCE_H
#define FLOW_ASSURANCE_H

#include "conf/conf.h"
#include "world/sock.h"

/* Begin the handshake with a host, on the way to a next hop of the transport. */
void assurance_begin(const struct conf_transport *t, str nexthop, str host, struct sock *s,
	struct tls_context *context);

/* Is what the handshake has shown enough?  A fingerprint that is listed counts as verified. */
bool assurance_suffices(const struct conf_transport *t, str host, struct tls_facts *facts,
	struct fail *why) MUST_USE;

#endif
