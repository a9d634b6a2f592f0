/*
 * flow/callout - does another server know this recipient?  Asked by MAIL FROM:<> and RCPT, no DATA
 *
 * For domains whose mailboxes another server has, where no file says who they are: then mail for
 * nobody is refused at RCPT and never bounced (P4).  Answers are remembered for their time
 * (call-out in facteur.conf(5)); who asks while the same question is open waits for its answer. One
 * for each worker; everything is bounded.
 */
#ifndef FLOW_CALLOUT_H
#define FLOW_CALLOUT_H

#include "flow/flow.h"

#define CALLOUT_CACHE_MAX 10000 /* answers of one worker; the one that ends first goes */
#define CALLOUT_OPEN_MAX 100    /* conversations of one worker; more questions fail for now */

/* A question; zero it, set answered.  It lives until it is answered, or callout_forget. */
struct callout {
	struct list link; /* among those who wait for the same answer */
	/* why null: yes.  From inside callout_ask, or later. */
	void (*answered)(struct callout *c, const struct fail *why);
};

/* address: by mail, expanded; way: as route_find says it, of the router. */
void callout_ask(struct flow *f, struct router *router, const struct route_way *way, str address,
	struct callout *c);
void callout_forget(struct callout *c); /* one that was never asked is allowed, when it is zeroed */

void callout_end(struct flow *f); /* forget all; nobody waits any more */

#endif
