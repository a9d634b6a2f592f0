/*
 * sender/arc_set - the ARC sets of a header, in their order              RFC 8617 sections 4.1, 5.2
 *
 * A set is what one forwarder added: what it found (AAR), a signature over the message (AMS) and a
 * seal over all sets so far (AS).  Where the fields stand in the header does not matter.
 */
#ifndef SENDER_ARC_SET_H
#define SENDER_ARC_SET_H

#include "sender/dkim_header.h"

#define ARC_SETS_MAX 50 /* section 4.2.1; a longer chain has failed */

enum arc_cv { ARC_NONE, ARC_PASS, ARC_FAIL };
const char *arc_set_cv(enum arc_cv cv) MUST_USE; /* "none" and so on */

struct arc_set {
	const struct dkim_header_field *results, *message, *seal; /* each at most once */
	enum arc_cv cv;                                           /* of the seal */
};

/* Plain data; everything borrows the header. */
struct arc_sets {
	struct arc_set items[ARC_SETS_MAX]; /* items[0] is i=1 */
	size_t count;
	const char *fault; /* not null: the chain is broken, and this is why */
};

/* fault stays null only if there are whole sets from 1 to count, each of which could be read. */
void arc_set_gather(const struct dkim_header *h, struct arc_sets *sets);

/* What stands behind the "i=...;" of results: an Authentication-Results body. */
str arc_set_results(const struct arc_set *set) MUST_USE;

/* Seals sign the relaxed form of fields (section 4.1.3).  sum: what was signed so far. */
struct evp_md_ctx_st;
void arc_set_add(struct evp_md_ctx_st *sum, str field); /* whole, without its last CRLF */

/* The digest of what is in sum and of a seal, which is given as before and behind the value of its
 * b=.  sum stays as it is. */
void arc_set_digest(
	const struct evp_md_ctx_st *sum, str before, str behind, uint8_t digest[DKIM_FIELD_DIGEST]);

#endif
