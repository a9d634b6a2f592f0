/*
 * sender/arc_seal - add our own set to a chain of forwarders                RFC 8617 section 5.1
 *
 * The message streams by once, in any cut, as it will leave; what comes out goes on top of it, and
 * nothing may change a signed byte after that.  As with sender/dkim_sign, the private key is
 * somebody else's.
 */
#ifndef SENDER_ARC_SEAL_H
#define SENDER_ARC_SEAL_H

#include "sender/arc_set.h"
#include "sender/dkim_sign.h"

/* Everything that it points to outlives the machine. */
struct arc_seal_setup {
	str domain, selector;
	const struct dkim_signer *signer;
	int64_t now_s;
};

/* What is known at the end. */
struct arc_seal_found {
	enum arc_cv cv; /* what arc_verify said of the message as it came */
	str results;    /* what we found: an Authentication-Results body, our name first */
};

struct arc_seal;

struct arc_seal *arc_seal_new(const struct arc_seal_setup *setup) MUST_USE;
void arc_seal_free(struct arc_seal *s); /* null is allowed */

void arc_seal_feed(struct arc_seal *s, str bytes);

/* The message has ended: append the three fields, each with its CRLF, to a buf without a limit.
 * False: *why, and nothing was appended; a chain that says of itself that it has failed, and one
 * that is full, get no more sets. */
bool arc_seal_end(struct arc_seal *s, const struct arc_seal_found *found, struct buf *fields,
	struct fail *why) MUST_USE;

#endif
