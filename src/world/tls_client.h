/*
 * world/tls_client - what we are, and whom we trust, as a client of TLS
 *
 * Every certificate is taken, and looked at: the facts of the stream say whether it leads to an
 * authority that we trust and has one of the names that were expected.  What follows from that is
 * not decided here: opportunistic TLS (RFC 7435) protects against listeners only.
 */
#ifndef WORLD_TLS_CLIENT_H
#define WORLD_TLS_CLIENT_H

#include "world/tls.h"

struct tls_client {
	const char *trust;             /* authorities, PEM; null: those of the system */
	const char *certificate, *key; /* for servers that ask for one, PEM; null: none */
};

/* Null: *why, which begins with the name of a file. */
struct tls_context *tls_client_new(const struct tls_client *client, struct fail *why) MUST_USE;

/* How many authorities it trusts. */
size_t tls_client_authority_count(const struct tls_context *client) MUST_USE;

/* The file of the system's authorities.  It is read whole, at once: later nobody could open it. */
const char *tls_client_authorities(void);

/* Whom we expect at the other end. */
struct tls_expected {
	str host;         /* said in the handshake (SNI), if it is a name; lower case, ASCII */
	const str *names; /* of which the certificate must have one to be verified; ".x" is all
			     names below x, an address is an address */
	size_t name_count;
};

#endif
