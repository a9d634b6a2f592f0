/*
 * flow/spf_check - one SPF identity, judged over the resolver
 */
#ifndef FLOW_SPF_CHECK_H
#define FLOW_SPF_CHECK_H

#include "sender/spf.h"
#include "world/resolve.h"

struct spf_check;

/* request->now_ms is set here.  done is called once on the loop, never from inside this call, at
 * the latest after SPF_MS_MAX; it may free the check. */
struct spf_check *spf_check_new(struct loop *loop, struct resolver *resolver,
	struct spf_request request, void (*done)(void *owner), void *owner) MUST_USE;
void spf_check_free(struct spf_check *c); /* null is allowed; at any time */

bool spf_check_done(const struct spf_check *c) MUST_USE;
const struct spf_verdict *spf_check_verdict(const struct spf_check *c) MUST_USE; /* when done */

#endif
