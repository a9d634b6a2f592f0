/*
 * flow/arc_check - the chain of forwarders of one message, judged over the resolver while it
 * streams by
 */
#ifndef FLOW_ARC_CHECK_H
#define FLOW_ARC_CHECK_H

#include "sender/arc_verify.h"
#include "world/resolve.h"

#define ARC_CHECK_MS_MAX 20000 /* from the end of the message; then keys are temporary failures */

struct arc_check;

struct arc_check *arc_check_new(
	struct loop *loop, struct resolver *resolver, int64_t now_s) MUST_USE;
void arc_check_free(struct arc_check *c); /* null is allowed; at any time */

void arc_check_feed(struct arc_check *c, str bytes);

/* The message has ended: done is called once on the loop, from inside this call or later; it may
 * free the check. */
void arc_check_end(struct arc_check *c, void (*done)(void *owner), void *owner);
const struct arc_verify_result *arc_check_result(
	const struct arc_check *c) MUST_USE; /* when done */

#endif
