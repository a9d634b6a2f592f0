/*
 * sender/dkim_key - a public key as the DNS gives it   RFC 6376 section 3.6.1, RFC 8301, RFC 8463
 *
 * RSA keys of less than 1024 bits are refused because others can break them, those of more than
 * 4096 bits, or with a large exponent, because they would make us slow.  This module computes with
 * OpenSSL's EVP, which is no I/O.
 */
#ifndef SENDER_DKIM_KEY_H
#define SENDER_DKIM_KEY_H

#include "sender/dkim_field.h"

#define DKIM_KEY_BITS_MIN 1024
#define DKIM_KEY_BITS_MAX 4096
#define DKIM_KEY_EXPONENT_BITS_MAX 32 /* everybody has 65537, of 17 bits */
#define DKIM_KEY_RECORD_MAX 4096      /* octets; a longer one is no key */

struct dkim_key; /* opaque: a key, or why the record has none for mail */

/* Never null.  text: the record's strings, joined. */
struct dkim_key *dkim_key_new(str text) MUST_USE;
void dkim_key_free(struct dkim_key *k); /* null is allowed */

/* May the key judge this signature?  PASS, or what it is instead, and *why. */
enum dkim_verdict dkim_key_allows(
	const struct dkim_key *k, const struct dkim_field *f, const char **why) MUST_USE;

/* Did it make this signature of digest?  The key allows f. */
bool dkim_key_verify(const struct dkim_key *k, const struct dkim_field *f,
	const uint8_t digest[DKIM_FIELD_DIGEST]) MUST_USE;

bool dkim_key_testing(const struct dkim_key *k) MUST_USE; /* t=y: its owner only tries */
unsigned dkim_key_bits(const struct dkim_key *k) MUST_USE;

#endif
