/*
 * world/tls - TLS contexts, and what is known of a protected stream
 */
#ifndef WORLD_TLS_H
#define WORLD_TLS_H

#include "base/fail.h"
#include "base/str.h"

struct tls_context; /* reference counted, may be shared by threads */

#define TLS_DIGEST_OCTETS 32
#define TLS_DIGEST_TEXT_MAX (2 * TLS_DIGEST_OCTETS + 1) /* in hexadecimal, as people pin it */

struct tls_facts {
	char version[12]; /* "TLSv1.3" */
	char cipher[48];
	int bits;
	bool resumed;     /* by a ticket of an earlier session */
	bool verified;    /* the chain leads to an authority that we trust, and the name fits */
	char problem[96]; /* why it was not verified */
	bool shown;       /* the peer has a certificate; its SHA-256, and that of its key: */
	unsigned char digest[TLS_DIGEST_OCTETS], key_digest[TLS_DIGEST_OCTETS];
};

/* What is the same at both ends of one channel, and nowhere else (RFC 5056); octets 0: this channel
 * has none. */
struct tls_binding {
	unsigned char exporter[32]; /* tls-exporter, RFC 9266 */
	size_t exporter_octets;
	unsigned char end_point[64]; /* tls-server-end-point, RFC 5929 section 4 */
	size_t end_point_octets;
};

struct tls_context *tls_context_keep(struct tls_context *context);
void tls_context_free(struct tls_context *context); /* null is allowed; drops one reference */

#endif
