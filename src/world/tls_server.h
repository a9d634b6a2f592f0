/*
 * world/tls_server - the certificates of a listener, by the name that a client asks for (SNI)
 *
 * Built once, then only read; reference counted, may be shared by threads.  A stream keeps the
 * server that its handshake began with, so a renewed certificate takes its place at any time.
 */
#ifndef WORLD_TLS_SERVER_H
#define WORLD_TLS_SERVER_H

#include "world/tls.h"

struct tls_server;

/* pair: for who asks for no name, or for one that is not there.  Takes references of pairs. */
struct tls_server *tls_server_new(struct tls_context *pair) MUST_USE;

/* name: lower case, ASCII; with a dot in front all names below it. */
void tls_server_add(struct tls_server *s, str name, struct tls_context *pair);

/* Clients are asked for a certificate; whichever they show, the facts have its digests.  It is
 * verified if it leads to one of the authorities that trusted has (tls_client_new); null: none is.
 * Takes a reference. */
void tls_server_ask(struct tls_server *s, struct tls_context *trusted);

struct tls_server *tls_server_keep(struct tls_server *s);
void tls_server_drop(struct tls_server *s); /* null is allowed */

#endif
