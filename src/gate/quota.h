/*
 * gate/quota - how much a login has sent within the hour
 *
 * Counted over all workers, in memory, in pieces of five minutes: what was counted is forgotten an
 * hour later, or with the process.  Only what may go on counts against the limits, so a login that
 * floods keeps the rate that it is allowed.  What is over waits until somebody looks, and is
 * bounded, too: as much again within the hour, or whoever steals a password could fill the spool.
 */
#ifndef GATE_QUOTA_H
#define GATE_QUOTA_H

#include "base/fail.h"
#include "conf/conf.h"

struct quota;

struct quota *quota_new(void) MUST_USE;
void quota_free(struct quota *q);

enum quota_answer {
	QUOTA_GO,
	QUOTA_HOLD,   /* it is over one of the limits; *why says which, and its line */
	QUOTA_REFUSE, /* and as much is held already: *why is the reply */
};

/* One more message of the login with so many recipients. */
enum quota_answer quota_take(struct quota *q, const struct conf *conf, str login, size_t recipients,
	int64_t now_ms, struct fail *why) MUST_USE;

#endif
