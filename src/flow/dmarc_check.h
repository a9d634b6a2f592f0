/*
 * flow/dmarc_check - the author's domain, judged over the resolver
 */
#ifndef FLOW_DMARC_CHECK_H
#define FLOW_DMARC_CHECK_H

#include "sender/dmarc.h"
#include "world/resolve.h"

struct dmarc_check;

/* request.now_ms is set here.  done is called once on the loop, never from inside this call, at the
 * latest after DMARC_MS_MAX; it may free the check. */
struct dmarc_check *dmarc_check_new(struct loop *loop, struct resolver *resolver,
	struct dmarc_request request, void (*done)(void *owner), void *owner) MUST_USE;
void dmarc_check_free(struct dmarc_check *c); /* null is allowed; at any time */

bool dmarc_check_done(const struct dmarc_check *c) MUST_USE;
const struct dmarc_verdict *dmarc_check_verdict(const struct dmarc_check *c) MUST_USE; /* done */

#endif
