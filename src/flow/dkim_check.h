/*
 * flow/dkim_check - the signatures of one message, judged over the resolver while it streams by
 */
#ifndef FLOW_DKIM_CHECK_H
#define FLOW_DKIM_CHECK_H

#include "sender/dkim_verify.h"
#include "world/resolve.h"

#define DKIM_CHECK_MS_MAX 20000 /* from the end of the message; then keys are temperrors */

struct dkim_check;

struct dkim_check *dkim_check_new(
	struct loop *loop, struct resolver *resolver, int64_t now_s) MUST_USE;
void dkim_check_free(struct dkim_check *c); /* null is allowed; at any time */

void dkim_check_feed(struct dkim_check *c, str bytes);

/* The message has ended: done is called once on the loop, from inside this call or later; it may
 * free the check. */
void dkim_check_end(struct dkim_check *c, void (*done)(void *owner), void *owner);
const struct dkim_verify *dkim_check_verdicts(const struct dkim_check *c) MUST_USE; /* when done */

#endif
