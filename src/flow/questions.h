/*
 * flow/questions - what a machine asks the DNS, until it is answered or the machine is gone
 *
 * The resolver has no cancel: a question lives until it is answered.  Here its asker may go before;
 * the answer then finds nobody.
 */
#ifndef FLOW_QUESTIONS_H
#define FLOW_QUESTIONS_H

#include "sender/dkim_verify.h"
#include "world/resolve.h"

struct questions {
	struct loop *loop;
	struct resolver *resolver;
	/* Called on the loop, never from inside questions_ask.  It may end its owner. */
	void (*answered)(void *owner, uint32_t ticket, const struct resolve_query *q);
	void *owner;
	struct list open;
};

void questions_init(struct questions *qs, struct loop *loop, struct resolver *resolver,
	void (*answered)(void *owner, uint32_t ticket, const struct resolve_query *q), void *owner);
void questions_ask(struct questions *qs, str name, enum dns_type type, uint32_t ticket);

/* What the answer means to who has asked for the key of a signature. */
enum dkim_answer questions_key(enum resolve_outcome outcome) MUST_USE;

void questions_leave(struct questions *qs); /* nobody waits any more */

#endif
