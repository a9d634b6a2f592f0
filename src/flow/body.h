/*
 * flow/body - reading a message's content for delivery, portion by portion
 *
 * From memory where the blocks are there, from the spool where they are not, and made 7-bit on the
 * way where that is wanted.  One portion is held at a time.
 */
#ifndef FLOW_BODY_H
#define FLOW_BODY_H

#include "flow/flow.h"

struct body;

enum body_portion {
	BODY_READY,  /* *bytes are there, until the next call; empty: that was all */
	BODY_LATER,  /* ready will be called in the loop; then ask again */
	BODY_FAILED, /* *why */
};

struct body *body_new(
	struct flow *f, struct content *content, void (*ready)(void *owner), void *owner) MUST_USE;
void body_free(struct body *b); /* null is allowed; an open read is awaited behind the scenes */

/* Make it 7-bit.  How long it will be is found out by reading it once: call body_measure until it
 * says READY, before the first body_next.  A message that cannot be converted FAILs. */
void body_downgrade(struct body *b);
enum body_portion body_measure(struct body *b, struct fail *why);
uint64_t body_octets(const struct body *b);

enum body_portion body_next(struct body *b, str *bytes, struct fail *why);

#endif
