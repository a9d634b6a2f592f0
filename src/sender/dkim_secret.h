/*
 * sender/dkim_secret - a private key, as a signer                RFC 6376 section 3.3, RFC 8463
 *
 * RSA of 1024 to 4096 bits, or Ed25519, in PEM (PKCS #8 or the older RSA form), or what stands
 * between the lines of that.  Making a key and
 * using it compute for milliseconds to seconds; this is OpenSSL's EVP, and no I/O.
 */
#ifndef SENDER_DKIM_SECRET_H
#define SENDER_DKIM_SECRET_H

#include "base/fail.h"
#include "sender/dkim_sign.h"

#define DKIM_SECRET_OCTETS_MAX 16384 /* of its text */

struct dkim_secret;

/* Null: *why.  It never says what the key is. */
struct dkim_secret *dkim_secret_read(str text, struct fail *why) MUST_USE;
struct dkim_secret *dkim_secret_make(
	enum dkim_algorithm algorithm, unsigned bits, struct fail *why) MUST_USE;
void dkim_secret_free(struct dkim_secret *k); /* null is allowed */

/* Valid as long as the key. */
const struct dkim_signer *dkim_secret_signer(const struct dkim_secret *k) MUST_USE;

/* Append the key as PEM (PKCS #8); what p= of its public half is.  The bufs have no limit. */
void dkim_secret_print(const struct dkim_secret *k, struct buf *pem);
void dkim_secret_public(const struct dkim_secret *k, struct buf *base64);

#endif
