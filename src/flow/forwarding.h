/*
 * flow/forwarding - mail that leaves our domains through an alias, and the bounces that come back
 *
 * What an alias sends on to an address that is not hosted leaves with a sender of ours
 * (sender/srs); the message itself is not touched.  Such a sender takes bounces alone, and only
 * those that can prove where they come from; they go on to the original sender.  The secrets are
 * not ours to read, so each question is answered by a thread of the pool that signs.
 */
#ifndef FLOW_FORWARDING_H
#define FLOW_FORWARDING_H

#include "flow/flow.h"

struct forwarding; /* a question that is open */

/* address: of the original sender, or the rewritten one; it lives for the call.  why: there is
 * none. */
typedef void forwarding_answer(void *owner, str address, const struct fail *why);

/* Does an alias send it on, for anybody, to an address that is not hosted? */
bool forwarding_goes_out(const struct router *r, const struct envelope *e) MUST_USE;

/* Mark who is forwarded.  False: nobody, or the sender is not to be rewritten. */
bool forwarding_leaves(const struct router *r, struct envelope *e) MUST_USE;

/* The sender as it leaves.  FAIL_PERMANENT: it cannot be rewritten, and stays what it is. */
struct forwarding *forwarding_rewrite(struct flow *f, struct router *r, str sender,
	forwarding_answer *answered, void *owner, struct fail *why) MUST_USE;

/* Is this recipient one of our rewritten senders, or meant to look like one? */
bool forwarding_comes_back(const struct router *r, str recipient) MUST_USE;

/* Who is behind it, for mail of this sender. */
struct forwarding *forwarding_return(struct flow *f, struct router *r, str sender, str recipient,
	forwarding_answer *answered, void *owner, struct fail *why) MUST_USE;

/* All of these: answered is called once, later on the loop.  Null: *why, and nobody is called. */
void forwarding_forget(struct forwarding *g); /* null is allowed; it is not called any more */

#endif
