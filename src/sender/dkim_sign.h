/*
 * sender/dkim_sign - DKIM-Signature fields for a message                RFC 6376 section 5
 *
 * The message streams by once, in any cut, as it will leave; what comes out goes on top of it, and
 * nothing may change a signed byte after that.  Several keys give several fields over the same
 * digests (RFC 8463 section 3: RSA for everybody, Ed25519 beside it).  Names in "oversigned" are
 * signed once more than there are such fields, so that nobody can add one.
 *
 * Private keys are somebody else's: a signer is asked for the signature of a digest.  Using one may
 * take a while (RSA), which is what world/ has threads for; hashing is OpenSSL's, which is no I/O.
 */
#ifndef SENDER_DKIM_SIGN_H
#define SENDER_DKIM_SIGN_H

#include "base/fail.h"
#include "sender/dkim_field.h"

struct dkim_signer {
	enum dkim_algorithm algorithm;
	void *owner;
	/* PKCS #1 1.5 of the SHA-256 digest, or pure Ed25519 over it.  False: *why. */
	bool (*sign)(void *owner, const uint8_t digest[DKIM_FIELD_DIGEST],
		uint8_t signature[DKIM_FIELD_SIGNATURE_MAX], size_t *n, struct fail *why);
};

struct dkim_sign_key {
	str domain, selector;
	str identity; /* i=, "" for none */
	const struct dkim_signer *signer;
};

/* Everything that it points to outlives the machine. */
struct dkim_sign_setup {
	enum dkim_canon header, body;
	const struct dkim_sign_key *keys;
	size_t key_count;
	const str *names; /* fields to sign where they are; null: the usual ones.  From always is */
	size_t name_count;
	const str *oversigned; /* of those; null: the usual ones.  From always is */
	size_t oversigned_count;
	int64_t now_s;         /* t= */
	int64_t expires_s;     /* x= so many seconds later; 0: never */
	unsigned arc_instance; /* not 0: ARC-Message-Signature fields of this set, by one key */
};

struct dkim_sign;

struct dkim_sign *dkim_sign_new(const struct dkim_sign_setup *setup) MUST_USE;
void dkim_sign_free(struct dkim_sign *s); /* null is allowed */

void dkim_sign_feed(struct dkim_sign *s, str bytes);

/* The message has ended: append the fields, each with its CRLF, to a buf without a limit.  False:
 * *why, and nothing was appended. */
bool dkim_sign_end(struct dkim_sign *s, struct buf *fields, struct fail *why) MUST_USE;

#endif
