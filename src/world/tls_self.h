/*
 * world/tls_self - a key, and a certificate that nobody but itself has signed
 *
 * Enough for opportunistic TLS, and for peers that pin its fingerprint, until an authority signs a
 * better one.
 */
#ifndef WORLD_TLS_SELF_H
#define WORLD_TLS_SELF_H

#include "base/buf.h"
#include "base/fail.h"
#include "world/tls.h"

#define TLS_SELF_DAYS 3650 /* nobody renews it by itself */

struct tls_self {
	struct buf certificate, key; /* PEM */
	/* SHA-256, of the certificate and of its public key */
	char digest[TLS_DIGEST_TEXT_MAX], key_digest[TLS_DIGEST_TEXT_MAX];
};

/* For these names, of which the first is the subject.  False: *why. */
bool tls_self_make(struct tls_self *to, const str *names, size_t count, struct fail *why) MUST_USE;
void tls_self_free(struct tls_self *s);

#endif
