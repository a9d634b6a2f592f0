/*
 * sender/srs - the sender of mail that we forward, rewritten to a name of ours and back
 *
 * The Sender Rewriting Scheme, as libsrs2 and postsrsd do it: what we forward for somebody leaves
 * as SRS0=HASH=DAY=DOMAIN=LOCAL@ours, so that SPF passes, and a bounce comes back to us, who know
 * from the hash that we wrote it.  What others have rewritten already leaves as
 * SRS1=HASH=THEIRS==...@ours, and comes back to them.  An address is good for valid_days, and only
 * ever as the recipient of a bounce; nothing else may be relayed by it.
 *
 * The hash is 40 bits of HMAC-SHA256 in base32, over letters in lower case, since servers on the
 * way may fold them.  Whose secrets these are is sender/srs_key's: where a key asks somebody else,
 * encoding and decoding wait for him, and belong into a thread that may.
 */
#ifndef SENDER_SRS_H
#define SENDER_SRS_H

#include "base/fail.h"
#include "mail/address.h"
#include "sender/srs_key.h"

#define SRS_DAYS_MAX 365 /* of valid_days */

/* Everything that it points to is the caller's. */
struct srs {
	str domain; /* ours: rewritten senders are there */
	struct srs_key *key;
	unsigned valid_days;
};

enum srs_verdict {
	SRS_NONE, /* no SRS address */
	SRS_GOOD,
	SRS_FORGED, /* the hash is not ours, or it is malformed */
	SRS_EXPIRED,
	SRS_TROUBLE, /* the key could not say so now: *why */
};

/* Is this local part in the form of one, whosever it is? */
bool srs_is(str local) MUST_USE;

/* The rewritten form of a sender that is not empty.  False, permanent: it would be too long, or the
 * sender is no address; temporary: the key fails. */
bool srs_encode(const struct srs *s, str sender, int64_t wall_s, char to[ADDRESS_MAX + 1],
	struct fail *why) MUST_USE;

/* Who an address at our domain, whose local part is given, really is.  to is set when it is good.
 */
enum srs_verdict srs_decode(const struct srs *s, str local, int64_t wall_s,
	char to[ADDRESS_MAX + 1], struct fail *why) MUST_USE;

#endif
