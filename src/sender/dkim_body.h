/*
 * sender/dkim_body - the digests of a body that streams by once      RFC 6376 sections 3.4, 3.7
 *
 * Each digest is of one canonical form and, where a signature says l=, of its first octets only.
 * Signatures that want the same share one.  Hashing is OpenSSL's, which is no I/O.
 */
#ifndef SENDER_DKIM_BODY_H
#define SENDER_DKIM_BODY_H

#include "sender/dkim_field.h"

#define DKIM_BODY_DIGESTS_MAX 8

struct evp_md_ctx_st;

struct dkim_body_digest {
	enum dkim_canon how;
	uint64_t octets_max;  /* UINT64_MAX: all of it */
	uint64_t octets_seen; /* of the canonical form, the unhashed ones too */
	struct evp_md_ctx_st *sum;
	uint8_t digest[DKIM_FIELD_DIGEST]; /* after dkim_body_end */
};

/* Zeroed, it is ready. */
struct dkim_body {
	struct dkim_body_digest digests[DKIM_BODY_DIGESTS_MAX];
	size_t count;
	struct dkim_canon_body forms[2]; /* by enum dkim_canon */
};

/* Before the first byte: which of the digests will be this one.  There is room for
 * DKIM_BODY_DIGESTS_MAX different ones, which is asserted. */
size_t dkim_body_want(struct dkim_body *b, enum dkim_canon how, uint64_t octets_max) MUST_USE;
void dkim_body_feed(struct dkim_body *b, str bytes);
void dkim_body_end(struct dkim_body *b);
void dkim_body_free(struct dkim_body *b);

#endif
